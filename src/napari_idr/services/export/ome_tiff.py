"""OME-TIFF: an image with its channels and its origin, written tile by tile."""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from napari_idr._version import __version__
from napari_idr.errors import DownloadError
from napari_idr.services.export.provenance import (
    NAMESPACE,
    provenance_pairs,
    provenance_text,
)
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.services.export.image_file import ImageToSave

__all__ = ["require_room", "write_ome_tiff"]

TILE_PX: Final = 512
"""A side of a tile in the file: programs read parts of large planes quickly."""

LARGEST_CLASSIC_BYTES: Final = 2**32 - 2**25
"""Of a TIFF with 32-bit offsets, as tifffile has it; larger ones are BigTIFFs."""

SPARE_BYTES: Final = 16 * 1024 * 1024
"""Room that is left on the disk for others."""


def write_ome_tiff(
    image: ImageToSave,
    path: Path,
    *,
    overwrite: bool,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
) -> Path:
    """Write an image as OME-TIFF; return its path. See `save_image`.

    Pixels aren't compressed: every program reads them, and the size is known before.
    """
    if path.exists() and (path.is_dir() or not overwrite):
        raise DownloadError(f"{path.name} is there already")
    require_room(path, image.nbytes)
    # hidden, and of our own name: what a killed program leaves goes later
    temporary = path.parent / f".{secrets.token_hex(8)}.idr-part"
    height, width = _tile(image.size_y), _tile(image.size_x)
    samples = (image.samples,) if image.samples > 1 else ()
    shape = (
        *(image.size_t, image.size_c, image.size_z),
        *(image.size_y, image.size_x, *samples),
    )
    try:
        with tifffile.TiffWriter(
            temporary, bigtiff=image.nbytes > LARGEST_CLASSIC_BYTES, ome=True
        ) as file:
            file.write(
                _tiles(image, (height, width), progress, cancel),
                shape=shape,
                dtype=image.dtype,
                tile=(height, width),
                photometric="rgb" if samples else "minisblack",
                planarconfig="contig" if samples else None,
                extrasamples=("unassalpha",) if image.samples == 4 else (),
                software=f"napari-idr {__version__}",
                metadata=_metadata(image, "TCZYXS" if samples else "TCZYX"),
            )
        cancel.check()
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or "the disk refuses it"
        raise DownloadError(f"{path.name} can't be written: {reason}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def require_room(path: Path, size: int) -> None:
    """Raise `DownloadError` unless a folder is there and has room for so many bytes."""
    if not path.parent.is_dir():
        raise DownloadError(f"{path.parent} is not a directory")
    free = shutil.disk_usage(path.parent).free
    if size + SPARE_BYTES > free:
        raise DownloadError(f"{size} bytes don't fit: {free} are free")


def _tile(size: int) -> int:
    """Return a side of a tile: of a small image as long as that, in steps of 16.

    >>> _tile(5000), _tile(100)
    (512, 112)
    """
    return min(TILE_PX, -(-size // 16) * 16)


def _tiles(
    image: ImageToSave,
    tile: tuple[int, int],
    progress: Callable[[int, int], None],
    cancel: CancelToken,
) -> Iterator[NDArray[np.generic]]:
    """Yield the tiles in the order of the file: plane by plane, row by row."""
    height, width = tile
    step, done = image.strip_rows(height), 0
    for t, c, z in np.ndindex(image.size_t, image.size_c, image.size_z):
        for y0 in range(0, image.size_y, step):
            cancel.check()
            y1 = min(y0 + step, image.size_y)
            strip = image.read(t, c, z, y0, y1, cancel=cancel)
            # Whoever writes doesn't ask again after the last tile.
            done += (y1 - y0) * image.row_bytes
            progress(done, image.nbytes)
            for y in range(0, y1 - y0, height):
                for x in range(0, image.size_x, width):
                    yield _padded(strip[y : y + height, x : x + width], tile)


def _padded(part: NDArray[np.generic], tile: tuple[int, int]) -> NDArray[np.generic]:
    """Return a tile of full size: those at the right and lower edge end in zeros."""
    if part.shape[:2] == tile:
        return np.ascontiguousarray(part)
    whole = np.zeros((*tile, *part.shape[2:]), part.dtype)
    whole[: part.shape[0], : part.shape[1]] = part
    return whole


def _metadata(image: ImageToSave, axes: str) -> dict[str, Any]:
    """Return what tifffile writes as OME-XML."""
    names = [plain_text(one.name) for one in image.channels]
    channel: dict[str, Any] = {"Name": names}
    if image.samples == 1 and all(one.color for one in image.channels):
        channel["Color"] = [ome_color(one.color or "") for one in image.channels]
    found: dict[str, Any] = {
        "axes": axes,
        "Name": plain_text(image.name),
        "Channel": channel,
    }
    for axis, size in zip("ZYX", image.pixel_um, strict=True):
        if size is not None:
            found[f"PhysicalSize{axis}"] = size
            found[f"PhysicalSize{axis}Unit"] = "µm"
    if text := provenance_text(image.origin):
        found["Description"] = text
    if pairs := provenance_pairs(image.origin):
        found["MapAnnotation"] = {"Namespace": NAMESPACE, **dict(pairs)}
    return found


def ome_color(color: str) -> int:
    """Return "RRGGBB" as OME-XML has it: RGBA as one signed number of 32 bits.

    >>> ome_color("FF0000"), ome_color("000001")
    (-16776961, 511)
    """
    number = int(color, 16) << 8 | 0xFF
    return number - 2**32 if number >= 2**31 else number
