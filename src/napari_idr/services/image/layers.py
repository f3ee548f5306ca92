"""Layer specifications of an image: data and keyword arguments for napari."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_idr.model import Channel, PixelSource, complete_channels
from napari_idr.services.image.pixel_source import name_suffix
from napari_idr.services.plain_text import plain_text
from napari_idr.tiles.contrast import contrast_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.model import Image
    from napari_idr.services.image.metadata import Json

__all__ = [
    "LayerSpec",
    "LayerType",
    "axis_units",
    "channel_colormap",
    "image_axes",
    "image_layer_specs",
    "layer_title",
    "lut_notes",
    "named_channels",
    "pixel_scale",
    "short_name",
    "told_apart",
]

LayerType = Literal["image", "labels", "points", "shapes", "vectors"]

MAX_NAME = 48
"""Characters of an image's name that fit in napari's list of layers, and a bit."""

MAX_CHANNEL_NAME = 24

LUT_COLORMAPS = {
    **{
        name: name
        for name in ("cool", "hsv", "inferno", "magma", "plasma", "turbo", "twilight")
    },
    "viridis": "viridis",
    "gray": "gray",
    "grays": "gray",
    "grey": "gray",
    "hilo": "HiLo",
    "red_hot": "hot",
    "spectrum": "hsv",
}
"""napari's names of the lookup tables that it has as well; its "fire" and "ice" are
others than those of ImageJ, which OMERO has."""

DRAWN_RANGE = (0.0, 255.0)
"""Of pixels that the server has already drawn within its window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """All that makes one layer: its data, its keyword arguments and its type."""

    layer_type: LayerType
    data: Any
    kwargs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the layer."""
        return str(self.kwargs["name"])

    def as_layer_data(self) -> tuple[Any, dict[str, Any], str]:
        """Return the tuple that napari's readers return and `Layer.create` takes."""
        return self.data, dict(self.kwargs), self.layer_type


def image_layer_specs(
    image: Image,
    *,
    source: PixelSource,
    arrays: Sequence[Any],
    metadata: Mapping[str, Json],
    rgb: bool = False,
    projected: bool = False,
    samples: Sequence[NDArray[np.generic] | None] = (),
) -> tuple[LayerSpec, ...]:
    """Return one layer for each channel, or one for a colour picture.

    Parameters
    ----------
    image
        What is known of the image.
    source
        What the arrays hold; it ends the name of each layer.
    arrays
        For each channel an array, or a list of arrays from the largest level to the
        smallest. Their axes are those of `image_axes`, or only (y, x) where one
        plane is all there is; with `rgb`, one array with colours as its last axis.
        Where their size differs from the image's (a thumbnail), the layer is
        stretched over the image's own extent.
    metadata
        Of `idr_metadata`; each layer gets a copy that also names its channel.
    rgb
        Whether `arrays` is one colour picture.
    projected
        Whether they are the maximum over z; the names tell.
    samples
        Pixels of each channel that are in memory, for the contrast limits; may be
        shorter than `arrays`.

    Raises
    ------
    ValueError
        The arrays don't fit the image.
    """
    if not arrays or (rgb and len(arrays) != 1):
        raise ValueError(f"{len(arrays)} arrays don't make the layers of an image")
    channels = named_channels(image, len(arrays))
    shown = replace(image, channels=tuple(channels)).shown_channels
    suffix = name_suffix(source, projected=projected)
    title = layer_title(image, metadata)
    names = [
        f"{title} {suffix}" if rgb else f"{title} · {channel.name} {suffix}"
        for channel in channels
    ]
    specs = []
    for index, (array, channel, name) in enumerate(
        zip(arrays, channels, _unique(names), strict=True)
    ):
        levels = list(array) if isinstance(array, list | tuple) else [array]
        kwargs: dict[str, Any] = {
            "name": name,
            **_placement(image, levels[0], rgb=rgb),
            "multiscale": len(levels) > 1,
            "rgb": rgb,
            "projection_mode": "none",
        }
        if rgb:
            kwargs |= {"blending": "translucent_no_depth", "visible": True}
        else:
            sample = samples[index] if index < len(samples) else None
            kwargs |= {
                "blending": "additive",
                "visible": index in shown,
                "colormap": channel_colormap(channel, greyscale=bool(image.greyscale)),
                "contrast_limits": _limits(channel, levels[0].dtype, source, sample),
            }
        kwargs["metadata"] = {
            "idr": {
                **metadata,
                "channel": None if rgb else {"index": index, "name": channel.name},
            }
        }
        data = levels if len(levels) > 1 else levels[0]
        specs.append(LayerSpec(layer_type="image", data=data, kwargs=kwargs))
    return tuple(specs)


def image_axes(image: Image) -> tuple[str, ...]:
    """Return the axes of a channel's array: t and z only where there are several.

    A time series keeps its one z: napari compares axes from the last to the first,
    so time would stand beside the depth of other images, which has another unit.

    >>> from napari_idr.model import Image
    >>> image_axes(Image(id=1, name="", size_x=9, size_y=9, size_z=5, pixel_type=""))
    ('z', 'y', 'x')
    """
    return (
        *(("t",) if image.size_t > 1 else ()),
        *(("z",) if image.size_z > 1 or image.size_t > 1 else ()),
        "y",
        "x",
    )


def pixel_scale(image: Image, axes: Sequence[str]) -> tuple[list[float], str]:
    """Return the size of a pixel along each axis, and the unit of them all.

    The unit is "um" where the size in the plane is known, else "pixel" with sizes
    of 1. A distance between planes that isn't known is 1, and so is a step in time,
    whose unit is always "pixel".

    >>> from napari_idr.model import Image
    >>> image = Image(id=1, name="", size_x=9, size_y=9, size_z=5, pixel_type="",
    ...     pixel_size_x_um=0.5, pixel_size_y_um=0.5)
    >>> pixel_scale(image, "zyx")
    ([1.0, 0.5, 0.5], 'um')
    """
    size_x, size_y = image.pixel_size_x_um, image.pixel_size_y_um
    if not (_is_length(size_x) and _is_length(size_y)):
        return [1.0] * len(axes), "pixel"
    size_z = image.pixel_size_z_um if _is_length(image.pixel_size_z_um) else 1.0
    sizes = {"t": 1.0, "z": size_z, "y": size_y, "x": size_x}
    return [float(sizes[axis] or 1.0) for axis in axes], "um"


def axis_units(axes: Sequence[str], unit: str) -> list[str]:
    """Return the unit of each axis for napari.

    Layers whose units differ on one axis can't be compared, so time, for which
    napari has no unit of its own (a frame is no second), stays in "pixel".

    >>> axis_units("tyx", "um")
    ['pixel', 'um', 'um']
    """
    return ["pixel" if axis == "t" else unit for axis in axes]


def channel_colormap(channel: Channel, *, greyscale: bool = False) -> str:
    """Return a channel's colour or lookup table as napari spells it.

    "gray" for all that is none; a lookup table that napari hasn't is its colour.

    >>> channel_colormap(Channel(name="DAPI", color="0000ff"))
    '#0000FF'
    >>> channel_colormap(Channel(color="808080")), channel_colormap(Channel())
    ('gray', 'gray')
    >>> channel_colormap(Channel(color="FF0000", lut="cool.lut"))
    'cool'
    """
    if channel.lut is not None and not greyscale and (found := _lut_colormap(channel)):
        return found
    color = (channel.color or "").removeprefix("#").upper()[:6]
    is_hex = len(color) == 6 and all(digit in string.hexdigits for digit in color)
    if greyscale or not is_hex or color[0:2] == color[2:4] == color[4:6]:
        return "gray"
    return f"#{color}"


def lut_notes(image: Image) -> tuple[str, ...]:
    """Name the lookup tables of an image that napari hasn't.

    >>> from napari_idr.model import Image
    >>> image = Image(id=1, name="", size_x=9, size_y=9, pixel_type="",
    ...     channels=(Channel(name="DNA", color="FF0000", lut="glow.lut"),))
    >>> lut_notes(image)
    ('The archive shows DNA with the lookup table glow.lut, which napari lacks.',)
    """
    if image.greyscale:  # no table is used
        return ()
    channels = named_channels(image, len(image.channels))
    return tuple(
        f"The archive shows {channel.name} with the lookup table {channel.lut}, "
        "which napari lacks."
        for channel in channels
        if channel.lut is not None and _lut_colormap(channel) is None
    )


def _lut_colormap(channel: Channel) -> str | None:
    name = (channel.lut or "").lower().removesuffix(".lut")
    return LUT_COLORMAPS.get(name.replace("-", "_").replace(" ", "_"))


def short_name(text: str, length: int) -> str:
    r"""Return text as `plain_text` does, cut in its middle.

    The end of a name often tells the well or the field, so both ends are kept.

    >>> short_name("plate 1\n[Well C7]", 30), short_name("abcdefghij", 7)
    ('plate 1 [Well C7]', 'abc…hij')
    """
    plain = plain_text(text)
    if len(plain) <= length:
        return plain
    head = length // 2
    tail = length - head - 1
    return f"{plain[:head].rstrip()}…{plain[-tail:].lstrip()}"


def layer_title(image: Image, metadata: Mapping[str, Json]) -> str:
    """Return what the names of an image's layers begin with.

    What differs between images comes first: a list of layers cuts off the end. That
    is the well and what it holds, or the name of an image that is of no well.

    >>> from napari_idr.model import Image
    >>> image = Image(id=7, name="", size_x=9, size_y=9, pixel_type="")
    >>> layer_title(image, {"title": "C4 · CDC20"}), layer_title(image, {})
    ('C4 · CDC20', 'Image 7')
    """
    title = metadata.get("title") or image.name
    return short_name(str(title), MAX_NAME) or f"Image {image.id}"


def told_apart(name: str, taken: Collection[str], origin: str | None) -> str:
    """Return the name of a layer; one that is taken also tells where it comes from.

    >>> told_apart("C4 · DAPI [raw]", ["C4 · DAPI [raw]"], "Plate 7")
    'C4 · DAPI · Plate 7 [raw]'
    >>> told_apart("C4 · DAPI [raw]", ["D5 · DAPI [raw]"], "Plate 7")
    'C4 · DAPI [raw]'
    """
    if name not in taken or not origin:
        return name
    stem, _, suffix = name.rpartition(" [")
    return f"{stem} · {short_name(origin, MAX_CHANNEL_NAME)} [{suffix}"


def named_channels(image: Image, count: int) -> list[Channel]:
    """Return as many channels as there are arrays, each with a name.

    Here, where nothing else can tell more, what nobody has told is filled in: a
    nameless one is called by its wavelength, else by its number.
    """
    channels = complete_channels(count, image.channels[:count])
    return [
        replace(one, name=short_name(one.name, MAX_CHANNEL_NAME) or _number(index, one))
        for index, one in enumerate(channels)
    ]


def _number(index: int, channel: Channel) -> str:
    if channel.emission_nm is not None and channel.emission_nm > 0:
        return f"{channel.emission_nm:g} nm"
    return f"channel {index + 1}"


def _unique(names: Sequence[str]) -> list[str]:
    """Tell equal names apart by a number, as in "DAPI (2) [raw]"."""
    found: list[str] = []
    for name in names:
        stem, _, suffix = name.rpartition(" [")
        unique, count = name, 1
        while unique in found:
            count += 1
            unique = f"{stem} ({count}) [{suffix}"
        found.append(unique)
    return found


def _placement(image: Image, array: Any, *, rgb: bool) -> dict[str, Any]:
    """Return scale, translation, units and labels of the axes of an array."""
    shape = tuple(array.shape[:-1] if rgb else array.shape)
    axes = image_axes(image)
    if len(shape) == 2:
        axes = ("y", "x")
    if len(shape) != len(axes):
        raise ValueError(f"an array of shape {array.shape} has no axes {axes}")
    scale, unit = pixel_scale(image, axes)
    translate = [0.0] * len(axes)
    for axis, full in ((-2, image.size_y), (-1, image.size_x)):
        factor = full / shape[axis] if full and shape[axis] else 1.0
        translate[axis] = scale[axis] * (factor - 1.0) / 2.0
        scale[axis] *= factor
    return {
        "scale": scale,
        "translate": translate,
        "units": axis_units(axes, unit),
        "axis_labels": list(axes),
    }


def _limits(
    channel: Channel,
    dtype: np.dtype[np.generic],
    source: PixelSource,
    sample: NDArray[np.generic] | None,
) -> tuple[float, float]:
    if source is not PixelSource.RAW and dtype == np.uint8:
        return DRAWN_RANGE
    return contrast_limits(channel.window, dtype, sample)


def _is_length(size: float | None) -> bool:
    return size is not None and np.isfinite(size) and size > 0
