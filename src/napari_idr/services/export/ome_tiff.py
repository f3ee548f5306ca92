"""OME-TIFF: an image with its channels and its origin, written tile by tile."""

from __future__ import annotations

import math
import secrets
import shutil
from contextlib import ExitStack, suppress
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from napari_idr._version import __version__
from napari_idr.errors import DownloadError
from napari_idr.services.export.levels import halved, level_shapes
from napari_idr.services.export.provenance import (
    NAMESPACE,
    provenance_pairs,
    provenance_text,
)
from napari_idr.services.files import bytes_text
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

LARGEST_FLAT_PX: Final = 2048
"""An image that is larger has smaller levels, too: one of them fits a screen."""

SMALLEST_LEVEL_PX: Final = 500
"""The longer side of the smallest level at least."""

REDUCED: Final = 1
"""What a TIFF says of a page that is a smaller one of another (NewSubfileType)."""

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

    Pixels aren't compressed: every program reads them, and the size is known before. A
    large image has smaller levels as well, in SubIFDs, as OME-TIFF 6 has them.
    """
    if path.exists() and (path.is_dir() or not overwrite):
        raise DownloadError(f"{path.name} is there already")
    shapes = tiff_levels(image.size_y, image.size_x)
    small = sum(height * width for height, width in shapes[1:])
    share = small / max(1, image.size_y * image.size_x)
    # The smaller levels are on the disk twice until the file is whole.
    require_room(path, int(image.nbytes * (1 + 2 * share)))
    # hidden, and of our own name: what a killed program leaves goes later
    temporary = path.parent / f".{secrets.token_hex(8)}.idr-part"
    samples = (image.samples,) if image.samples > 1 else ()
    planes = image.size_t, image.size_c, image.size_z
    options: dict[str, Any] = {
        "dtype": image.dtype,
        "photometric": "rgb" if samples else "minisblack",
        "planarconfig": "contig" if samples else None,
        "extrasamples": ("unassalpha",) if image.samples == 4 else (),
        "software": f"napari-idr {__version__}",
    }
    try:
        with ExitStack() as opened:
            # What halves is written aside while the image is read, as it is read once.
            halves = [
                opened.enter_context(TemporaryFile(dir=path.parent)) for _ in shapes[1:]
            ]
            file = opened.enter_context(
                tifffile.TiffWriter(
                    temporary,
                    bigtiff=image.nbytes * (1 + share) > LARGEST_CLASSIC_BYTES,
                    ome=True,
                )
            )
            tile = _tile(image.size_y), _tile(image.size_x)
            file.write(
                _tiles(image, tile, next(iter(halves), None), progress, cancel),
                shape=(*planes, *shapes[0], *samples),
                tile=tile,
                subifds=len(halves),
                metadata=_metadata(image, "TCZYXS" if samples else "TCZYX"),
                **options,
            )
            for number, level in enumerate(halves):
                shape = (*planes, *shapes[number + 1], *samples)
                half = next(iter(halves[number + 1 :]), None)
                file.write(
                    _level_tiles(level, shape, image.dtype, tile, half, cancel),
                    shape=shape,
                    tile=tile,
                    subfiletype=REDUCED,
                    metadata=None,
                    **options,
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


def tiff_levels(height: int, width: int) -> list[tuple[int, int]]:
    """Return the (y, x) size of each level, of an image that isn't large only one.

    >>> tiff_levels(2048, 100), tiff_levels(4000, 3000)
    ([(2048, 100)], [(4000, 3000), (2000, 1500), (1000, 750), (500, 375)])
    """
    shapes = level_shapes(height, width)
    if max(height, width) <= LARGEST_FLAT_PX:
        return shapes[:1]
    return [shape for shape in shapes if max(shape) >= SMALLEST_LEVEL_PX]


def require_room(path: Path, size: int) -> None:
    """Raise `DownloadError` unless a folder is there and has room for so many bytes."""
    if not path.parent.is_dir():
        raise DownloadError(f"{path.parent} is not a directory")
    free = shutil.disk_usage(path.parent).free
    if size + SPARE_BYTES > free:
        raise DownloadError(
            f"{bytes_text(size)} don't fit: {bytes_text(free)} are free"
        )


def _tile(size: int) -> int:
    """Return a side of a tile: of a small image as long as that, in steps of 16.

    >>> _tile(5000), _tile(100)
    (512, 112)
    """
    return min(TILE_PX, -(-size // 16) * 16)


def _tiles(
    image: ImageToSave,
    tile: tuple[int, int],
    half: IO[bytes] | None,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
) -> Iterator[NDArray[np.generic]]:
    """Yield the tiles in the order of the file: plane by plane, row by row.

    What has half the size is written into `half` on the way, if there is one.
    """
    step, done = image.strip_rows(tile[0]), 0
    for t, c, z in np.ndindex(image.size_t, image.size_c, image.size_z):
        for y0 in range(0, image.size_y, step):
            cancel.check()
            y1 = min(y0 + step, image.size_y)
            strip = image.read(t, c, z, y0, y1, cancel=cancel)
            # Whoever writes doesn't ask again after the last tile.
            done += (y1 - y0) * image.row_bytes
            progress(done, image.nbytes)
            if half is not None:
                half.write(halved(strip).tobytes())
            yield from _cut(strip, tile)


def _level_tiles(
    level: IO[bytes],
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    tile: tuple[int, int],
    half: IO[bytes] | None,
    cancel: CancelToken,
) -> Iterator[NDArray[np.generic]]:
    """Yield the tiles of a smaller level, and write what has half its size aside."""
    level.seek(0)
    planes, size_y, row = math.prod(shape[:3]), shape[3], shape[4:]
    for _ in range(planes):
        for y0 in range(0, size_y, tile[0]):
            cancel.check()
            rows = min(tile[0], size_y - y0)
            stored = level.read(rows * math.prod(row) * dtype.itemsize)
            strip = np.frombuffer(stored, dtype).reshape(rows, *row)
            if half is not None:
                half.write(halved(strip).tobytes())
            yield from _cut(strip, tile)


def _cut(
    strip: NDArray[np.generic], tile: tuple[int, int]
) -> Iterator[NDArray[np.generic]]:
    """Yield the tiles of some rows, row by row."""
    height, width = tile
    for y in range(0, strip.shape[0], height):
        for x in range(0, strip.shape[1], width):
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
