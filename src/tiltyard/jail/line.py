"""The trusted end of a guest's connection: sealed memories, packets with deadlines, and what the guest prints."""

import fcntl
import os
import select
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from tiltyard.jail.launch import Guest
from tiltyard.jail.wire import F_SEAL_FUTURE_WRITE, HEADER, Memory, Message, WireError


@dataclass(frozen=True)
class Channel:
    """Two memories and a socket pair; `descriptors` are the guest's: its socket, what it writes to, what it reads."""

    ours: socket.socket
    theirs: socket.socket
    from_guest: Memory
    to_guest: Memory
    descriptors: tuple[int, int, int]


def open_channel(stack: ExitStack, size: int) -> Channel:
    """Makes, sizes and seals both memories before any guest starts; all is closed with `stack`."""
    from_guest, to_guest = _memory(stack, "from-guest", size), _memory(stack, "to-guest", size)
    readable = os.open(f"/proc/self/fd/{to_guest.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, readable)
    to_guest.seal(F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SEAL)
    from_guest.seal(fcntl.F_SEAL_SEAL)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stack.enter_context(ours)
    stack.enter_context(theirs)
    return Channel(ours, theirs, from_guest, to_guest, (theirs.fileno(), from_guest.descriptor, readable))


def _memory(stack: ExitStack, name: str, size: int) -> Memory:
    memory = Memory.create(name, size)
    stack.callback(memory.close)
    return memory


class Line:
    """Sends and receives packets; a guest that is gone or breaks the protocol raises `failure` about `whom`."""

    def __init__(
        self, guest: Guest, connection: socket.socket, *, whom: str, failure: type[Exception], log_bytes: int
    ) -> None:
        connection.setblocking(False)
        self._guest = guest
        self._connection = connection
        self._whom = whom
        self._failure = failure
        self._log_bytes = log_bytes
        self._log = bytearray()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._poll.register(guest.log, select.POLLIN)

    @property
    def log(self) -> str:
        """What the guest printed, up to the limit."""
        return self._log.decode(errors="replace")

    def final_log(self) -> str:
        """What it printed, to the last byte that is there now."""
        self.drain()
        return self.log

    def send(self, message: Message) -> None:
        """One packet; a guest that does not read what it is sent, or is gone, has failed."""
        try:
            self._connection.send(message.pack())
        except BlockingIOError:
            raise self._failure(f"the {self._whom} does not read what it is sent") from None
        except OSError:
            raise self._failure(self._gone()) from None

    def receive(self, until: float) -> Message | None:
        """The next packet, or None when the clock (`time.monotonic`) reaches `until` without one."""
        while True:
            ready = self._wait(until)
            if self._guest.log in ready:
                self._read_log()
            if self._connection.fileno() in ready:
                return self._packet()
            if time.monotonic() >= until:
                return None

    def drain(self) -> None:
        while self._read_log():
            continue

    def _wait(self, until: float) -> set[int]:
        left = max(0.0, until - time.monotonic())
        return {descriptor for descriptor, _ in self._poll.poll(left * 1000 + 1)}

    def _packet(self) -> Message:
        try:
            packet = self._connection.recv(HEADER.size + 1)
        except OSError:
            packet = b""
        if not packet:
            raise self._failure(self._gone())
        try:
            return Message.unpack(packet)
        except WireError as error:
            raise self._failure(f"the {self._whom} broke the protocol: {error}") from None

    def _gone(self) -> str:
        self.drain()
        self._guest.wait(2.0)
        reason = self._guest.ended() or "it closed its connection"
        return f"the {self._whom} ended in the middle: {reason}"

    def _read_log(self) -> bool:
        """Takes one piece of the guest's output; False when there is none now."""
        try:
            piece = os.read(self._guest.log, 1 << 16)
        except BlockingIOError:
            return False
        if not piece:
            with suppress(KeyError):  # forgotten before
                self._poll.unregister(self._guest.log)
            return False
        room = self._log_bytes - len(self._log)
        self._log += piece[: max(0, room)]
        return room > 0
