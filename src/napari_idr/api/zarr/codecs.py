"""Codecs of chunks: Blosc that refuses a chunk cut short.

The library believes what a chunk says of its own length, and reads on past the end of
one that is shorter: what comes then is what lies there in memory, or a crash. So our
arrays name a codec of our own, which looks first.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

import numcodecs
from numcodecs.blosc import Blosc
from zarr.codecs import BloscCodec
from zarr.registry import register_codec

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "napari-idr-blosc"

HEADER: Final = struct.Struct("<4xIII")
"""Lengths after four bytes of flags: of the pixels, of a block, and of all of this."""


class WholeBlosc(Blosc):  # type: ignore[misc]  # it has no types
    """Blosc of Zarr's second format."""

    codec_id = NAME

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the bytes of a chunk; raise `ValueError` if it isn't whole."""
        require_whole(buf)
        return super().decode(buf, out)


class WholeBloscCodec(BloscCodec):
    """Blosc of Zarr's third format."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> WholeBloscCodec:
        """Return the codec that an array's metadata describe."""
        codec: WholeBloscCodec = super().from_dict({**data, "name": "blosc"})
        return codec

    def to_dict(self) -> dict[str, Any]:
        """Return what describes it, under our name: shards pickle as that."""
        return {**super().to_dict(), "name": NAME}

    async def _decode_single(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        require_whole(chunk_bytes.as_numpy_array())
        return await super()._decode_single(chunk_bytes, chunk_spec)

    def _decode_sync(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        require_whole(chunk_bytes.as_numpy_array())
        return super()._decode_sync(chunk_bytes, chunk_spec)


numcodecs.register_codec(WholeBlosc)
register_codec(NAME, WholeBloscCodec)


def require_whole(chunk: Any) -> None:
    """Raise `ValueError` unless a chunk is as long as it says.

    >>> require_whole(Blosc().encode(b"pixels" * 9)[:-1])
    Traceback (most recent call last):
    ValueError: 69 bytes where 70 are due
    """
    part = memoryview(chunk).cast("B")
    length = HEADER.unpack_from(part)[2] if len(part) >= HEADER.size else HEADER.size
    if len(part) < length:
        raise ValueError(f"{len(part)} bytes where {length} are due")


def with_whole_blosc(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of an array with our codec in place of Blosc.

    >>> with_whole_blosc({"compressor": {"id": "blosc", "clevel": 5}})
    {'compressor': {'id': 'napari-idr-blosc', 'clevel': 5}}
    """
    changed = dict(described)
    compressor = described.get("compressor")
    if isinstance(compressor, dict) and compressor.get("id") == "blosc":
        changed["compressor"] = {**compressor, "id": NAME}
    if isinstance(codecs := described.get("codecs"), list):
        changed["codecs"] = [_renamed(codec) for codec in codecs]
    return changed


def _renamed(codec: Any) -> Any:
    """Rename a codec of the third format, and those within a shard."""
    if codec == "blosc":
        return NAME
    if not isinstance(codec, dict):
        return codec
    if codec.get("name") == "blosc":
        return {**codec, "name": NAME}
    inner = codec.get("configuration")
    if codec.get("name") == "sharding_indexed" and isinstance(inner, dict):
        return {**codec, "configuration": with_whole_blosc(inner)}
    return codec
