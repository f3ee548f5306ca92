"""Load a comparison: thumbnails first, then the pixels, under one contrast."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Picture

from napari_idr.errors import IDRError, PixelDataError
from napari_idr.model import Image, ImageId, PixelSource
from napari_idr.services.compare.channels import named, to_draw
from napari_idr.services.compare.plan import (
    ComparePlan,
    area,
    blank_strip,
    channel_specs,
    has_only_thumbnails,
    plan_comparison,
    source_notes,
)
from napari_idr.services.compare.wish import CompareWish
from napari_idr.threads import in_parallel
from napari_idr.tiles import ChannelMosaic
from napari_idr.tiles.contrast import contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, OpenedPixels
    from napari_idr.cancel import CancelToken
    from napari_idr.services.image.layers import LayerSpec
    from napari_idr.tiles import TileViewing

    Thumbnail = NDArray[np.uint8] | IDRError

__all__ = ["CellNews", "CompareShown", "Compared", "ThumbnailsCame", "load_comparison"]

AT_ONCE = 4
"""Images that are asked about together."""

MAX_SAMPLED = 24
"""Images from which the contrast is found: those of a strip, some of a large one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNews:
    """Where the pixels of an image of a comparison come from now, or why not."""

    shown: CompareShown
    image_id: ImageId
    source: PixelSource | None
    error: IDRError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareShown:
    """A comparison whose pixels are on their way.

    `canvas`, (y, x, 3), has grey images and then thumbnails, and goes below the pixels.
    """

    plan: ComparePlan
    canvas: NDArray[np.uint8] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Tells it from other comparisons."""
        return self.plan.wish.number


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailsCame:
    """Thumbnails were painted into the canvas: `done` of `total`."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison whose layers are ready to be shown; it must be closed.

    There are none where no image has pixels: its thumbnails are all there is. `wish`
    is what was asked for, with the images of which nothing could be learnt.
    `may_improve` tells that a better source of some image isn't to be had at present,
    or isn't open to everybody yet: compared again later, it may come from it.
    """

    shown: CompareShown
    wish: CompareWish = field(repr=False)
    mosaic: ChannelMosaic = field(repr=False)
    specs: tuple[LayerSpec, ...] = field(repr=False)
    sources: Mapping[ImageId, PixelSource | IDRError]
    may_improve: bool = False

    @property
    def number(self) -> int:
        """Tells it from other comparisons."""
        return self.shown.number

    @property
    def source_message(self) -> str:
        """Which of its images can't be compared, and what is less than raw."""
        return " ".join(source_notes(self.shown.plan, self.sources))

    @property
    def message(self) -> str:
        """What is shown, and what is to be said of it."""
        plan = self.shown.plan
        count, layers = len(plan.cells), len(self.specs)
        first = "1 image" if count == 1 else f"{count} images side by side"
        notes = self.shown.notes
        if layers:
            first += " in 1 channel" if layers == 1 else f" in {layers} channels"
            first += "" if count == 1 else ", one contrast for all"
        elif plan.wish.pictures is not None:
            notes = plan.notes  # there is nothing to zoom into
        first += "."
        return " ".join([first, *source_notes(plan, self.sources), *notes])

    def is_better_than(self, known: Mapping[ImageId, PixelSource | IDRError]) -> bool:
        """Whether some image comes from a better source than the one that is known."""
        return any(
            _place(one) < _place(known.get(image_id))
            for image_id, one in self.sources.items()
        )

    def close(self) -> None:
        """Stop reading its pixels, and forget them; it doesn't wait."""
        self.mosaic.close()


Step = CompareShown | ThumbnailsCame


def _place(source: PixelSource | IDRError | None) -> int:
    """Return the place of a source among all, the best first; no pixels come last."""
    order = list(PixelSource)
    return order.index(source) if isinstance(source, PixelSource) else len(order)


def load_comparison(
    client: IDRClient,
    wish: CompareWish,
    viewing: TileViewing,
    on_cell: Callable[[CellNews], None],
    *,
    cancel: CancelToken,
) -> Generator[Step, None, Compared]:
    """Yield a comparison with grey images and with thumbnails, return it with layers.

    Images of which nothing can be learnt are left out, with a sentence.

    Parameters
    ----------
    client
        Asks the server that has the images.
    wish
        What is compared.
    viewing
        The memory and the workers of the layers.
    on_cell
        Called in workers when something else is known of the pixels of an image.

    Raises
    ------
    IDRError
        Nothing can be learnt of any image, or no pixels come at present.
    Cancelled
        The token was cancelled; nothing is left open.
    """
    answers = _first_answers(client, wish, cancel)
    told: dict[int, Image | IDRError] = {}
    thumbnails: dict[ImageId, Thumbnail] | None = None
    shown = None
    for place, answer in answers:
        if place is None:
            thumbnails = answer
        else:
            told[place] = answer
        if shown is None and len(told) == len(wish.asked):
            shown = _shown(wish, told)
            yield shown
        if shown is not None and thumbnails is not None:
            _paint(shown, thumbnails)
            yield ThumbnailsCame(done=len(thumbnails), total=len(shown.plan.cells))
    assert shown is not None
    plan = shown.plan
    if not plan.channels.layers:
        raise PixelDataError("none of the images has a channel to compare")
    known = {
        one.image_id: to_draw(one.image, plan.channels.layers)
        for one in plan.cells
        if one.image_id in plan.mosaic.shapes
    }

    failures: dict[ImageId, IDRError] = {}
    lacking: set[ImageId] = set()
    lock = threading.Lock()

    def open_cell(image_id: ImageId, *, cancel: CancelToken) -> OpenedPixels:
        image = known.get(image_id)
        if image is None:
            image = to_draw(client.image(image_id, cancel=cancel), plan.channels.layers)
        opened = client.open_pixels(image, rgb=False, cancel=cancel)
        if opened.may_improve:
            with lock:
                lacking.add(image_id)
        return opened

    def tell(
        image_id: ImageId, source: PixelSource | None, error: IDRError | None
    ) -> None:
        if error is not None:
            with lock:
                failures[image_id] = error
        on_cell(CellNews(shown=shown, image_id=image_id, source=source, error=error))

    mosaic = ChannelMosaic(viewing, plan.mosaic, open_cell, tell)
    try:
        limits = _limits(plan, mosaic, cancel)
        with lock:
            sources: dict[ImageId, PixelSource | IDRError] = dict(failures)
            may_improve = bool(lacking)
        sources |= mosaic.reader.sources
        specs: tuple[LayerSpec, ...] = ()
        if not has_only_thumbnails(plan, sources):
            specs = channel_specs(plan, mosaic, limits, sources)
        cancel.check()
        return Compared(
            shown=shown,
            wish=wish,
            mosaic=mosaic,
            specs=specs,
            sources=sources,
            may_improve=may_improve,
        )
    except BaseException:
        mosaic.close()
        raise


def _first_answers(
    client: IDRClient, wish: CompareWish, cancel: CancelToken
) -> Iterator[tuple[int | None, Any]]:
    """Yield what is known of each image by its place, and all thumbnails by None.

    They are asked for together; each is an answer or why there is none.
    """
    ids = [cell.request.ref.image_id for cell in wish.cells]

    def ask(place: int | None, stop: CancelToken) -> tuple[int | None, Any]:
        if place is None:
            return None, wish.pictures or dict(
                client.thumbnails(sorted(ids), cancel=stop)
            )
        try:
            return place, client.image(ids[place], cancel=stop)
        except IDRError as error:
            return place, error

    places: list[int | None] = [*wish.asked]
    # Not the first, as what is known of the images is waited for longer.
    places.insert(AT_ONCE, None)
    return in_parallel(ask, places, at_once=AT_ONCE + 1, cancel=cancel)


def _shown(wish: CompareWish, told: Mapping[int, Image | IDRError]) -> CompareShown:
    """Return a comparison of those images of which something is known.

    Raises
    ------
    IDRError
        Nothing is known of any.
    """
    images: list[Image] = []
    kept: list[int] = []
    lost: dict[str, list[str]] = {}
    known = {one.id: one for one in told.values() if isinstance(one, Image)}
    like = next(iter(known.values()), None)
    for place, cell in enumerate(wish.cells):
        answer = told.get(place)
        if answer is None and like is not None:
            ref = cell.request.ref
            answer = replace(like, id=ref.image_id, name=ref.name)
        if answer is None:
            continue
        if isinstance(answer, IDRError):
            lost.setdefault(answer.message, []).append(cell.label)
        else:
            images.append(answer)
            kept.append(place)
    if not images:
        raise next(one for one in told.values() if isinstance(one, IDRError))
    wish = replace(
        wish,
        cells=tuple(wish.cells[place] for place in kept),
        groups=tuple(wish.groups[place] for place in kept) if wish.groups else (),
    )
    plan = plan_comparison(wish, images, known=known)
    notes = [f"{named(one)} can't be shown: {why}." for why, one in lost.items()]
    said = tuple(filter(None, (wish.about, *notes, *plan.notes)))
    return CompareShown(plan=plan, canvas=blank_strip(plan), notes=said)


def _paint(shown: CompareShown, thumbnails: Mapping[ImageId, Thumbnail]) -> None:
    """Paint thumbnails where their images lie; one that didn't come leaves its grey."""
    for cell in shown.plan.cells:
        picture = thumbnails.get(cell.image_id)
        if picture is None or isinstance(picture, IDRError):
            continue
        target = area(shown.canvas, shown.plan, cell)
        height, width = target.shape[:2]
        target[:] = np.asarray(Picture.fromarray(picture).resize((width, height)))


def _limits(
    plan: ComparePlan, mosaic: ChannelMosaic, cancel: CancelToken
) -> list[tuple[float, float]]:
    """Return what is black and what is full in each layer, for all images at once.

    Raises
    ------
    IDRError
        No sample came, and one may come later.
    """
    known = [one for one in plan.cells if one.image_id in plan.mosaic.shapes]
    step = max(1, -(-len(known) // MAX_SAMPLED))
    layers = range(len(plan.channels.layers))
    # The first channel of each first: to open an image takes longer than to read it.
    wanted = [(one.image_id, c) for c in layers for one in known[::step]]

    def sample(
        which: tuple[ImageId, int], stop: CancelToken
    ) -> tuple[int, NDArray[np.generic] | IDRError | None]:
        image_id, c = which
        try:
            return c, mosaic.reader.sample(image_id, c, cancel=stop)
        except IDRError as error:
            return c, error

    samples: dict[int, list[NDArray[np.generic]]] = {c: [] for c in layers}
    failures: list[IDRError] = []
    for c, found in in_parallel(sample, wanted, at_once=AT_ONCE, cancel=cancel):
        if isinstance(found, IDRError):
            failures.append(found)
        elif found is not None:
            samples[c].append(found.reshape(-1))
    if failures and not any(samples.values()):
        raise failures[0]
    return [
        contrast_limits(
            channel.window,
            plan.mosaic.dtype,
            np.concatenate(samples[c]) if samples[c] else None,
        )
        for c, channel in enumerate(plan.channels.layers)
    ]
