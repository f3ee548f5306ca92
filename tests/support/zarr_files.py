"""OME-Zarrs of a few px, written for one test."""

from __future__ import annotations

import numpy as np
import zarr

from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr.reader import open_zarr
from napari_idr.cancel import NEVER
from napari_idr.model import Image, ImageId
from support.storage import object_storage

SIZES = {"t": 2, "c": 3, "z": 5, "y": 70, "x": 90}
UNITS = {"t": "second", "z": "nanometer", "y": "micrometer", "x": "micrometer"}
TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def values(letters: str, dtype: str = "u2") -> np.ndarray:
    """Every pixel tells where it is."""
    shape = [SIZES[letter] for letter in letters]
    return (np.arange(np.prod(shape)) % 251).reshape(shape).astype(dtype)


def metadata(letters: str, version: str, paths: list[str], name: str = "") -> dict:
    axes: list = [
        {"name": a, "type": TYPES[a], **({"unit": UNITS[a]} if a in UNITS else {})}
        for a in letters
    ]
    datasets = []
    for k, path in enumerate(paths):
        scale = [
            0.5 * 2**k if a in "yx" else 200.0 if a == "z" else 1.0 for a in letters
        ]
        datasets.append(
            {
                "path": path,
                "coordinateTransformations": [{"type": "scale", "scale": scale}],
            }
        )
    image: dict = {"datasets": datasets, "axes": axes, "name": name}
    if version in ("0.1", "0.2"):
        del image["axes"]
    if version == "0.3":
        image["axes"] = list(letters)
    if version < "0.4":
        image["datasets"] = [{"path": path} for path in paths]
    if version < "0.5":
        image["version"] = version
        return {"multiscales": [image]}
    return {"ome": {"version": version, "multiscales": [image]}}


def write(
    root,
    array: np.ndarray,
    letters: str,
    *,
    version: str = "0.4",
    levels: int = 1,
    chunk: int = 32,
    deep: bool = False,
    **storing,
):
    """Write an image; level k has every 2**k-th pixel.

    A chunk has one plane, or all of a stack where it is `deep`.
    """
    third = version == "0.5"
    group = zarr.open_group(root, mode="w", zarr_format=3 if third else 2)
    group.attrs.update(metadata(letters, version, [str(k) for k in range(levels)]))
    for k in range(levels):
        step = tuple(slice(None, None, 2**k if a in "yx" else 1) for a in letters)
        part = array[step]
        if not third:
            separator = "." if version == "0.1" else "/"
            storing["chunk_key_encoding"] = {"name": "v2", "separator": separator}
        made = group.create_array(
            str(k),
            shape=part.shape,
            dtype=part.dtype,
            chunks=tuple(
                chunk if a in "yx" else SIZES[a] if deep else 1 for a in letters
            ),
            **storing,
        )
        made[...] = part
    return group


def image(**known) -> Image:
    sizes = {"size_x": 90, "size_y": 70, "pixel_type": "uint16"}
    return Image(**{"id": ImageId(7), "name": "seven", **sizes, **known})


def opened(objects, **known):
    return open_zarr(image(**known), objects.url, object_storage(), cancel=NEVER)


def plane(reader, level=0, c=0, z=0, t=0):
    height, width = reader.levels[level].shape
    region = PixelRegion(level=level, c=c, z=z, t=t, y0=0, y1=height, x0=0, x1=width)
    return reader.read(region, cancel=NEVER)
