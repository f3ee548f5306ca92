"""Keep offline: what is brought for lines of the tree, what it takes, and the pack."""

from __future__ import annotations

import hashlib
import re
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from napari_idr.api import IDRClient, PixelRegion, safe_file_name
from napari_idr.errors import IDRError
from napari_idr.model import (
    Dataset,
    Image,
    ImageId,
    ImageRef,
    Plate,
    PlateAcquisitionId,
    Project,
    Screen,
)
from napari_idr.services.details import ImageRequest, PlateDetails
from napari_idr.services.gallery.sources import BATCH_IMAGES, gallery_of
from napari_idr.services.offline.shelf import (
    DRAFT_SUFFIX,
    packs_folder,
    require_room,
    size_text,
)
from napari_idr.services.plate.mosaic import MosaicStep
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.regions.load import load_bitmaps
from napari_idr.services.search.catalog import Entry, counted
from napari_idr.services.session import Session
from napari_idr.threads import in_parallel
from napari_idr.transport import (
    PACK_SUFFIX,
    PackDraft,
    PackInfo,
    RecordingTransport,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from napari_idr.api import PixelReader
    from napari_idr.cancel import CancelToken

__all__ = [
    "KeepOrder",
    "KeepStep",
    "KeepWish",
    "Kept",
    "keep_wish",
    "load_kept",
    "plan_keep_order",
]

PLATE_REQUESTS: Final = 8
"""Of a plate without its fields: itself, its table, annotations of it and its wells."""

IMAGE_REQUESTS: Final = 5
"""Of an image without its pixels: how it is shown, what was written about it."""

THUMBNAIL_BYTES: Final = 5_000
"""A JPEG of 96 px, as text."""

ANSWER_BYTES: Final = 20_000
"""Any other answer, by and large."""

IMAGES_AT_ONCE: Final = 3
"""The client's own limit of requests holds besides."""

REGION_REQUESTS: Final = 2
"""Of an image with its pixels: its regions, and whether it has label images."""

MAX_LABELS_BYTES: Final = 64_000_000
"""Of a label image as it lies in memory; packed it is some hundredth of that. A larger
one isn't kept: it can be as large as the image itself."""


@dataclass(frozen=True, slots=True)
class KeepWish:
    """Lines to be kept, and whether the images themselves are, not thumbnails alone."""

    lines: tuple[Entry, ...]
    images: bool = False

    @property
    def title(self) -> str:
        """What a pack of it is called."""
        if len(self.lines) == 1:
            return self.lines[0].name
        return f"{self.lines[0].name} and {len(self.lines) - 1} more"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOrder:
    """What is brought for a wish, by a session's server, and about what it takes."""

    wish: KeepWish
    server: str
    requests: int
    size: int
    images: int

    @property
    def cost(self) -> str:
        """What it takes, as a sentence."""
        what = "all pixels" if self.wish.images else "thumbnails and tables"
        images = counted(self.images, "image", "images")
        return (
            f"“{self.wish.title}”: {what} of {images}, about {self.requests:,} requests"
            f" and {size_text(self.size)}."
        )


@dataclass(frozen=True, slots=True)
class KeepStep:
    """How many answers are here, and about how many are due."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A pack that was made, and in words what couldn't be had for it."""

    path: Path
    title: str
    size: int
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """How it ended, as a sentence."""
        told = f"“{self.title}” is kept offline, {size_text(self.size)}."
        if not self.missing:
            return told
        parts = counted(len(self.missing), "part", "parts")
        return f"{told} Of it, {parts} couldn't be had: {self.missing[0]}"


def keep_wish(
    lines: Sequence[Entry], image: ImageRequest | None = None, *, images: bool
) -> KeepWish | None:
    """Return what a person would keep: an image that is looked at, else lines.

    None where there is neither.
    """
    if image is not None and image.study is not None:
        study = Entry(item=image.study)
        above = image.plate or image.dataset
        parent = study if above is None else Entry(item=above, parent=study)
        return KeepWish((Entry(item=image.ref, parent=parent),), images)
    plain = tuple(_browsed(line) for line in lines if line.study is not None)
    return KeepWish(plain, images) if plain else None


def _browsed(line: Entry) -> Entry:
    """Return a line as one finds it while browsing, not by a search."""
    parent = None if line.parent is None else _browsed(line.parent)
    return replace(line, query=None, parent=parent)


# What it takes


def plan_keep_order(
    session: Session, wish: KeepWish, *, cancel: CancelToken
) -> KeepOrder:
    """Return about what it takes to keep something.

    Of each study one plate is looked at, and all datasets, as these are less alike; of
    each of these one image.

    Raises
    ------
    PackError
        It is too much, by itself or with the packs that there are.
    """
    requests, size, images = 8.0, 8.0 * ANSWER_BYTES, 0.0  # what it can do, the studies
    sample: dict[object, tuple[float, float, float]] = {}
    for line, share in _counted(session, wish, cancel):
        alike = line.item if isinstance(line.item, Dataset) else type(line.item)
        key = alike, line.study
        if key not in sample:
            sample[key] = _cost(session, line, wish.images, cancel)
        one = sample[key]
        requests, size, images = (
            have + share * more
            for have, more in zip((requests, size, images), one, strict=True)
        )
    order = KeepOrder(
        wish=wish,
        server=session.url,
        requests=round(requests),
        size=round(size),
        images=round(images),
    )
    require_room(session, order.size, name=_file_name(order))
    return order


def _counted(
    session: Session, wish: KeepWish, cancel: CancelToken
) -> Iterator[tuple[Entry, float]]:
    """Yield plates, datasets and images, each with how many there are like it."""
    for line in wish.lines:
        if isinstance(line.item, Screen | Project):
            children = _children(session, line, cancel)
            if isinstance(line.item, Project):
                for child in children:
                    yield child, 1.0
            elif children:
                yield children[0], float(len(children))
        else:
            yield line, 1.0


def _cost(
    session: Session, line: Entry, pixels: bool, cancel: CancelToken
) -> tuple[float, float, float]:
    """Return requests, bytes and images of a plate, a dataset or an image."""
    match line.item:
        case Plate():
            details = session.plate_details(line, cancel=cancel)
            views = list(_views(details))
            grid = session.client.plate_grid(details.plate.id, cancel=cancel)
            cells = list(grid)
            each = len(cells)
            images = each * len(views)
            thumbnails = len(views) * (1 + -(-each // BATCH_IMAGES))
            requests = PLATE_REQUESTS + each / 5 + thumbnails
            size = images * THUMBNAIL_BYTES + requests * ANSWER_BYTES / 2
            first = cells[0].image_id if cells else None
        case Dataset():
            refs = list(session.client.images(line.item.id, cancel=cancel))
            images = len(refs)
            requests = 4 + -(-images // BATCH_IMAGES)
            size = images * THUMBNAIL_BYTES + requests * ANSWER_BYTES
            first = refs[0].image_id if refs else None
        case ImageRef():
            above = (0.0, 0.0, 0.0)
            if line.plate is not None and line.parent is not None:
                above = _cost(session, line.parent, False, cancel)
            images, first = 1, line.item.image_id
            requests, size = above[0], above[1]
        case _:
            return 0.0, 0.0, 0.0
    if first is not None and (pixels or isinstance(line.item, ImageRef)):
        count = 1 if isinstance(line.item, ImageRef) else images
        tiles, stored = _pixels(session, first, pixels, cancel)
        requests += count * (IMAGE_REQUESTS + tiles)
        size += count * (IMAGE_REQUESTS * ANSWER_BYTES / 4 + stored)
    return float(requests), float(size), float(images)


def _pixels(
    session: Session, image_id: ImageId, pixels: bool, cancel: CancelToken
) -> tuple[int, float]:
    """Return how many pieces the pixels of an image come in, and about their size."""
    if not pixels:
        return 0, 0.0
    image = session.client.image(image_id, cancel=cancel)
    reader = session.client.open_pixels(image, cancel=cancel).reader
    tiles = REGION_REQUESTS
    size = 0.0
    for level in reader.levels:
        (height, width), (tall, wide) = level.shape, level.chunk
        planes = _planes(reader.image, reader)
        tiles += planes * -(-height // tall) * -(-width // wide)
        depth = 1.0 if reader.rgb else float(reader.dtype.itemsize)
        size += planes * height * width * depth * COMPRESSED
    return tiles, size


COMPRESSED: Final = 0.6
"""What is left of a byte of pixels that is sent, by and large."""


def _planes(image: Image, reader: PixelReader) -> int:
    return image.size_t * image.size_z * (1 if reader.rgb else image.size_c)


def _views(
    details: PlateDetails,
) -> Iterator[tuple[PlateAcquisitionId | None, int]]:
    """Yield the runs and fields of a plate, as they are shown."""
    runs: list[PlateAcquisitionId | None] = [run.id for run in details.plate.runs]
    for run in runs if len(runs) > 1 else [None]:
        known = runs[0] if run is None and len(runs) == 1 else run
        for number in range(max(1, details.fields(known))):
            yield run, number


# Bringing it


def load_kept(
    session: Session, order: KeepOrder, *, cancel: CancelToken
) -> Generator[KeepStep, None, Kept]:
    """Yield how far it is, and return the pack that was made.

    All is asked for as a browser does that shows it, so that it will find it. What has
    come stays when this is cancelled or fails, and isn't asked for again.

    Raises
    ------
    IDRError
        The server can't be reached, or a part didn't come that may come later.
    PackError
        It can't be written.
    """
    name = _file_name(order)
    draft_path = packs_folder(session) / f"{name}{DRAFT_SUFFIX}"
    path = packs_folder(session) / f"{name}{PACK_SUFFIX}"
    with PackDraft(draft_path) as draft:
        keeper = _Keeper(session, order, draft, cancel)
        for _ in keeper.run():
            require_room(session, draft_path.stat().st_size, name=name)
            done = len(draft)
            yield KeepStep(min(done, order.requests), order.requests)
        if keeper.passing is not None:
            raise keeper.passing
        info = PackInfo(
            title=order.wish.title,
            server=session.url,
            made=time.time(),
            holds={kind: tuple(sorted(ids)) for kind, ids in keeper.holds.items()},
        )
        draft.write_pack(path, info, cancel=cancel)
    for ending in ("", "-journal"):
        with suppress(OSError):
            draft_path.with_name(draft_path.name + ending).unlink(missing_ok=True)
    return Kept(
        path=path,
        title=info.title,
        size=path.stat().st_size,
        missing=tuple(keeper.missing),
    )


def _file_name(order: KeepOrder) -> str:
    """Return the name of a pack's file, the same for the same wish."""
    wish = order.wish
    what = sorted(f"{type(one.item).__name__} {one.key[1]}" for one in wish.lines)
    told = " ".join([order.server, str(wish.images), *what])
    mark = hashlib.sha256(told.encode()).hexdigest()[:8]
    plain = re.sub(r"[^\w-]+", "-", wish.title)[:60].strip("-") or "pack"
    return safe_file_name(f"{plain}-{mark}")


@dataclass
class _Keeper:
    """Asks for all that is to be kept, by a session that records."""

    session: Session
    order: KeepOrder
    draft: PackDraft
    cancel: CancelToken
    holds: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    missing: list[str] = field(default_factory=list)
    passing: IDRError | None = None

    def __post_init__(self) -> None:
        recording = RecordingTransport(
            self.session.client.transport, address=self.session.url, draft=self.draft
        )
        client = IDRClient(self.session.url, transport=recording)
        self.recorder = Session(self.session.url, client=client)

    def run(self) -> Iterator[None]:
        """Ask for all of it; yields now and then."""
        self.recorder.open(cancel=self.cancel)
        yield
        self.recorder.studies(cancel=self.cancel)
        yield
        for line in self.order.wish.lines:
            yield from self._keep(line)

    def _keep(self, line: Entry) -> Iterator[None]:
        if line.parent is not None:
            self._come_by(line.parent)
        match line.item:
            case Screen() | Project():
                yield from self._keep_study(line)
            case Plate():
                yield from self._keep_plate(line)
            case Dataset():
                yield from self._keep_dataset(line)
            case ImageRef():
                yield from self._keep_one_image(line)

    def _come_by(self, line: Entry) -> None:
        """Keep the lines by which one comes to something."""
        if line.parent is not None:
            self._come_by(line.parent)
        self._hold(line)
        if not isinstance(line.item, Plate):
            self.recorder.details(line, cancel=self.cancel)
            _children(self.recorder, line, self.cancel)

    def _keep_study(self, line: Entry) -> Iterator[None]:
        self._hold(line)
        self.recorder.details(line, cancel=self.cancel)
        for child in _children(self.recorder, line, self.cancel):
            yield
            yield from self._keep(child)

    def _keep_plate(self, line: Entry, *, whole: bool = True) -> Iterator[None]:
        self._hold(line)
        details = self.recorder.plate_details(line, cancel=self.cancel)
        for number, (run, at) in enumerate(_views(details)):
            shown: PlateShown | None = None
            steps = self.recorder.show_plate(details, run, at, cancel=self.cancel)
            for step in steps:
                if isinstance(step, PlateShown):
                    shown = step
                elif step.summary is not None:
                    self._note(step.summary.problem, step.summary.message)
                yield
            if shown is None:
                continue
            if number == 0:
                with self._noting(f"the table of {line.name}"):
                    self.recorder.well_sources(shown, cancel=self.cancel)
                yield
            if whole and self.order.wish.images:
                requests = [shown.image_request(cell) for cell in shown.plan.grid]
                yield from self._keep_images(requests)

    def _keep_dataset(self, line: Entry) -> Iterator[None]:
        assert isinstance(line.item, Dataset)
        self._hold(line)
        self.holds["whole_dataset"].add(line.item.id)
        self.recorder.details(line, cancel=self.cancel)
        images = _children(self.recorder, line, self.cancel)
        yield
        lines = (line,)
        order = self.recorder.gallery_order(
            gallery_of(lines, None), lines, (), cancel=self.cancel
        )
        for step in self.recorder.show_gallery(order, 1.5, cancel=self.cancel):
            if isinstance(step, MosaicStep) and step.summary is not None:
                self._note(step.summary.problem, step.summary.message)
            yield
        if self.order.wish.images:
            yield from self._keep_images(
                [_request(self.session.url, i) for i in images]
            )

    def _keep_one_image(self, line: Entry) -> Iterator[None]:
        self._hold(line)
        if line.plate is not None and line.parent is not None:
            yield from self._keep_plate(line.parent, whole=False)
        yield from self._keep_images(
            [_request(self.session.url, line)], pixels=self.order.wish.images
        )

    def _keep_images(
        self, requests: Iterable[ImageRequest], *, pixels: bool = True
    ) -> Iterator[None]:
        def bring(
            request: ImageRequest, cancel: CancelToken
        ) -> tuple[ImageRequest, IDRError | None]:
            try:
                details = self.recorder.image_details(request, cancel=cancel)
                if pixels:
                    self._read_image(details.image, cancel)
            except IDRError as error:
                return request, error
            return request, None

        for request, error in in_parallel(
            bring, requests, at_once=IMAGES_AT_ONCE, cancel=self.cancel
        ):
            self._note(error, f"image {request.ref.image_id}")
            yield

    def _read_image(self, image: Image, cancel: CancelToken) -> None:
        """Read all pixels of an image, its regions, and its label images if small."""
        client = self.recorder.client
        reader = client.open_pixels(image, cancel=cancel).reader
        _read_all(reader, cancel)
        load_bitmaps(client, client.rois(image.id, cancel=cancel), cancel)
        for name, labels in client.open_labels(reader, cancel=cancel):
            if isinstance(labels, IDRError):
                self._note(labels, f"labels {name} of image {image.id}")
            elif _size(labels) <= MAX_LABELS_BYTES:
                _read_all(labels, cancel)
            else:
                size = size_text(_size(labels))
                self.missing.append(f"labels {name} of image {image.id}: {size}.")

    def _hold(self, line: Entry) -> None:
        match line.item:
            case Screen():
                self.holds["screen"].add(line.item.id)
            case Project():
                self.holds["project"].add(line.item.id)
            case Plate():
                self.holds["plate"].add(line.item.id)
            case Dataset():
                self.holds["dataset"].add(line.item.id)
            case ImageRef():
                self.holds["image"].add(line.item.image_id)

    def _note(self, error: IDRError | None, what: str) -> None:
        """Remember what didn't come, and whether it may come later."""
        if error is None:
            return
        if error.may_pass:
            self.passing = self.passing or error
        else:
            self.missing.append(f"{what}: {error.message}.")

    def _noting(self, what: str) -> _Noting:
        return _Noting(self, what)


class _Noting:
    """Notes a failure instead of raising it."""

    def __init__(self, keeper: _Keeper, what: str) -> None:
        self._keeper, self._what = keeper, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> bool:
        if not isinstance(error, IDRError):
            return False
        self._keeper._note(error, self._what)
        return True


def _children(session: Session, line: Entry, cancel: CancelToken) -> list[Entry]:
    """Return what lies below a line; what went wrong is raised."""
    found: tuple[Entry, ...] = ()
    for below in session.children(line, cancel=cancel):
        if below.error is not None:
            raise below.error
        found = below.children
    return list(found)


def _request(server: str, line: Entry) -> ImageRequest:
    assert isinstance(line.item, ImageRef)
    return ImageRequest(
        ref=line.item,
        server=server,
        study=line.study,
        dataset=line.dataset,
        plate=line.plate,
    )


def _read_all(reader: PixelReader, cancel: CancelToken) -> None:
    """Read each tile of each plane of each level, as a viewer may want it."""
    for region in _regions(reader):
        reader.read(region, cancel=cancel)


def _size(reader: PixelReader) -> float:
    """Return how many bytes all levels of an image are in memory."""
    px = sum(float(level.shape[0]) * level.shape[1] for level in reader.levels)
    return px * _planes(reader.image, reader) * reader.dtype.itemsize


def _regions(reader: PixelReader) -> Iterator[PixelRegion]:
    """Yield the tiles of an image, the coarsest level first."""
    image = reader.image
    channels = 1 if reader.rgb else image.size_c
    for number, level in reversed(list(enumerate(reader.levels))):
        (height, width), (tall, wide) = level.shape, level.chunk
        for t, z, c, y, x in product(
            range(image.size_t),
            range(image.size_z),
            range(channels),
            range(0, height, tall),
            range(0, width, wide),
        ):
            yield PixelRegion(
                level=number,
                c=c,
                z=z,
                t=t,
                y0=y,
                y1=min(y + tall, height),
                x0=x,
                x1=min(x + wide, width),
            )
