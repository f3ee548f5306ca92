"""How each image is written as OME-Zarr: version, axes, compressor, oddities."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote

from napari_idr.demo.world import Image

Version = Literal["0.1", "0.2", "0.3", "0.4", "0.5"]
Compressor = Literal["blosc", "zstd", "gzip"]
Omero = Literal["full", "absurd", "none"]
"""Channels and windows; windows that are NaN, reversed or far outside; no block."""
Fault = Literal["attributes", "level", "chunk", "gone"]
"""Attributes that aren't JSON; a level, a chunk, or everything that isn't there."""

PREFIX = "zarr/"
"""Paths of images that this site serves itself begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one image is written.

    Parameters
    ----------
    axes
        Letters in the order of the array; sizes of the others are 1.
    chunk_px
        Side of a chunk in y and x; other axes have chunks of one.
    shard_chunks
        How many chunks along y and x make a shard; 0 where there are no shards.
    scaled
        Whether the levels say their scale.
    translated
        Whether they also say that a coarser level's first pixel lies elsewhere.
    units
        Whether the axes of space and time say their unit.
    root
        Whether the path is a bioformats2raw root, with the image in ``0/``.
    """

    version: Version
    axes: str = "tczyx"
    compressor: Compressor | None = "blosc"
    chunk_px: int = 256
    shard_chunks: int = 0
    big_endian: bool = False
    omero: Omero = "full"
    scaled: bool = True
    translated: bool = False
    units: bool = True
    labels: bool = False
    root: bool = False
    fault: Fault | None = None

    @property
    def format(self) -> Literal[2, 3]:
        """The zarr format of this version."""
        return 3 if self.version == "0.5" else 2

    @property
    def separator(self) -> str:
        """What stands between the numbers of a chunk's key."""
        return "." if self.version == "0.1" else "/"


SAMPLES: Mapping[int, Recipe] = MappingProxyType(
    {
        9601: Recipe(version="0.1", big_endian=True, chunk_px=64),
        9602: Recipe(version="0.2", compressor="zstd", chunk_px=64),
        9603: Recipe(version="0.3", axes="czyx", compressor="gzip", chunk_px=64),
        9611: Recipe(
            version="0.4", axes="yx", compressor=None, chunk_px=64, omero="none"
        ),
        9612: Recipe(
            version="0.4", axes="cyx", compressor="zstd", chunk_px=64, scaled=False
        ),
        9613: Recipe(version="0.4", axes="zyx", compressor="gzip", chunk_px=64),
        9614: Recipe(
            version="0.4", axes="czyx", big_endian=True, chunk_px=64,
            translated=True, labels=True,
        ),
        9615: Recipe(version="0.4", compressor="blosc", chunk_px=64),
        9616: Recipe(version="0.4", axes="tyx", chunk_px=64, units=False),
        9617: Recipe(version="0.4", axes="cyx", chunk_px=64, root=True),
        9618: Recipe(version="0.4", axes="cyx", chunk_px=512, omero="absurd"),
        9621: Recipe(version="0.5", axes="yx", compressor=None, chunk_px=64),
        9622: Recipe(
            version="0.5", axes="cyx", compressor="zstd", chunk_px=32, shard_chunks=2
        ),
        9623: Recipe(
            version="0.5", axes="zyx", compressor="gzip", chunk_px=32, shard_chunks=4
        ),
        9624: Recipe(
            version="0.5", axes="czyx", chunk_px=32, shard_chunks=2, labels=True
        ),
        9625: Recipe(
            version="0.5", compressor="gzip", chunk_px=64, translated=True
        ),
        9626: Recipe(version="0.5", axes="cyx", chunk_px=64, root=True),
        9631: Recipe(version="0.4", axes="cyx", chunk_px=64, fault="attributes"),
        9632: Recipe(version="0.4", axes="cyx", chunk_px=64, fault="level"),
        9633: Recipe(version="0.5", axes="cyx", chunk_px=64, fault="chunk"),
        9634: Recipe(version="0.5", axes="cyx", fault="gone"),
    }
)  # fmt: skip
"""The recipes of the sample project, by image id."""

FORMS: tuple[Compressor, ...] = ("blosc", "zstd", "gzip")


def recipe_of(image: Image) -> Recipe:
    """Return how an image is written: a sample's own way, or by its path and sizes.

    >>> from napari_idr.demo.studies.stains import DAPI
    >>> image = Image(id=1, name="a", size_t=3, channels=(DAPI,))
    >>> recipe = recipe_of(image)
    >>> recipe.version, recipe.axes, recipe.compressor
    ('0.4', 'tyx', 'zstd')
    """
    if image.id in SAMPLES:
        return SAMPLES[image.id]
    sizes = {"t": image.size_t, "c": image.size_c, "z": image.size_z}
    new = "/v0.5/" in (image.zarr or "")
    return Recipe(
        version="0.5" if new else "0.4",
        axes="".join(axis for axis, size in sizes.items() if size > 1) + "yx",
        compressor=FORMS[image.id % 3],
        chunk_px=512 if image.levels > 1 else 256,
        shard_chunks=2 if new else 0,
    )


def lsid(image: Image, site_url: str) -> str | None:
    """Return what `externalInfo` says of an image: a URL, or a path on the server.

    >>> lsid(Image(id=1, name="a", zarr="zarr/v0.4/a b.zarr"), "http://127.0.0.1:9")
    'http://127.0.0.1:9/zarr/v0.4/a%20b.zarr'
    """
    if image.zarr is None or not image.zarr.startswith(PREFIX):
        return image.zarr
    return f"{site_url}/{quote(image.zarr)}"


def axes_node(recipe: Recipe) -> list[object]:
    """Return the axes as metadata; before 0.4 they are letters."""
    if recipe.version == "0.3":
        return list(recipe.axes)
    kinds = {"t": "time", "c": "channel"}
    units = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
    return [
        {"name": axis, "type": kinds.get(axis, "space")}
        | ({"unit": units[axis]} if recipe.units and axis in units else {})
        for axis in recipe.axes
    ]


def transformations(image: Image, recipe: Recipe, level: int) -> list[object]:
    """Return scale and translation of a level, in micrometres and seconds."""
    if not recipe.scaled:
        return []
    x_um, y_um, z_um = (size or 1.0 for size in image.pixel_size_um)
    zoom = 2**level
    step = {"z": z_um, "y": y_um * zoom, "x": x_um * zoom}
    found: list[object] = [
        {"type": "scale", "scale": [step.get(axis, 1.0) for axis in recipe.axes]}
    ]
    if recipe.translated:
        away = {"y": y_um * (zoom - 1) / 2, "x": x_um * (zoom - 1) / 2}
        moved = [away.get(axis, 0.0) for axis in recipe.axes]
        found.append({"type": "translation", "translation": moved})
    return found


def omero_node(image: Image, recipe: Recipe) -> dict[str, object]:
    """Return the block with the channels' names, colours and windows."""
    nan = float("nan")
    absurd = ((nan, nan), (5000.0, -5000.0), (1e9, 2e9))
    channels = []
    for index, channel in enumerate(image.channels):
        start, end = channel.start, channel.end
        if recipe.omero == "absurd":
            start, end = absurd[index % len(absurd)]
        channels.append(
            {
                "active": channel.active,
                "coefficient": 1,
                "color": channel.color,
                "family": "linear",
                "inverted": False,
                "label": channel.name if channel.name is not None else str(index),
                "window": {
                    "min": channel.minimum,
                    "max": channel.maximum,
                    "start": start,
                    "end": end,
                },
            }
        )
    return {
        "id": image.id,
        "name": image.name,
        "channels": channels,
        "rdefs": {"defaultT": 0, "defaultZ": image.size_z // 2, "model": "color"},
    }


def plane_axes(recipe: Recipe) -> str:
    """Return the axes of a label image: those of the image but the channels.

    >>> plane_axes(Recipe(version="0.4", axes="czyx"))
    'zyx'
    """
    return recipe.axes.replace("c", "")
