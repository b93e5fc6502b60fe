"""What guest and oracle say to each other: fixed headers over a socket, arrays in two shared memories.

The trusted side makes, sizes and seals both memories before the guest starts and takes no descriptor from it. Nothing
is pickled in either direction. Every message is one packet of fixed size (SOCK_SEQPACKET): there is no stream to
lose one's place in.
"""

import fcntl
import math
import mmap
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

MAGIC = b"TILT"
HEADER = struct.Struct("<4sHHQII")
TEXT_BYTES = 1 << 16
F_SEAL_FUTURE_WRITE = 0x10


class Kind(IntEnum):
    """From the guest below 16, from the oracle above."""

    READY = 1
    LOGITS = 2
    VJP = 3
    VJP_AT = 4
    DONE = 5
    FAILED = 6
    SETUP = 16
    BATCH = 17
    LOGITS_ARE = 18
    GRADIENT_IS = 19
    EVICTED = 20
    REFUSED = 21
    END = 22


KINDS = frozenset(Kind)


class WireError(Exception):
    """A packet that no honest peer sends."""


@dataclass(frozen=True)
class Message:
    """One packet: `number` is a ticket or a batch's number, `size` the bytes of a text, `keep` asks for a graph."""

    kind: Kind
    number: int = 0
    images: int = 0
    size: int = 0
    keep: bool = False

    def pack(self) -> bytes:
        return HEADER.pack(MAGIC, self.kind, self.keep, self.number, self.images, self.size)

    @classmethod
    def unpack(cls, packet: bytes) -> "Message":
        if len(packet) != HEADER.size:
            raise WireError(f"a packet of {len(packet)} bytes instead of {HEADER.size}")
        magic, kind, keep, number, images, size = HEADER.unpack(packet)
        if magic != MAGIC or kind not in KINDS or keep not in (0, 1):
            raise WireError("a packet that is no message")
        return cls(Kind(kind), number, images, size, bool(keep))


@dataclass(frozen=True)
class Layout:
    """Where arrays lie in the two memories: images first, then one row of `classes` floats (or two labels) an image."""

    capacity: int
    x_shape: tuple[int, int, int]
    classes: int

    @property
    def image_bytes(self) -> int:
        return self.capacity * math.prod(self.x_shape) * 4

    @property
    def size(self) -> int:
        tail = self.capacity * max(self.classes * 4, 16)
        return max(self.image_bytes + tail, TEXT_BYTES)

    def images(self, memory: "Memory", count: int) -> NDArray[np.float32]:
        return memory.view(0, (count, *self.x_shape), np.float32)

    def per_class(self, memory: "Memory", count: int) -> NDArray[np.float32]:
        return memory.view(self.image_bytes, (count, self.classes), np.float32)

    def labels(self, memory: "Memory", count: int) -> NDArray[np.int64]:
        """Two columns: the true label and the target, −1 for none."""
        return memory.view(self.image_bytes, (count, 2), np.int64)


class Memory:
    """A shared memory of fixed size."""

    def __init__(self, descriptor: int, *, writable: bool) -> None:
        self.descriptor = descriptor
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self._map = mmap.mmap(descriptor, os.fstat(descriptor).st_size, mmap.MAP_SHARED, protection)

    @classmethod
    def create(cls, name: str, size: int) -> "Memory":
        """A sealed memfd: nobody can shrink it under us, grow it, or lift the seals."""
        descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, size)
        memory = cls(descriptor, writable=True)
        memory.seal(fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        return memory

    def seal(self, seals: int) -> None:
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)

    def view(self, offset: int, shape: tuple[int, ...], kind: type[Scalar]) -> NDArray[Scalar]:
        """An array that shares the memory; the other side may change it at any time, so copy before looking."""
        return np.frombuffer(self._map, kind, math.prod(shape), offset).reshape(shape)

    def write_text(self, text: bytes) -> int:
        kept = text[:TEXT_BYTES]
        self._map[: len(kept)] = kept
        return len(kept)

    def read_text(self, size: int) -> bytes:
        return self._map[: min(size, TEXT_BYTES)]

    def close(self) -> None:
        """Closes descriptor and mapping; a mapping with views goes with the last of them."""
        os.close(self.descriptor)
        with suppress(BufferError):
            self._map.close()
