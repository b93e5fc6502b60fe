"""Packets are what they say or refused; the memories cannot be taken out of our hands."""

import ctypes
import fcntl
import mmap
import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiltyard.jail.wire import F_SEAL_FUTURE_WRITE, HEADER, MAGIC, TEXT_BYTES, Kind, Layout, Memory, Message, WireError

SIZE = 1 << 17
messages = st.builds(
    Message,
    kind=st.sampled_from(Kind),
    number=st.integers(0, 2**64 - 1),
    images=st.integers(0, 2**32 - 1),
    size=st.integers(0, 2**32 - 1),
    keep=st.booleans(),
)
headers = st.builds(
    HEADER.pack,
    st.sampled_from([MAGIC, b"TILU", b"\0\0\0\0"]),
    st.integers(0, 2**16 - 1),
    st.integers(0, 3),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
)


def punch_hole(descriptor: int) -> None:
    """FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE: zeroes what is there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(descriptor, 3, ctypes.c_long(0), ctypes.c_long(4096)):
        raise OSError(ctypes.get_errno(), "fallocate")


@given(messages)
def test_what_is_packed_is_what_is_unpacked(message: Message) -> None:
    assert Message.unpack(message.pack()) == message


@given(st.binary(max_size=64) | headers)
def test_any_bytes_are_a_message_or_a_wire_error(packet: bytes) -> None:
    try:
        message = Message.unpack(packet)
    except WireError:
        return
    assert message.pack() == packet


@pytest.mark.parametrize("packet", [b"", b"T", Message(Kind.DONE).pack()[:-1], Message(Kind.DONE).pack() + b"\0"])
def test_a_short_or_long_packet_is_refused_with_its_length(packet: bytes) -> None:
    with pytest.raises(WireError, match=f"{len(packet)} bytes instead of 24"):
        Message.unpack(packet)


@given(
    capacity=st.integers(1, 40),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    classes=st.integers(1, 50),
)
def test_every_array_of_a_layout_fits_and_images_do_not_touch_what_follows(
    capacity: int, shape: tuple[int, int, int], classes: int
) -> None:
    layout = Layout(capacity, shape, classes)
    assert layout.size >= TEXT_BYTES
    memory = Memory.create("test", layout.size)
    try:
        images, scores = layout.images(memory, capacity), layout.per_class(memory, capacity)
        images[:], scores[:] = 1.0, 2.0
        assert (images == 1).all()
        assert layout.labels(memory, capacity).shape == (capacity, 2)
        layout.labels(memory, capacity)[:] = -1
        assert (images == 1).all()
        with pytest.raises(ValueError, match="buffer"):
            memory.view(0, (layout.size // 4 + 1,), np.float32)
    finally:
        memory.close()


class TestMemory:
    @pytest.fixture
    def memory(self) -> Iterator[Memory]:
        memory = Memory.create("test", SIZE)
        memory.seal(fcntl.F_SEAL_SEAL)
        yield memory
        memory.close()

    @pytest.fixture
    def reply(self) -> Iterator[int]:
        """What the guest gets of the reply: a descriptor that was opened for reading."""
        memory = Memory.create("test", SIZE)
        readable = os.open(f"/proc/self/fd/{memory.descriptor}", os.O_RDONLY)
        memory.seal(F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SEAL)
        memory.view(0, (4,), np.float32)[:] = 5.0
        yield readable
        os.close(readable)
        memory.close()

    @pytest.mark.parametrize("size", [0, SIZE - 1, SIZE + 1, 1 << 30])
    def test_nobody_resizes_it(self, memory: Memory, size: int) -> None:
        with pytest.raises(PermissionError):
            os.ftruncate(memory.descriptor, size)
        assert os.fstat(memory.descriptor).st_size == SIZE

    def test_writing_does_not_make_it_longer(self, memory: Memory) -> None:
        with pytest.raises(PermissionError):
            os.pwrite(memory.descriptor, b"x", SIZE)

    def test_its_seals_are_final(self, memory: Memory) -> None:
        for seal in (fcntl.F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, 0):
            with pytest.raises(PermissionError):
                memory.seal(seal)
        found = fcntl.fcntl(memory.descriptor, fcntl.F_GET_SEALS)
        assert found == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL

    def test_both_sides_see_what_the_other_writes(self, memory: Memory) -> None:
        other = Memory(os.dup(memory.descriptor), writable=True)
        other.view(8, (2, 2), np.float32)[:] = 3.0
        assert (memory.view(8, (4,), np.float32) == 3).all()
        other.close()

    def test_a_reply_is_read_and_follows_what_we_write(self, reply: int) -> None:
        memory = Memory(reply, writable=False)
        assert (memory.view(0, (4,), np.float32) == 5).all()
        with pytest.raises(ValueError, match="read-only"):
            memory.view(0, (4,), np.float32)[0] = 1

    @pytest.mark.parametrize(
        "write",
        [
            lambda descriptor: mmap.mmap(descriptor, SIZE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE),
            lambda descriptor: os.pwrite(descriptor, b"x", 0),
            lambda descriptor: os.ftruncate(descriptor, 1),
            punch_hole,
        ],
        ids=["map", "write", "truncate", "hole"],
    )
    def test_a_reply_cannot_be_written_even_when_it_is_opened_again(
        self, reply: int, write: Callable[[int], object]
    ) -> None:
        again = os.open(f"/proc/self/fd/{reply}", os.O_RDWR)
        try:
            for descriptor in (reply, again):
                with pytest.raises(OSError):
                    write(descriptor)
        finally:
            os.close(again)
        assert Memory(reply, writable=False).read_text(4) == np.float32(5).tobytes()

    def test_texts_are_cut_to_their_room_and_a_size_beyond_it_reads_no_further(self, memory: Memory) -> None:
        assert memory.write_text(b"a" * (TEXT_BYTES + 5)) == TEXT_BYTES
        assert memory.read_text(2**32 - 1) == b"a" * TEXT_BYTES
        assert memory.write_text(b"told") == 4
        assert memory.read_text(4) == b"told"
