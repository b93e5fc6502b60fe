"""TensorFlow checkpoints in the V2 bundle format, read without TensorFlow.

`NAME.index` is a sorted string table (LevelDB's layout): blocks of prefix-compressed keys and protocol buffers that say
where each tensor lies in `NAME.data-00000-of-0000N`. The checksums of the index are verified, those of the tensors not.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from tiltyard.errors import ReferenceFailed

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
FOOTER, TRAILER = 48, 5
MAX_INDEX_BYTES = 32 * 2**20
MAX_ENTRIES = 100_000
MAX_KEY_BYTES = 4096
MAX_TENSOR_BYTES = 2**31
MAX_DIMENSIONS = 8
FLOATS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 19: np.dtype("<f2")}


@dataclass(frozen=True)
class Entry:
    """Where one tensor of floating-point numbers lies."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


@dataclass(frozen=True)
class TensorBundle:
    """The floating-point tensors of one checkpoint; counters, strings and partitioned variables are left out."""

    prefix: Path
    shards: int
    entries: Mapping[str, Entry]

    @classmethod
    def open(cls, prefix: Path) -> "TensorBundle":
        """Reads `PREFIX.index`; raises `ReferenceFailed` where it is missing, too large or damaged."""
        path = Path(f"{prefix}.index")
        try:
            if path.stat().st_size > MAX_INDEX_BYTES:
                raise ReferenceFailed(f"{path}: over {MAX_INDEX_BYTES // 2**20} MiB, which no checkpoint index needs")
            shards, entries = read_index(path.read_bytes())
        except OSError as failure:
            raise ReferenceFailed(f"{path}: {failure.strerror or 'cannot be read'}") from None
        except ValueError as failure:
            raise ReferenceFailed(f"{path}: not a readable TensorFlow checkpoint index: {failure}") from None
        return cls(prefix, shards, entries)

    def read(self, name: str) -> npt.NDArray[Any]:
        """One tensor as TensorFlow lays it out; raises `ReferenceFailed` where the data file does not hold it."""
        entry = self.entries[name]
        path = Path(f"{self.prefix}.data-{entry.shard:05d}-of-{self.shards:05d}")
        try:
            with path.open("rb") as file:
                file.seek(entry.offset)
                data = file.read(min(entry.size, max(path.stat().st_size - entry.offset, 0)))
        except OSError as failure:
            raise ReferenceFailed(f"{path}: {failure.strerror or 'cannot be read'}") from None
        if len(data) < entry.size:
            raise ReferenceFailed(f"{path}: ends before the last byte of {name}: the file is truncated")
        return np.frombuffer(data, entry.dtype).reshape(entry.shape)


def bundle_prefix(path: Path) -> Path | None:
    """The checkpoint that `path` means: `NAME`, `NAME.index` or the folder of one; None where there is no bundle.

    In a folder of several the file `checkpoint` decides; without it `ReferenceFailed` lists them.
    """
    if path.suffix == ".index":
        return path.with_suffix("")
    if not path.is_dir():
        return path if Path(f"{path}.index").is_file() else None
    found = {index.stem: index.with_suffix("") for index in sorted(path.glob("*.index"))}
    if not found:
        raise ReferenceFailed(f"{path}: a folder without a TensorFlow checkpoint (NAME.index); name the weights file")
    latest = next(iter(found)) if len(found) == 1 else _latest(path / "checkpoint")
    if latest not in found:
        raise ReferenceFailed(f"{path}: holds several checkpoints ({', '.join(list(found)[:5])}); name one of them")
    return found[latest]


def _latest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            text = file.read(65536).decode(errors="replace")
    except OSError:
        return None
    named = re.search(r'^model_checkpoint_path: "([^"\n]+)"', text, re.MULTILINE)
    return PurePosixPath(named[1].replace("\\", "/")).name if named else None


def read_index(data: bytes) -> tuple[int, dict[str, Entry]]:
    """The number of data files and the entries of an index; raises `ValueError` with what is wrong."""
    if len(data) < FOOTER or data[-8:] != MAGIC:
        raise ValueError("its last 8 bytes are not the format's mark (truncated, or another kind of file)")
    footer = data[-FOOTER:-8]
    _, place = _handle(footer, 0)
    index, _ = _handle(footer, place)
    records: dict[bytes, bytes] = {}
    last, reached = b"", 0
    for _, handle in _block(data, index):
        block, _ = _handle(handle, 0)
        if block[0] < reached:
            raise ValueError("its blocks overlap")
        reached = sum(block)
        for key, value in _block(data, block):
            if records and key <= last:
                raise ValueError("its keys are not in order")
            if len(records) >= MAX_ENTRIES:
                raise ValueError(f"it lists over {MAX_ENTRIES} tensors")
            records[key], last = value, key
    shards = _shards(records.pop(b"", b""))
    entries = {key.decode(errors="replace"): _entry(value, shards) for key, value in records.items()}
    return shards, {name: entry for name, entry in entries.items() if entry is not None}


def _shards(header: bytes) -> int:
    fields = dict(_fields(header))
    shards = fields.get(1, 1)
    if fields.get(2, 0) != 0:
        raise ValueError("it was written on a big-endian machine")
    if not isinstance(shards, int) or not 1 <= shards <= 99_999:
        raise ValueError(f"{shards!r} data files make no sense")
    return shards


def _entry(message: bytes, shards: int) -> Entry | None:
    fields = dict(_fields(message))
    dtype = FLOATS.get(_number(fields.get(1, 0)))
    if dtype is None or 7 in fields:
        return None
    shape = _shape(fields.get(2, b""))
    shard, offset, size = (_number(fields.get(field, 0)) for field in (3, 4, 5))
    if size != math.prod(shape) * dtype.itemsize or size > MAX_TENSOR_BYTES or offset >= 2**63 or shard >= shards:
        raise ValueError(f"a tensor of shape {shape} is said to take {size} bytes at {offset} of data file {shard}")
    return Entry(dtype, shape, shard, offset, size)


def _shape(message: int | bytes) -> tuple[int, ...]:
    dimensions = [_bytes(value) for field, value in _fields(_bytes(message)) if field == 2]
    if len(dimensions) > MAX_DIMENSIONS:
        raise ValueError(f"a tensor has {len(dimensions)} dimensions")
    shape = tuple(_number(dict(_fields(dimension)).get(1, 0)) for dimension in dimensions)
    if any(side >= 2**31 for side in shape):
        raise ValueError("a tensor has a side of unknown or impossible length")
    return shape


def _block(data: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    offset, size = handle
    end = offset + size
    if end + TRAILER > len(data) or size < 4:
        raise ValueError("a block lies outside the file")
    if data[end] != 0:
        raise ValueError("its blocks are compressed, which TensorFlow's own writer never does")
    if _masked_crc32c(data[offset : end + 1]) != int.from_bytes(data[end + 1 : end + TRAILER], "little"):
        raise ValueError("a block's checksum is wrong: the file is damaged")
    restarts = int.from_bytes(data[end - 4 : end], "little")
    limit = end - 4 * (restarts + 1)
    key, place = b"", offset
    while place < limit:
        shared, place = _varint(data, place)
        fresh, place = _varint(data, place)
        length, place = _varint(data, place)
        if shared > len(key) or place + fresh + length > limit or shared + fresh > MAX_KEY_BYTES:
            raise ValueError("a record lies outside its block")
        key = key[:shared] + data[place : place + fresh]
        place += fresh + length
        yield key, data[place - length : place]


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffer: numbers and byte strings, whatever they mean."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, place = _varint(message, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("a record has a field of unknown kind")
        if place + size > len(message):
            raise ValueError("a record's field lies outside it")
        yield tag >> 3, message[place : place + size]
        place += size


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("a record has a string where a number belongs")
    return value


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a record has a number where a message belongs")
    return value


def _handle(data: bytes, place: int) -> tuple[tuple[int, int], int]:
    offset, place = _varint(data, place)
    size, place = _varint(data, place)
    return (offset, size), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("a number runs past the end")
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise ValueError("a number is longer than 64 bits")


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC32C = _crc_table()


def _masked_crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
