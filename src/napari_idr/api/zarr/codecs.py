"""Codecs of chunks that unpack no more than is due.

The libraries believe what a chunk says of its own length, or unpack until it ends: what
comes is a thousand times the chunk, or what lies in memory behind one that was cut
short. And some codecs run what a chunk holds as a program (pickle). So the metadata of
our arrays name codecs that are known to be harmless, and in place of each compressor
one of our own, which knows how many bytes are due.
"""

from __future__ import annotations

import asyncio
import bz2
import json
import lzma
import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numcodecs
import numpy as np
from numcodecs.abc import Codec
from zarr.abc.codec import BytesBytesCodec
from zarr.registry import register_codec

from napari_idr.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME: Final = "napari-idr-bounded"

BLOSC_HEADER: Final = struct.Struct("<4xIII")
"""Lengths after four bytes of flags: of the pixels, of a block, and of all of this
(c-blosc, README_CHUNK_FORMAT)."""

ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
ZSTD_BLOCK: Final = 128 * 1024
"""No block holds more (RFC 8878, 3.1.1.2)."""

MAX_BLOCKS: Final = 2**16
MAX_MEMBERS: Final = 1024
"""Parts of a chunk, which are walked through: no writer makes so many."""

XZ_MEMORY: Final = 2**28
"""What the dictionary of an LZMA stream may take; the largest preset takes 65 MB."""

MOST_ITEM_BYTES: Final = 16
"""No number of a chunk takes more, whatever filters make of it."""

FILTERS: Final = frozenset(
    [
        *("delta", "shuffle", "fixedscaleoffset", "quantize", "bitround", "astype"),
        *("packbits", "crc32", "crc32c", "adler32", "fletcher32", "jenkins_lookup3"),
    ]
)
"""Codecs of `numcodecs` that turn numbers into as many numbers."""

THIRD_FORMAT: Final = frozenset(["bytes", "endian", "transpose", "crc32c"])

TYPE_SETTINGS: Final = ("dtype", "astype", "encode_dtype", "decode_dtype")


def _gzip(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    return _unpacked(lambda: zlib.decompressobj(wbits=31), chunk, most)


def _zlib(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    return _unpacked(zlib.decompressobj, chunk, most)


def _bz2(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    return _unpacked(bz2.BZ2Decompressor, chunk, most)


def _lzma(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    if settings.get("format") == lzma.FORMAT_RAW:  # its memory can't be bounded
        raise ValueError("raw LZMA isn't read")
    return _unpacked(lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY), chunk, most)


def _lz4(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    if len(chunk) < 4:
        raise ValueError("the chunk is cut short")
    require_room(int.from_bytes(chunk[:4], "little"), most)
    return bytes(numcodecs.LZ4().decode(chunk))


def _blosc(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    if len(chunk) < BLOSC_HEADER.size:
        raise ValueError(f"{len(chunk)} bytes where {BLOSC_HEADER.size} are due")
    length, _, packed = BLOSC_HEADER.unpack_from(chunk)
    if len(chunk) < packed:  # the library would read on behind the chunk
        raise ValueError(f"{len(chunk)} bytes where {packed} are due")
    require_room(length, most)
    return bytes(numcodecs.Blosc().decode(chunk))


def _zstd(chunk: memoryview, most: int, settings: Mapping[str, Any]) -> bytes:
    length, is_told = zstd_length(chunk)
    require_room(length, most if is_told else 2 * most + 8 * ZSTD_BLOCK)
    return bytes(numcodecs.Zstd().decode(chunk))


DECODERS: Final[Mapping[str, Callable[[memoryview, int, Mapping[str, Any]], bytes]]] = {
    "blosc": _blosc,
    "bz2": _bz2,
    "gzip": _gzip,
    "lz4": _lz4,
    "lzma": _lzma,
    "zlib": _zlib,
    "zstd": _zstd,
}
"""Compressors, by the names of both formats."""


def decode(name: str, chunk: Any, most: int, settings: Mapping[str, Any]) -> bytes:
    """Return the bytes of a chunk that a compressor packed, if they aren't too many.

    Parameters
    ----------
    name
        Of the compressor, a key of `DECODERS`.
    chunk
        Anything with a buffer.
    most
        How many bytes are due, and a few more.
    settings
        What the metadata say of the compressor.

    Raises
    ------
    ValueError, RuntimeError, OSError, EOFError, MemoryError, zlib.error, lzma.LZMAError
        The chunk is broken, or would be larger.

    Examples
    --------
    >>> decode("gzip", numcodecs.GZip().encode(bytes(1000)), 10, {})
    Traceback (most recent call last):
    ValueError: the chunk unpacks to more than the 10 bytes that are due
    """
    found = DECODERS[name](memoryview(chunk).cast("B"), most, settings)
    require_room(len(found), most)
    return found


def require_room(length: int, most: int) -> None:
    """Raise `ValueError` if a chunk unpacks to more bytes than are due."""
    if length > most:
        raise ValueError(
            f"the chunk unpacks to more than the {most} bytes that are due"
        )


def _unpacked(start: Callable[[], Any], chunk: memoryview, most: int) -> bytes:
    """Unpack the streams that follow each other in a chunk, no further than is due."""
    found = bytearray()
    rest: Any = chunk
    for _ in range(MAX_MEMBERS):
        stream = start()
        # one more than is due shows that there is more
        found += stream.decompress(rest, most - len(found) + 1)
        require_room(len(found), most)
        if not stream.eof:
            raise ValueError("the chunk is cut short")
        rest = stream.unused_data.lstrip(b"\0")  # padding, as gzip has it
        if not rest:
            return bytes(found)
    raise ValueError("the chunk is in too many parts")


def zstd_length(chunk: memoryview) -> tuple[int, bool]:
    """Return what a Zstandard frame unpacks to, and whether it tells so itself.

    One that doesn't tell is measured by its blocks, at the most that each may hold
    (RFC 8878, 3.1.1). Only the first frame is unpacked where it tells its length.

    >>> zstd_length(memoryview(numcodecs.Zstd().encode(bytes(1000))))
    (1000, True)
    """
    at, most, frames = 0, 0, 0
    while at < len(chunk):
        if frames == MAX_MEMBERS:
            raise ValueError("the chunk is in too many parts")
        frames += 1
        magic = bytes(chunk[at : at + 4])
        if magic[1:] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5:  # to be skipped
            at += 8 + int.from_bytes(chunk[at + 4 : at + 8], "little")
            continue
        if magic != ZSTD_MAGIC or at + 6 > len(chunk):
            raise ValueError("the chunk isn't Zstandard")
        flags = chunk[at + 4]
        whole = bool(flags & 0x20)  # Single_Segment_flag
        at += 5 + (not whole) + (0, 1, 2, 4)[flags & 3]
        size = (int(whole), 2, 4, 8)[flags >> 6]
        told = int.from_bytes(chunk[at : at + size], "little")
        if size and frames == 1:
            return told + (256 if size == 2 else 0), True
        held, at = _zstd_blocks(chunk, at + size)
        most += held
        at += 4 if flags & 4 else 0
    return most, False


def _zstd_blocks(chunk: memoryview, at: int) -> tuple[int, int]:
    """Return the most that the blocks of a frame hold, and where they end."""
    held = 0
    for _ in range(MAX_BLOCKS):
        if at + 3 > len(chunk):
            raise ValueError("the chunk is cut short")
        head = int.from_bytes(chunk[at : at + 3], "little")
        kind, size = head >> 1 & 3, head >> 3
        held += ZSTD_BLOCK if kind == 2 else min(size, ZSTD_BLOCK)
        at += 3 + (1 if kind == 1 else size)
        if head & 1:
            return held, at
    raise ValueError("the chunk is in too many parts")


class BoundedCompressor(Codec):  # type: ignore[misc]  # it has no types
    """A compressor of Zarr's second format; it only unpacks.

    Parameters
    ----------
    compressor
        What the metadata say of it, with its name as `id`.
    most
        How many bytes are due.
    """

    codec_id = NAME

    def __init__(self, compressor: Mapping[str, Any], most: int) -> None:
        self.compressor = dict(compressor)
        self.most = most

    def encode(self, buf: Any) -> Any:
        """Refuse: it is for reading."""
        raise NotImplementedError

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the bytes of a chunk; raise if it is broken, or larger than is due."""
        return decode(self.compressor["id"], buf, self.most, self.compressor)


@dataclass(frozen=True)
class BoundedCodec(BytesBytesCodec):
    """A compressor of Zarr's third format; it only unpacks.

    `compressor` is its name, and `settings` what the metadata say of it, as JSON.
    """

    is_fixed_size = False

    compressor: str
    settings: str = "{}"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> BoundedCodec:
        """Return the codec that an array's metadata describe."""
        return cls(**data["configuration"])

    def to_dict(self) -> dict[str, Any]:
        """Return what describes it, under our name: shards pickle as that."""
        told = {"compressor": self.compressor, "settings": self.settings}
        return {"name": NAME, "configuration": told}

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
        """Refuse: it isn't known."""
        raise NotImplementedError

    async def _decode_single(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        return await asyncio.to_thread(self._decode_sync, chunk_bytes, chunk_spec)

    def _decode_sync(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        itemsize = chunk_spec.dtype.to_native_dtype().itemsize
        most = _with_slack(math.prod(chunk_spec.shape) * itemsize)
        told = json.loads(self.settings)
        found = decode(self.compressor, chunk_bytes.as_numpy_array(), most, told)
        return chunk_spec.prototype.buffer.from_bytes(found)


numcodecs.register_codec(BoundedCompressor)
register_codec(NAME, BoundedCodec)


def with_bounds(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of an array with our codecs in place of the compressors.

    Raises
    ------
    PixelDataError
        There is a codec that isn't known to be harmless.

    Examples
    --------
    >>> found = with_bounds({"codecs": ["bytes", {"name": "gzip"}]})
    >>> found["codecs"][1]["configuration"]["compressor"]
    'gzip'
    """
    changed = dict(described)
    filters = described.get("filters")
    most = _bytes_due(described, plain=not filters)
    if described.get("compressor") is not None:
        changed["compressor"] = _second(described["compressor"], most)
    if isinstance(filters, list):
        changed["filters"] = [_second(one, most) for one in filters]
    for key in ("codecs", "index_codecs"):
        if isinstance(codecs := described.get(key), list):
            changed[key] = [_third(codec) for codec in codecs]
    return changed


def _second(codec: Any, most: int) -> dict[str, Any]:
    """Return what stands in the metadata for a codec of the second format."""
    name = codec.get("id") if isinstance(codec, dict) else None
    if not isinstance(name, str):
        raise PixelDataError("the metadata name a codec that is none")
    if name in DECODERS:
        return {"id": NAME, "compressor": codec, "most": most}
    _require_harmless(name, codec)
    return dict(codec)


def _third(codec: Any) -> Any:
    """Return what stands in the metadata for a codec of the third format."""
    told = {"name": codec} if isinstance(codec, str) else codec
    name = told.get("name") if isinstance(told, dict) else None
    if not isinstance(name, str):
        raise PixelDataError("the metadata name a codec that is none")
    settings = told.get("configuration")
    settings = settings if isinstance(settings, dict) else {}
    plain = name.removeprefix("numcodecs.")
    if plain in DECODERS:
        inner = {"compressor": plain, "settings": json.dumps(settings)}
        return {"name": NAME, "configuration": inner}
    if name == "sharding_indexed":
        return {**told, "configuration": with_bounds(settings)}
    if name not in THIRD_FORMAT:
        _require_harmless(plain if plain != name else "", settings, shown=name)
    return codec


def _require_harmless(
    name: str, settings: Mapping[str, Any], *, shown: str | None = None
) -> None:
    if name not in FILTERS:
        raise PixelDataError(f"the codec {(shown or name)[:40]!r} isn't read")
    for key in TYPE_SETTINGS:
        if settings.get(key) is not None and _item_bytes(settings[key]) is None:
            raise PixelDataError(f"the codec {name!r} makes what is no number")


def _bytes_due(described: Mapping[str, Any], *, plain: bool) -> int:
    """Return how long a chunk of the second format may be; 0 if it can't be told.

    Filters may change the size of a number, before the compressor or after it.
    """
    chunks, itemsize = described.get("chunks"), _item_bytes(described.get("dtype"))
    if not isinstance(chunks, list) or itemsize is None:
        return 0  # zarr-python refuses these metadata
    if not all(type(size) is int and size > 0 for size in chunks):
        return 0
    return _with_slack(math.prod(chunks) * (itemsize if plain else MOST_ITEM_BYTES))


def _item_bytes(dtype: Any) -> int | None:
    """Return the size of a number; None for what isn't one.

    >>> _item_bytes("<u2"), _item_bytes("S100"), _item_bytes("|O"), _item_bytes({})
    (2, None, None, None)
    """
    try:
        found = np.dtype(dtype) if isinstance(dtype, str) else None
    except (TypeError, ValueError, SyntaxError):
        return None
    return None if found is None or found.kind not in "biufc" else found.itemsize


def _with_slack(length: int) -> int:
    """Return what a chunk of this length may be packed in by another compressor."""
    return length + length // 16 + 4096
