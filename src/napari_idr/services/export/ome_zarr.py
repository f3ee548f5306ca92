"""OME-Zarr 0.4: an image with its levels, channels and origin, written chunk by chunk.

That version is what the archive itself has, and what most programs read.
"""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import zarr

from napari_idr._version import __version__
from napari_idr.errors import DownloadError
from napari_idr.services.export.levels import halved, level_shapes
from napari_idr.services.export.ome_tiff import require_room
from napari_idr.services.export.provenance import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.services.export.image_file import ImageToSave

__all__ = ["write_ome_zarr"]

CHUNK_PX: Final = 1024
"""A side of a chunk: a file of one or two MB."""

RGB: Final = ("FF0000", "00FF00", "0000FF", "FFFFFF")
RGB_NAMES: Final = ("red", "green", "blue", "alpha")


def write_ome_zarr(
    image: ImageToSave,
    path: Path,
    *,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
) -> Path:
    """Write an image as a folder of OME-Zarr; return its path. See `save_image`.

    The colours of a picture are channels, as OME-Zarr has no others.
    """
    if path.exists():
        raise DownloadError(f"{path.name} is there already")
    require_room(path, image.nbytes)
    temporary = path.parent / f".{secrets.token_hex(8)}.idr-part"
    try:
        group = zarr.open_group(str(temporary), mode="w-", zarr_format=2)
        shapes = level_shapes(image.size_y, image.size_x)
        for number, shape in enumerate(shapes):
            array = _array(group, image, str(number), shape)
            if number == 0:
                _write_pixels(image, array, progress, cancel)
            else:
                _halve(group[str(number - 1)], array, cancel)
        group.attrs.update(_attributes(image, shapes))
        cancel.check()
        temporary.rename(path)
    except OSError as error:
        reason = error.strerror or "the disk refuses it"
        raise DownloadError(f"{path.name} can't be written: {reason}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return path


def _array(group: Any, image: ImageToSave, name: str, shape: tuple[int, int]) -> Any:
    channels = image.size_c * image.samples
    chunk = tuple(min(side, CHUNK_PX) for side in shape)
    return group.create_array(
        name,
        shape=(image.size_t, channels, image.size_z, *shape),
        chunks=(1, 1, 1, *chunk),
        dtype=image.dtype,
        chunk_key_encoding={"name": "v2", "separator": "/"},
        fill_value=0,
    )


def _write_pixels(
    image: ImageToSave,
    array: Any,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
) -> None:
    step, done = image.strip_rows(array.chunks[-2]), 0
    for t, c, z in np.ndindex(image.size_t, image.size_c, image.size_z):
        for y0 in range(0, image.size_y, step):
            cancel.check()
            y1 = min(y0 + step, image.size_y)
            strip = image.read(t, c, z, y0, y1, cancel=cancel)
            if image.samples > 1:
                for sample in range(image.samples):
                    array[t, sample, z, y0:y1] = strip[..., sample]
            else:
                array[t, c, z, y0:y1] = strip
            done += (y1 - y0) * image.row_bytes
            progress(done, image.nbytes)


def _halve(large: Any, small: Any, cancel: CancelToken) -> None:
    """Fill a level with the means of two by two px of the level before."""
    rows = small.chunks[-2]
    for t, c, z in np.ndindex(*small.shape[:3]):
        for y0 in range(0, small.shape[-2], rows):
            cancel.check()
            y1 = min(y0 + rows, small.shape[-2])
            small[t, c, z, y0:y1] = halved(large[t, c, z, 2 * y0 : 2 * y1])


def _attributes(image: ImageToSave, shapes: list[tuple[int, int]]) -> dict[str, Any]:
    """Return the metadata of the group: ngff.openmicroscopy.org/0.4."""
    has_size = image.pixel_um[1] is not None and image.pixel_um[2] is not None
    unit = {"unit": "micrometer"} if has_size else {}
    z, y, x = (size or 1.0 for size in image.pixel_um)
    return {
        "multiscales": [
            {
                "version": "0.4",
                "name": image.name,
                "axes": [
                    {"name": "t", "type": "time"},
                    {"name": "c", "type": "channel"},
                    *({"name": a, "type": "space", **unit} for a in "zyx"),
                ],
                "datasets": [
                    {
                        "path": str(number),
                        "coordinateTransformations": [
                            {
                                "type": "scale",
                                "scale": [1.0, 1.0, z, y * 2**number, x * 2**number],
                            }
                        ],
                    }
                    for number in range(len(shapes))
                ],
                "type": "mean",
            }
        ],
        "omero": {
            "version": "0.4",
            "name": image.name,
            "channels": _channels(image),
            "rdefs": {"model": "color", "defaultT": 0, "defaultZ": image.size_z // 2},
        },
        "_creator": {"name": "napari-idr", "version": __version__},
        **({} if image.origin is None else {NAMESPACE: dict(image.origin)}),
    }


def _channels(image: ImageToSave) -> list[dict[str, object]]:
    if image.dtype.kind in "iu":
        told = np.iinfo(image.dtype)  # type: ignore[type-var]
        least, most = float(told.min), float(told.max)
    else:
        least, most = 0.0, 1.0
    names = [one.name for one in image.channels]
    colors = [one.color or "FFFFFF" for one in image.channels]
    windows = [one.window or (least, most) for one in image.channels]
    if image.samples > 1:
        count = image.samples
        names, colors = list(RGB_NAMES[:count]), list(RGB[:count])
        windows = [(least, most)] * count
    return [
        {
            "label": name,
            "color": color,
            "active": color != RGB[3] or image.samples < 4,
            "coefficient": 1,
            "family": "linear",
            "inverted": False,
            "window": {
                "min": min(least, start),
                "max": max(most, end),
                "start": start,
                "end": end,
            },
        }
        for name, color, (start, end) in zip(names, colors, windows, strict=True)
    ]
