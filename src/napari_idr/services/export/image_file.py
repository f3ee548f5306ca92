"""An image that is to be written into a file: its axes, channels, sizes and origin."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from napari_idr.api import PixelRegion
from napari_idr.errors import PixelDataError
from napari_idr.services.image.layers import named_channels
from napari_idr.tiles import canvas_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import PixelReader
    from napari_idr.cancel import CancelToken
    from napari_idr.services.image.metadata import Json

__all__ = [
    "ASKED_BYTES",
    "ImageToSave",
    "SavedChannel",
    "image_of_layers",
    "image_of_reader",
]

ASKED_BYTES: Final = 2 * 10**9
"""Larger files are written after a yes: they take minutes, and much of a disk."""

STRIP_BYTES: Final = 32 * 2**20
"""About how much is read at once: a few tiles high, and little beside the program."""

UNITS_UM: Final = {
    **dict.fromkeys(("micrometer", "micron", "um", "µm", "μm"), 1.0),
    **dict.fromkeys(("nanometer", "nm"), 1e-3),
    **dict.fromkeys(("angstrom", "Å"), 1e-4),
    **dict.fromkeys(("millimeter", "mm"), 1e3),
    **dict.fromkeys(("centimeter", "cm"), 1e4),
    **dict.fromkeys(("meter", "m"), 1e6),
}
"""Units of length in µm, as pint and people spell them."""

DEFAULT_AXES: Final = ("y", "x"), ("z", "y", "x"), ("t", "z", "y", "x")
FULL_AXES: Final = ("t", "c", "z", "y", "x")


class ReadStrip(Protocol):
    """Reads rows of one plane of one channel, from `y0` to `y1`, over all its width."""

    def __call__(
        self, t: int, c: int, z: int, y0: int, y1: int, *, cancel: CancelToken
    ) -> NDArray[np.generic]:
        """Return (y, x), or (y, x, colours) of a colour picture."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedChannel:
    """A channel: its name, its "RRGGBB" and its contrast limits, None if not known."""

    name: str
    color: str | None = None
    window: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class ImageToSave:
    """An image that is to be written, read strip by strip.

    Attributes
    ----------
    name
        What it is called.
    size_t, size_c, size_z, size_y, size_x
        Its size; of a colour picture `size_c` is 1.
    samples
        How many colours a px has: 3 or 4 of a colour picture, else 1.
    dtype
        The type of its numbers.
    channels
        One for each channel.
    pixel_um
        The size of a px along (z, y, x), None where it isn't known.
    origin
        Where it comes from, as `layer.metadata["idr"]`; None for a person's own.
    read
        Reads it.
    rows
        A strip of a multiple of so many rows wastes no request.
    """

    name: str
    size_t: int = 1
    size_c: int = 1
    size_z: int = 1
    size_y: int
    size_x: int
    samples: int = 1
    dtype: np.dtype[np.generic]
    channels: tuple[SavedChannel, ...]
    pixel_um: tuple[float | None, float | None, float | None] = (None, None, None)
    origin: Mapping[str, Json] | None = None
    read: ReadStrip = field(repr=False)
    rows: int = 256

    @property
    def nbytes(self) -> int:
        """What its pixels take, as they are."""
        planes = self.size_t * self.size_c * self.size_z
        return planes * self.size_y * self.row_bytes

    @property
    def row_bytes(self) -> int:
        """What a row of a plane takes."""
        return self.size_x * self.samples * self.dtype.itemsize

    def strip_rows(self, multiple: int) -> int:
        """Return how many rows are read at once: a multiple of a tile's height."""
        step = math.lcm(multiple, self.rows)
        if step * self.row_bytes > 4 * STRIP_BYTES:
            step = multiple
        fitting = STRIP_BYTES // max(1, step * self.row_bytes)
        return step * max(1, fitting)


def image_of_reader(
    reader: PixelReader, origin: Mapping[str, Json] | None
) -> ImageToSave:
    """Return all channels, planes and times of an image of the archive, to be written.

    What is drawn by the server is written as it is drawn, and its channels have no
    windows then: they would be of other numbers.
    """
    image = reader.image
    count = 1 if reader.rgb else image.size_c
    is_stored = reader.source == "raw"

    def read(
        t: int, c: int, z: int, y0: int, y1: int, *, cancel: CancelToken
    ) -> NDArray[np.generic]:
        region = PixelRegion(c=c, z=z, t=t, y0=y0, y1=y1, x0=0, x1=width)
        return reader.read(region, cancel=cancel)

    height, width = reader.levels[0].shape
    factor_y = image.size_y / height if height else 1.0
    factor_x = image.size_x / width if width else 1.0
    return ImageToSave(
        name=image.name or f"Image {image.id}",
        size_t=image.size_t,
        size_c=count,
        size_z=image.size_z,
        size_y=height,
        size_x=width,
        samples=3 if reader.rgb else 1,
        dtype=reader.dtype,
        channels=tuple(
            SavedChannel(
                name=one.name,
                color=one.color,
                window=(one.window.start, one.window.end)
                if one.window is not None and is_stored
                else None,
            )
            for one in named_channels(image, count)
        ),
        pixel_um=(
            image.pixel_size_z_um,
            _times(image.pixel_size_y_um, factor_y),
            _times(image.pixel_size_x_um, factor_x),
        ),
        origin=origin,
        read=read,
        rows=reader.levels[0].chunk[0],
    )


def image_of_layers(
    layers: Sequence[tuple[Any, Mapping[str, Any], str]],
) -> ImageToSave:
    """Return layers of images, a channel each, as one image to be written.

    Of several levels the largest is written, of a plate the mosaic of its thumbnails.
    Axes go by their labels; without such the last are y and x, before them z and then
    t. Of five axes the second is that of channels.

    Parameters
    ----------
    layers
        Data, attributes and type of each, as napari's writers are given them.

    Raises
    ------
    PixelDataError
        They don't make one image: sizes or axes differ, there are too many axes, no
        pixels, or colours beside intensities.
    """
    if not layers:
        raise PixelDataError("there are no layers to save")
    parts = [_Part.of(data, meta) for data, meta, _ in layers]
    first = parts[0]
    if any(not one.channels or not all(one.sizes) for one in parts):
        raise PixelDataError("a layer without pixels can't be saved")
    if len(parts) > 1:
        if any(one.sizes != first.sizes for one in parts):
            raise PixelDataError(
                "the layers differ in size, and make no image of several channels; "
                "save them one by one"
            )
        if any(one.samples > 1 or one.channels > 1 for one in parts):
            raise PixelDataError(
                "layers of colours or with an axis of channels can't be channels of "
                "an image; save them one by one"
            )
    dtype = _common_dtype([one.dtype for one in parts])
    channels = [
        replace(one, name=name)
        for part in parts
        for one, name in zip(part.saved, part.names, strict=True)
    ]

    def read(
        t: int, c: int, z: int, y0: int, y1: int, *, cancel: CancelToken
    ) -> NDArray[np.generic]:
        cancel.check()
        part = parts[c] if len(parts) > 1 else first
        return part.read(t, c if len(parts) == 1 else 0, z, y0, y1).astype(
            dtype, copy=False
        )

    size_t, size_z, size_y, size_x = first.sizes
    title = first.title if len(parts) > 1 else first.name
    return ImageToSave(
        name=title,
        size_t=size_t,
        size_c=len(channels),
        size_z=size_z,
        size_y=size_y,
        size_x=size_x,
        samples=first.samples,
        dtype=dtype,
        channels=tuple(channels),
        pixel_um=first.pixel_um,
        origin=first.origin,
        read=read,
        rows=first.rows,
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A layer, as what it is of an image."""

    data: Any
    axes: tuple[str, ...]
    samples: int
    name: str
    meta: Mapping[str, Any]
    dtype: np.dtype[np.generic]
    stretch: tuple[float, float]

    @classmethod
    def of(cls, data: Any, meta: Mapping[str, Any]) -> _Part:
        rgb = bool(meta.get("rgb"))
        stretch = (1.0, 1.0)
        if meta.get("multiscale"):
            levels = list(data)
            data = levels[canvas_level(levels) or 0] if _is_ours(levels) else levels[0]
            full = levels[0].shape
            end = -1 if rgb else None
            y, x = (
                whole / part
                for whole, part in zip(
                    full[:end][-2:], data.shape[:end][-2:], strict=True
                )
            )
            stretch = (y, x)
        if not hasattr(data, "shape") or not hasattr(data, "dtype"):
            data = np.asarray(data)
        shape = tuple(data.shape)
        samples = shape[-1] if rgb else 1
        axes = _axes(shape[:-1] if rgb else shape, meta.get("axis_labels"))
        return cls(
            data=data,
            axes=axes,
            samples=samples,
            name=str(meta.get("name") or "image"),
            meta=meta,
            dtype=_storable(np.dtype(data.dtype)),
            stretch=stretch,
        )

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        t, z, y, x = (self._size(axis) for axis in "tzyx")
        return t, z, y, x

    @property
    def channels(self) -> int:
        return self._size("c")

    def _size(self, axis: str) -> int:
        place = self.axes.index(axis) if axis in self.axes else None
        return 1 if place is None else int(self.data.shape[place])

    @property
    def rows(self) -> int:
        """How many rows are read together: of lazy arrays that of their chunks."""
        chunks = getattr(self.data, "chunks", None)
        try:
            told = chunks[self.axes.index("y")] if chunks else 0
            told = max(told) if isinstance(told, tuple) else told
        except (IndexError, TypeError, ValueError):
            told = 0
        return int(told) if 0 < int(told or 0) <= self._size("y") else 256

    @property
    def saved(self) -> tuple[SavedChannel, ...]:
        limits = self.meta.get("contrast_limits")
        window = None if limits is None else (float(limits[0]), float(limits[1]))
        one = SavedChannel(
            name="",
            color=None if self.samples > 1 else _color(self.meta.get("colormap")),
            window=None if self.samples > 1 else window,
        )
        return (one,) * self.channels

    @property
    def names(self) -> tuple[str, ...]:
        """What its channels are called: ours by the channel, others by the layer."""
        if self.channels > 1:
            return tuple(f"channel {n + 1}" for n in range(self.channels))
        told = (self.origin or {}).get("channel")
        name = told.get("name") if isinstance(told, dict) else None
        return (str(name or self.name),)

    @property
    def title(self) -> str:
        """What the image is called that it is a channel of."""
        image = (self.origin or {}).get("image")
        name = image.get("name") if isinstance(image, dict) else None
        return str(name or self.name)

    @property
    def origin(self) -> Mapping[str, Json] | None:
        found = (self.meta.get("metadata") or {}).get("idr")
        return found if isinstance(found, dict) else None

    @property
    def pixel_um(self) -> tuple[float | None, float | None, float | None]:
        """The size of a px along z, y and x, None where the unit is no length."""
        ndim = len(self.axes)
        scale = list(self.meta.get("scale") or [1.0] * ndim)
        units = self.meta.get("units")
        listed = list(units) if isinstance(units, tuple | list) else [units] * ndim
        found: dict[str, float | None] = {}
        for axis, step, unit in zip(self.axes, scale, listed, strict=False):
            factor = UNITS_UM.get(str(unit))
            found[axis] = None if factor is None else abs(float(step)) * factor
        y, x = self.stretch
        return (
            found.get("z"),
            _times(found.get("y"), y),
            _times(found.get("x"), x),
        )

    def read(self, t: int, c: int, z: int, y0: int, y1: int) -> NDArray[np.generic]:
        """Wait for rows of a plane."""
        places = {"t": t, "c": c, "z": z}
        key: list[int | slice] = [
            places[axis] if axis in places else slice(None) for axis in self.axes
        ]
        y, x = self.axes.index("y"), self.axes.index("x")
        key[y] = slice(y0, y1)
        found = np.asarray(self.data[tuple(key)])
        return found if y < x else np.swapaxes(found, 0, 1)


def _axes(shape: tuple[int, ...], labels: object) -> tuple[str, ...]:
    """Return which axis is which, by their labels if these say so.

    >>> _axes((3, 9, 9), ("t", "y", "x")), _axes((3, 9, 9), ("-3", "-2", "-1"))
    (('t', 'y', 'x'), ('z', 'y', 'x'))
    """
    if len(shape) < 2:
        raise PixelDataError(f"{len(shape)} axes make no image")
    told = tuple(str(one).strip().lower() for one in labels or ())  # type: ignore[attr-defined]
    known = {"time": "t", "channel": "c", "depth": "z"}
    told = tuple(known.get(one, one) for one in told)
    if (
        len(told) == len(shape)
        and len(set(told)) == len(told)
        and {"y", "x"} <= set(told) <= set(FULL_AXES)
    ):
        return told
    if len(shape) == len(FULL_AXES):
        return FULL_AXES
    if len(shape) > len(FULL_AXES):
        raise PixelDataError(
            f"{len(shape)} axes are more than t, c, z, y and x; save a part of them"
        )
    return DEFAULT_AXES[len(shape) - 2]


def _is_ours(levels: Sequence[object]) -> bool:
    from napari_idr.tiles import TiledArray

    return isinstance(levels[0], TiledArray)


def _storable(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Return the type in which numbers are written: files have no half floats.

    >>> _storable(np.dtype("float16")), _storable(np.dtype(">u2"))
    (dtype('float32'), dtype('uint16'))
    """
    if dtype == np.bool_:
        return np.dtype(np.uint8)
    if dtype == np.float16:
        return np.dtype(np.float32)
    if dtype.kind in "iu" and dtype.itemsize > 4:
        raise PixelDataError(
            "OME has no integers of 64 bits; convert the layer to 32 bits or to floats"
        )
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise PixelDataError(f"OME has no pixels of type {dtype}")
    return dtype.newbyteorder("=")


def _common_dtype(dtypes: Sequence[np.dtype[np.generic]]) -> np.dtype[np.generic]:
    """Return a type that holds the numbers of all; PixelDataError if there is none."""
    found = np.result_type(*dtypes)
    if not all(np.can_cast(one, found, "safe") for one in dtypes):
        raise PixelDataError("the layers have types of pixels that don't go together")
    return _storable(np.dtype(found))


def _color(colormap: object) -> str | None:
    """Return the colour at the bright end of a colormap, None for one of many colours.

    >>> _color({"colors": [[0, 0, 0, 1], [1, 0, 0, 1]]})
    'FF0000'
    """
    colors = colormap.get("colors") if isinstance(colormap, dict) else None
    if colors is None:
        colors = getattr(colormap, "colors", None)
    if colors is None or len(colors) == 0:
        return None
    last = [min(1.0, max(0.0, float(value))) for value in list(colors[-1])[:3]]
    return "".join(f"{round(255 * value):02X}" for value in last)


def _times(size: float | None, factor: float) -> float | None:
    return None if size is None else size * factor
