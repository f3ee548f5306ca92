"""Plan of a comparison: its layers, where images lie, captions, what doesn't match."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.model import Image, PixelSource
from napari_idr.services.compare.channels import (
    ComparedChannels,
    compare_channels,
    named,
)
from napari_idr.services.compare.layout import (
    CELL_PX,
    EQUAL_SIZES,
    StageLayout,
    StripLayout,
    common_pixel_um,
    drawn_shapes,
    plan_layout,
    plan_stage,
    row_places,
)
from napari_idr.services.compare.wish import CellWish, CompareWish
from napari_idr.services.image.layers import (
    LayerSpec,
    axis_units,
    channel_colormap,
    short_name,
)
from napari_idr.services.image.metadata import Json, idr_metadata
from napari_idr.services.image.pixel_source import name_suffix
from napari_idr.tiles import (
    ChannelPlan,
    MosaicCell,
    PyramidPlan,
    Rect,
    common_dtype,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.errors import IDRError
    from napari_idr.model import ImageId
    from napari_idr.tiles import ChannelMosaic
    from napari_idr.tiles.mosaic import Point

__all__ = ["ComparePlan", "ComparedCell", "channel_specs", "plan_comparison"]

MAX_TITLE = 40
"""Characters of what is compared, in the name of a layer."""

NOT_COMPARABLE = "THUMBNAIL, contrast can't be compared"
"""What the caption of an image says that has no other pixels."""

CLOSER_PX = CELL_PX
"""The many images of a plate are opened where a cell is larger than this: else a screen
shows so many that thumbnails do."""

PLACED = {
    "true": (
        "at stage positions",
        "Fields lie at their places on the stage, at true distances.",
    ),
    "stage": (
        "as the stage went, in even steps",
        "Fields lie as the stage went, in even steps: not at their true distances.",
    ),
    "number": (
        "in order",
        "Fields lie in order: their places on the stage aren't known as a grid.",
    ),
}
"""Where fields of a well lie, for the heading of a strip and as a sentence."""

WAITING = (58, 60, 66)
"""A cell whose pixels are on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCell:
    """An image of a comparison: what was wished, what it is, where it lies."""

    wish: CellWish
    image: Image
    cell: MosaicCell

    @property
    def image_id(self) -> ImageId:
        """The image."""
        return self.image.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePlan:
    """What is known of a comparison before the first pixel.

    Attributes
    ----------
    wish
        What is compared.
    cells
        The images, in order.
    mosaic
        Where they lie, and the layers.
    channels
        What the layers show of each image.
    pixel_um
        The size of a px of the largest level, None where no image tells.
    common
        Lines that all captions have in common, which are said once.
    captions
        The other lines of each image's caption.
    notes
        What doesn't match, in sentences.
    """

    wish: CompareWish
    cells: tuple[ComparedCell, ...] = field(repr=False)
    mosaic: ChannelPlan = field(repr=False)
    channels: ComparedChannels
    pixel_um: float | None
    common: tuple[str, ...] = ()
    captions: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def layout(self) -> StripLayout:
        """Where the images lie at the smallest level."""
        layout = self.mosaic.layout
        assert isinstance(layout, StripLayout)
        return layout

    @property
    def title(self) -> str:
        """What the names of the layers end with."""
        return short_name(self.wish.title, MAX_TITLE)

    @property
    def heading(self) -> str:
        """What is said of the strip as a whole."""
        return " · ".join(filter(None, (*self.common, self.placing)))

    @property
    def placing(self) -> str:
        """How fields of a well are placed, in words; "" for other images."""
        return PLACED[self.placed][0] if self.placed else ""

    @property
    def is_on_stage(self) -> bool:
        """Whether images lie where the stage was, so that they may touch or overlap."""
        return isinstance(self.layout, StageLayout)

    @property
    def placed(self) -> str:
        """How fields of a well are placed, a key of `PLACED`; "" for other images."""
        return "true" if self.is_on_stage else self.wish.order

    @property
    def scale(self) -> float:
        """How large a px of the smallest level is, in the unit of the layers."""
        return (self.pixel_um or 1.0) * self.mosaic.pyramid.scales[0]

    @property
    def unit(self) -> str:
        """The unit of the layers in the plane."""
        return "pixel" if self.pixel_um is None else "um"

    def place(self, cell: ComparedCell) -> Rect:
        """Return where an image lies at the smallest level, in px."""
        level = len(self.mosaic.pyramid.scales) - 1
        shape = cell.image.size_y, cell.image.size_x
        return self.mosaic.content(level, cell.cell, shape)

    def cell_at(self, y: float, x: float) -> ComparedCell | None:
        """Return the image at a position in px of the smallest level, None for none."""
        place = self.layout.cell_at(y, x)
        found = (one for one in self.cells if (one.cell.row, one.cell.column) == place)
        return next(found, None)


def plan_comparison(
    wish: CompareWish,
    images: Sequence[Image],
    *,
    known: Collection[ImageId] | None = None,
) -> ComparePlan:
    """Return where images are shown side by side, and what is to be said of it.

    Parameters
    ----------
    wish
        What is compared.
    images
        As many as there are cells, in the same order.
    known
        Those that were asked about; others are only taken to be so. None for all.

    Raises
    ------
    ValueError
        They don't fit the wish.
    """
    if len(images) != len(wish.cells) or not images:
        raise ValueError(f"{len(images)} images for {len(wish.cells)} cells")
    labels = _labels(wish.cells)
    channels = compare_channels(images, labels)
    pixel_um = common_pixel_um(images)
    shapes = drawn_shapes(images, pixel_um)
    given = [one.place for one in wish.cells]
    places = [one for one in given if one is not None]
    if len(places) < len(given):
        places = list(row_places(wish.groups or [0] * len(images)))
    layout, scales = _on_stage(
        wish, images, labels, places, shapes, pixel_um
    ) or plan_layout(images, labels, places, shapes)
    mosaic = ChannelPlan(
        pyramid=PyramidPlan(
            layout=layout,
            scales=scales,
            images={(one.row, one.column): one.image_id for one in layout.cells},
        ),
        channels=channels.layers,
        dtype=common_dtype([one.pixel_type for one in images]),
        size_z=max(one.size_z for one in images),
        size_t=max(one.size_t for one in images),
        default_z=images[0].default_z,
        default_t=images[0].default_t,
        shapes={
            one: shape for one, shape in shapes.items() if known is None or one in known
        },
        least_scale=1 if wish.pictures is None else _closer(layout, scales),
    )
    common, captions = _captions([cell.lines for cell in wish.cells])
    placed = "true" if isinstance(layout, StageLayout) else wish.order
    return ComparePlan(
        wish=wish,
        cells=tuple(
            ComparedCell(wish=one, image=image, cell=cell)
            for one, image, cell in zip(wish.cells, images, layout.cells, strict=True)
        ),
        mosaic=mosaic,
        channels=channels,
        pixel_um=pixel_um,
        common=common,
        captions=captions,
        notes=(
            *([PLACED[placed][1]] if placed else ()),
            *channels.notes,
            *_size_notes(images, labels),
            *_stack_notes(images),
        ),
    )


def _closer(layout: StripLayout, scales: Sequence[int]) -> int:
    """Return the least of the scales at which a cell is large enough to be opened."""
    longest = max(layout.cell_shape)
    large = [scale for scale in scales if scale * longest > CLOSER_PX]
    return min(large, default=scales[0])


def _on_stage(
    wish: CompareWish,
    images: Sequence[Image],
    labels: Sequence[str],
    places: Sequence[tuple[int, int]],
    shapes: dict[ImageId, tuple[int, int]],
    pixel_um: float | None,
) -> tuple[StageLayout, tuple[int, ...]] | None:
    """Return fields at their places on the stage, None where these aren't all known."""
    stage_um = [one.stage_um for one in wish.cells if one.stage_um is not None]
    sized = all(one.pixel_size_x_um and one.pixel_size_y_um for one in images)
    if wish.order == "" or len(stage_um) < len(images) or not sized:
        return None
    if pixel_um is None:
        return None
    runs = [one.run for one in wish.cells]
    return plan_stage(images, labels, places, shapes, stage_um, runs, pixel_um)


def _labels(cells: Sequence[CellWish]) -> list[str]:
    """Return what tells each image from the others in a sentence."""
    labels = [one.label for one in cells]
    if len(set(labels)) == len(labels):
        return labels
    return [" ".join(filter(None, (one.lines[3], one.label))) for one in cells]


def _captions(
    lines: Sequence[tuple[str, ...]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the lines that all have in common, and those that are left of each.

    >>> _captions([("CDC20", "C4", "Plate 1"), ("DMSO", "A1", "Plate 1")])
    (('Plate 1',), (('CDC20', 'C4'), ('DMSO', 'A1')))
    >>> _captions([("CDC20", "C4")])
    ((), (('CDC20', 'C4'),))
    """
    columns = list(zip(*lines, strict=True))
    shared = [len(lines) > 1 and len(set(column)) == 1 for column in columns]
    common = tuple(
        column[0] for column, same in zip(columns, shared, strict=True) if same
    )
    captions = tuple(
        tuple(text for text, same in zip(one, shared, strict=True) if text and not same)
        for one in lines
    )
    return tuple(filter(None, common)), captions


def _size_notes(images: Sequence[Image], labels: Sequence[str]) -> list[str]:
    """Say what the sizes and the types of pixels don't have in common."""
    notes = []
    sizes = [one.pixel_size_x_um for one in images]
    known = sorted(size for size in sizes if size is not None)
    unknown = [label for size, label in zip(sizes, labels, strict=True) if size is None]
    if not known:
        notes.append("No pixel size is known: images are drawn pixel by pixel.")
    elif unknown:
        notes.append(
            f"The pixel size of {named(unknown)} isn't known: drawn pixel by pixel, "
            "the scale bar isn't theirs."
        )
    if known and known[-1] / known[0] - 1 > EQUAL_SIZES:
        notes.append(
            f"Pixels are {known[0]:.4g} to {known[-1]:.4g} µm: all images are drawn at "
            "the same scale."
        )
    kinds = dict.fromkeys(one.pixel_type for one in images)
    if len(kinds) > 1:
        notes.append(
            f"Types of pixels differ ({', '.join(kinds)}): equal intensities look "
            "alike."
        )
    return notes


def _stack_notes(images: Sequence[Image]) -> list[str]:
    notes = []
    for axis, counts in (
        ("z", {one.size_z for one in images}),
        ("t", {one.size_t for one in images}),
    ):
        if len(counts) > 1:
            few, many = min(counts), max(counts)
            notes.append(
                f"Images have {few} to {many} planes along {axis}: beyond its last, an "
                "image stays at that."
            )
    return notes


def blank_strip(plan: ComparePlan) -> NDArray[np.uint8]:
    """Return what lies below the pixels until they come, (y, x, 3): grey images."""
    canvas = np.zeros((*plan.layout.shape, 3), np.uint8)
    for cell in plan.cells:
        canvas[_slices(plan.place(cell))] = WAITING
    return canvas


def clear(canvas: NDArray[np.uint8], plan: ComparePlan, cell: ComparedCell) -> None:
    """Take away what stood in for an image."""
    canvas[_slices(plan.place(cell))] = 0


def area(
    canvas: NDArray[np.uint8], plan: ComparePlan, cell: ComparedCell
) -> NDArray[np.uint8]:
    """Return the part of a canvas in which an image lies."""
    return canvas[_slices(plan.place(cell))]


def outline(plan: ComparePlan, cell: ComparedCell) -> tuple[Point, Point, Point, Point]:
    """Return the corners of an image, in px of the smallest level."""
    rect = plan.place(cell)
    top, bottom = rect.y0 - 0.5, rect.y1 - 0.5
    left, right = rect.x0 - 0.5, rect.x1 - 0.5
    return (top, left), (top, right), (bottom, right), (bottom, left)


def _slices(rect: Rect) -> tuple[slice, slice]:
    return slice(rect.y0, rect.y1), slice(rect.x0, rect.x1)


def channel_specs(
    plan: ComparePlan,
    mosaic: ChannelMosaic,
    limits: Sequence[tuple[float, float]],
    sources: Mapping[ImageId, PixelSource | IDRError],
) -> tuple[LayerSpec, ...]:
    """Return a layer for each channel: its colour, one contrast for all images."""
    specs = []
    axes = mosaic.image.axes
    suffix = name_suffix(worst_source(sources))
    first = plan.cells[0].wish.request
    for c, (channel, name) in enumerate(
        zip(plan.channels.layers, plan.channels.names, strict=True)
    ):
        levels = mosaic.levels(c)
        known = idr_metadata(
            server=plan.wish.server,
            study=first.study
            if len({o.wish.request.study for o in plan.cells}) == 1
            else None,
            plate=first.plate
            if len({o.wish.request.plate for o in plan.cells}) == 1
            else None,
            pixel_source=worst_source(sources),
            title=plan.title,
        )
        kwargs: dict[str, Any] = {
            "name": f"{name} · {plan.title} {suffix}",
            "scale": _scale(plan, axes),
            "units": axis_units(axes, plan.unit),
            "axis_labels": list(axes),
            "multiscale": len(levels) > 1,
            "rgb": False,
            "projection_mode": "none",
            "blending": "additive",
            "visible": channel.is_shown,
            "colormap": channel_colormap(channel),
            "contrast_limits": limits[c],
            "metadata": {
                "idr": {
                    **known,
                    "channel": {"index": c, "name": name},
                    "compared": compared_metadata(plan, sources, c),
                }
            },
        }
        data = levels if len(levels) > 1 else levels[0]
        specs.append(LayerSpec(layer_type="image", data=data, kwargs=kwargs))
    return tuple(specs)


def _scale(plan: ComparePlan, axes: Sequence[str]) -> list[float]:
    step = plan.pixel_um or 1.0
    known = (one.image.pixel_size_z_um for one in plan.cells)
    z = next((size for size in known if size), 1.0) if plan.pixel_um else 1.0
    return [{"t": 1.0, "z": z}.get(axis, step) for axis in axes]


def worst_source(sources: Mapping[ImageId, PixelSource | IDRError]) -> PixelSource:
    """Return the least good source of the images that have pixels, "raw" for none."""
    order = list(PixelSource)
    found = [
        one
        for one in sources.values()
        if isinstance(one, PixelSource) and one is not PixelSource.THUMBNAIL
    ]
    return max(found, key=order.index, default=PixelSource.RAW)


def has_only_thumbnails(
    plan: ComparePlan, sources: Mapping[ImageId, PixelSource | IDRError]
) -> bool:
    """Whether no image has pixels; many are taken to be like those that were asked."""
    asked = [sources.get(one.image_id) for one in plan.cells]
    if plan.wish.pictures is not None:
        asked = [one for one in asked if one is not None]
    return set(asked) == {PixelSource.THUMBNAIL}


def compared_metadata(
    plan: ComparePlan, sources: Mapping[ImageId, PixelSource | IDRError], c: int
) -> list[Json]:
    """Return of each image where it comes from, and which channel of it is shown."""
    rows: list[Json] = []
    for one, indices in zip(plan.cells, plan.channels.indices, strict=True):
        request, source = one.wish.request, sources.get(one.image_id)
        told = source.value if isinstance(source, PixelSource) else None
        rows.append(
            {
                "image": {"id": int(one.image_id), "name": one.image.name},
                "well": request.well_label,
                "plate": None if request.plate is None else request.plate.name,
                "study": None if request.study is None else request.study.name,
                "caption": [text for text in one.wish.lines if text],
                "row": one.cell.row,
                "column": one.cell.column,
                "channel": indices[c],
                "pixel_source": told,
            }
        )
    return rows


def source_notes(
    plan: ComparePlan, sources: Mapping[ImageId, PixelSource | IDRError]
) -> tuple[str, ...]:
    """Say which images can't be compared, and what is less than raw."""
    small = [
        one.wish.label
        for one in plan.cells
        if sources.get(one.image_id) is PixelSource.THUMBNAIL
    ]
    absent = [
        one.wish.label
        for one in plan.cells
        if isinstance(sources.get(one.image_id), Exception)
    ]
    notes = []
    if has_only_thumbnails(plan, sources):
        notes.append("There are only thumbnails: contrast can't be compared.")
    elif small:
        notes.append(
            f"Of {named(small)} there is only a thumbnail: contrast can't be compared "
            "with it."
        )
    if absent:
        notes.append(f"The pixels of {named(absent)} didn't come.")
    kinds = set(sources.values()) - {PixelSource.THUMBNAIL}
    drawn = {one for one in kinds if isinstance(one, PixelSource)} - {PixelSource.RAW}
    if drawn:
        what = "All" if PixelSource.RAW not in kinds else "Some"
        notes.append(
            f"{what} images are drawn by the server in 8 bits, within one window for "
            "all."
        )
    return tuple(notes)
