"""Regions of interest and label images of an open image, loaded as layers."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import IDRError
from napari_idr.model import PixelSource
from napari_idr.services.image.layers import (
    LayerSpec,
    axis_units,
    image_axes,
    layer_title,
    pixel_scale,
    short_name,
)
from napari_idr.services.regions.shapes import roi_layer_specs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, PixelReader
    from napari_idr.api.zarr.metadata import Label
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Image, Roi, ShapeId
    from napari_idr.services.image.metadata import Json
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.tiles import TiledImage

__all__ = ["ImageRois", "label_layer_spec", "load_regions"]

MAX_NAME = 36

MAX_LABELS = 10_000
"""Labels whose colours and properties are used; napari takes 0.4 s for so many, on the
GUI thread."""

OTHER_LABELS = "#808080FF"
NO_COLOR = "#00000000"

MAX_MASKS = 200
"""Masks whose bitmaps are asked for, each with a request; the others are frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRois:
    """Layers of what was drawn on an image.

    They must be closed. `labels` are label images with the arrays that serve them;
    `notes` says what couldn't be had. `region_count` and `label_count` are how many
    regions and label images the image has, None where that isn't known.
    """

    opened: OpenedImage
    specs: tuple[LayerSpec, ...] = ()
    labels: tuple[tuple[LayerSpec, TiledImage], ...] = ()
    notes: tuple[str, ...] = ()
    region_count: int | None = None
    label_count: int | None = None

    @property
    def message(self) -> str:
        """What was found, for the status."""
        count = len(self.specs) + len(self.labels)
        if not count and not self.notes:
            return "Nobody has drawn regions or labels on this image."
        layers = "1 layer" if count == 1 else f"{count} layers"
        return " ".join([f"{layers} of regions and labels.", *self.notes])

    def close(self) -> None:
        """Stop reading the label images, and forget them; it doesn't wait."""
        for _, tiled in self.labels:
            tiled.close()


def load_regions(
    client: IDRClient,
    opened: OpenedImage,
    view: Callable[[PixelReader], TiledImage],
    *,
    cancel: CancelToken,
) -> ImageRois:
    """Ask for the regions and label images of an image that is open.

    One kind that fails leaves a note, and the other is shown.

    Raises
    ------
    IDRError
        Neither could be had.
    Cancelled
        The token was cancelled; nothing is left open.
    """
    metadata = opened.metadata
    notes: list[str] = []
    failures: list[IDRError] = []
    specs: tuple[LayerSpec, ...] = ()
    labels: list[tuple[LayerSpec, TiledImage]] = []
    region_count = label_count = None
    try:
        found = client.rois(opened.image.id, cancel=cancel)
        region_count = len(found)
        bitmaps = load_bitmaps(client, found, cancel)
        whole = opened.image
        if opened.reader.source is PixelSource.THUMBNAIL:
            whole = opened.details.image
        drawn = roi_layer_specs(found, whole, metadata=metadata, bitmaps=bitmaps)
        specs = tuple(_laid_over(spec, whole, opened.image) for spec in drawn.specs)
        notes = [f"{note}." for note in drawn.notes]
    except IDRError as error:
        failures.append(error)
        notes.append(f"The regions didn't come: {error.message}.")
    with ExitStack() as unless_returned:
        try:
            beside = 0
            for name, reader in client.open_labels(opened.reader, cancel=cancel):
                beside += 1
                if isinstance(reader, IDRError):
                    notes.append(f"The labels {name} didn't come: {reader.message}.")
                    continue
                if not np.issubdtype(reader.dtype, np.integer):
                    name = reader.image.name
                    notes.append(f"The labels {name} aren't whole numbers.")
                    continue
                told = max(len(one) for one in _told_labels(reader))
                if told > MAX_LABELS:
                    notes.append(
                        f"Of {told} labels in {name}, {MAX_LABELS} have their own "
                        "colours and properties."
                    )
                for c in range(reader.image.size_c):
                    tiled = view(reader)  # each layer closes its own
                    unless_returned.callback(tiled.close)
                    spec = label_layer_spec(
                        reader, tiled.levels(c), opened, c=c, metadata=metadata
                    )
                    labels.append((spec, tiled))
            if opened.reader.source is PixelSource.RAW:  # labels lie beside these alone
                label_count = beside
        except IDRError as error:
            failures.append(error)
            notes.append(f"The labels didn't come: {error.message}.")
        if len(failures) == 2:
            raise failures[0]
        cancel.check()
        unless_returned.pop_all()
    return ImageRois(
        opened=opened,
        specs=specs,
        labels=tuple(labels),
        notes=tuple(notes),
        region_count=region_count,
        label_count=label_count,
    )


def load_bitmaps(
    client: IDRClient, rois: Iterable[Roi], cancel: CancelToken
) -> dict[ShapeId, NDArray[np.bool_]]:
    """Return the bitmaps of masks that come; the others are shown as frames."""
    masks = [one for roi in rois for one in roi.shapes if one.kind == "mask"]
    sizes = {one.id: one.bitmap_shape for one in masks if one.bitmap_shape is not None}
    found = client.masks(
        [one.id for one in masks[:MAX_MASKS]], sizes=sizes, cancel=cancel
    )
    return {
        shape_id: bitmap for shape_id, bitmap in found if isinstance(bitmap, np.ndarray)
    }


def _laid_over(spec: LayerSpec, whole: Image, shown: Image) -> LayerSpec:
    """Return a layer in px of the whole image, laid over what is shown of it.

    That may be a preview with fewer px. They have their corner in common, which is half
    a px from where either begins to count.
    """
    scale, translate = list(spec.kwargs["scale"]), list(spec.kwargs["translate"])
    steps = pixel_scale(whole, "yx")[0], pixel_scale(shown, "yx")[0]
    sizes = (whole.size_y, whole.size_x), (shown.size_y, shown.size_x)
    for axis, full, small, full_px, small_px in zip(
        (-2, -1), *steps, *sizes, strict=True
    ):
        factor = small * small_px / (full * full_px)
        scale[axis] *= factor
        translate[axis] = (translate[axis] + full / 2) * factor - small / 2
    return replace(spec, kwargs={**spec.kwargs, "scale": scale, "translate": translate})


def label_layer_spec(
    reader: PixelReader,
    arrays: Sequence[Any],
    opened: OpenedImage,
    *,
    c: int = 0,
    metadata: Mapping[str, Json],
) -> LayerSpec:
    """Return the Labels layer of one channel of a label image, laid over its image.

    The colours and properties that the label image tells are the layer's colours and
    features (NGFF, `image-label`).

    Parameters
    ----------
    reader
        Of the labels; its image has their sizes.
    arrays
        The levels of the channel, the largest first.
    opened
        The image they belong to.
    c
        The channel; one of several is named.
    metadata
        Of `idr_metadata`.
    """
    axes = image_axes(reader.image)
    steps, unit = pixel_scale(opened.image, axes)
    # Both cover the same field, and begin half a px before the centre of their first.
    scale = [
        step if axis == "t" else step * _ratio(opened.image, reader.image, axis)
        for axis, step in zip(axes, steps, strict=True)
    ]
    title = short_name(reader.image.name, MAX_NAME)
    if reader.image.size_c > 1:
        channel = reader.image.channels[c].name if reader.image.channels else ""
        title = f"{title} {short_name(channel, MAX_NAME) or f'channel {c + 1}'}"
    kwargs = {
        "name": f"{layer_title(opened.image, metadata)} · {title} [labels]",
        "scale": scale,
        "translate": [
            own / 2 - step / 2 for own, step in zip(scale, steps, strict=True)
        ],
        "units": axis_units(axes, unit),
        "axis_labels": list(axes),
        "multiscale": len(arrays) > 1,
        "opacity": 0.5,
        "projection_mode": "none",
        "metadata": {"idr": {**metadata, "channel": None}},
        **_told_of_labels(reader),
    }
    data = list(arrays) if len(arrays) > 1 else arrays[0]
    return LayerSpec(layer_type="labels", data=data, kwargs=kwargs)


def _told_of_labels(reader: PixelReader) -> dict[str, Any]:
    """Return the colours and features of labels, as far as they are told.

    Colours are a dictionary from labels to "#RRGGBBAA", None for all others: these are
    grey, and what is no label can't be seen.
    """
    colors, rows = (one[:MAX_LABELS] for one in _told_labels(reader))
    told: dict[str, Any] = {}
    if colors:
        told["colormap"] = {
            None: OTHER_LABELS,
            0: NO_COLOR,
            **{number: f"#{color}" for number, color in colors},
        }
    if rows:
        known = [dict(pairs) for _, pairs in rows]
        keys = dict.fromkeys(key for pairs in known for key in pairs)
        told["features"] = {
            "index": [number for number, _ in rows],
            **{
                f"{key} (told)" if key == "index" else key: [
                    pairs.get(key) for pairs in known
                ]
                for key in keys
            },
        }
    return told


def _told_labels(reader: PixelReader) -> tuple[list[Any], list[Any]]:
    """Return the colours and the properties of labels that the type can hold."""
    label: Label | None = getattr(reader, "label", None)
    if label is None:
        return [], []
    ends = np.iinfo(reader.dtype.str)
    return (
        [one for one in label.colors if ends.min <= one[0] <= ends.max],
        [one for one in label.properties if ends.min <= one[0] <= ends.max],
    )


def _ratio(image: Image, labels: Image, axis: str) -> float:
    """Return how many px of an image one of its labels' covers along an axis."""
    return float(getattr(image, f"size_{axis}") / getattr(labels, f"size_{axis}"))
