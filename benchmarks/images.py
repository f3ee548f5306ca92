"""Opening images: what is asked, and how long until the first view is there."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import bare
from benchmarks.archive import requests_of, served
from benchmarks.figures import alternately, at_most, counted
from napari_idr import IDRClient, demo
from napari_idr.cancel import NEVER
from napari_idr.model import ImageId, ImageRef
from napari_idr.services.details import ImageDetails, ImageRequest
from napari_idr.services.image.open import plan_opened_image
from napari_idr.tiles import Rect, TiledImage, TileViewing, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.figures import Bound, Figure, Setup

    Size = tuple[int, int]

DONE_S = 60.0
"""A view that isn't complete by then never will be."""

STEP_S = 0.005
"""How long a slider that is pulled quickly rests on each plane."""

VIEW_LEVEL = 1
"""At this level, so that there are finer and coarser ones."""

QUESTIONS = (
    re.compile(r"/(api|iviewer|webclient)/"),
    re.compile(r"/zarr/.*/(zarr\.json|\.zattrs|\.zgroup)$"),
    re.compile(r"/zarr/.*/(\d+/zarr\.json|\.zarray)$"),
)
"""What has to be known before the next can be asked; then come the pixels."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what opening and looking at images costs."""
    yield from _first_view("idr", "raw", at_most(1.3), setup)
    # The smallest level, which tells whether the server draws, is waited for alone.
    yield from _first_view("classic", "drawn", at_most(1.75), setup)
    yield from _tour(setup)
    yield _scrubbing(setup)


@contextmanager
def opened(address: str, image_id: int) -> Iterator[tuple[TileViewing, TiledImage]]:
    """Open an image as the browser does, by a client that was just made."""
    viewing = TileViewing()
    try:
        with IDRClient(address, cache=False) as client:
            image = client.image(ImageId(image_id))
            reader, _ = client.open_reader(image)
            ref = ImageRef(image_id=image.id, name=image.name)
            details = ImageDetails(
                request=ImageRequest(ref=ref),
                image=image,
                study=None,
                annotations=(),
            )
            shown = plan_opened_image(
                details, reader, viewing.open, server=address, web_url="", cancel=NEVER
            )
            yield viewing, shown.tiled
    finally:
        viewing.close()


def see(address: str, image_id: int, setup: Setup) -> None:
    """Open an image and wait until a window in its middle is there."""
    with opened(address, image_id) as (viewing, image):
        level = min(VIEW_LEVEL, len(image.reader.levels) - 1)
        shape = image.reader.levels[level].shape
        middle = _window_at(shape, (shape[0] // 2, shape[1] // 2), setup.view_px)
        look(viewing, image, level, middle)


def _first_view(
    face: demo.Face, word: str, bound: Bound, setup: Setup
) -> Iterator[Figure]:
    asked = requests_of(face, lambda url: see(url, setup.pyramid_id, setup))
    yield counted(
        f"large image, {word}: requests sent twice",
        len(asked) - len(set(asked)),
        at_most(0),
    )
    with served(face, setup) as address:
        yield alternately(
            lambda: see(address, setup.pyramid_id, setup),
            lambda: bare.fetch(address, in_waves(asked)),
            rounds=setup.rounds,
        ).figure(f"large image, {word}: first view / the same requests", bound)


def in_waves(asked: Iterable[str]) -> list[list[str]]:
    """Sort requests into waves, each of which only needs what the last one brought.

    >>> in_waves(["/zarr/a/0/0/0", "/api/v0/m/images/1/", "/iviewer/image_data/1/"])
    [['/api/v0/m/images/1/', '/iviewer/image_data/1/'], ['/zarr/a/0/0/0']]
    """
    waves: list[list[str]] = [[] for _ in range(len(QUESTIONS) + 1)]
    for target in asked:
        path = target.partition("?")[0]
        place = (i for i, known in enumerate(QUESTIONS) if known.match(path))
        waves[next(place, -1)].append(target)
    return [wave for wave in waves if wave]


def _tour(setup: Setup) -> Iterator[Figure]:
    """Look to the right and down in steps of half a window, and back."""
    with (
        demo.serve(face="idr") as archive,
        opened(archive.url, setup.pyramid_id) as (viewing, image),
    ):
        height, width = setup.view_px
        level = image.reader.levels[VIEW_LEVEL]
        y, x = level.shape[0] // 2, level.shape[1] // 2
        places = [(y, x + step * width // 2) for step in range(4)]
        places += [(y + step * height // 2, x + 3 * width // 2) for step in (1, 2)]
        windows = [_window_at(level.shape, one, setup.view_px) for one in places]
        visible = {
            (c, *tile)
            for c in range(image.channels)
            for window in windows
            for tile in _tiles(window, level.chunk)
        }
        archive.requests.clear()
        for window in windows:
            look(viewing, image, VIEW_LEVEL, window)
        there = len(archive.requests)
        for window in reversed(windows):
            look(viewing, image, VIEW_LEVEL, window)
        back = len(archive.requests) - there
    yield counted(
        "tour of a large image: asked / visible tiles",
        there / len(visible),
        at_most(1.3),
        floor=1,
    )
    yield counted("tour of a large image: asked on the way back", back, at_most(0))


def _scrubbing(setup: Setup) -> Figure:
    """Pull the slider through a stack, from one stop to the next.

    What is shown is the stop at the beginning and that at the end.
    """
    with (
        demo.serve(face="idr", delay_ms=setup.delay_ms) as archive,
        opened(archive.url, setup.stack_id) as (viewing, image),
    ):
        height, width = image.reader.levels[0].shape
        rect = Rect(0, height, 0, width)
        stops = 0, setup.scrubbed + 1
        archive.requests.clear()
        for t in range(stops[0], stops[1] + 1):
            image.set_current(t, 0)
            for c in range(min(2, image.channels)):
                image.request(Window(level=0, c=c, ts=(t,), zs=(0,), rect=rect))
            if t in stops:
                viewing.scheduler.wait_until_idle(DONE_S)
            else:
                time.sleep(STEP_S)
        asked = {_time_of(one.path) for one in archive.requests}
    return counted(
        f"slider over {setup.scrubbed} planes: planes sent beyond the stops",
        len(asked - set(stops)),
        at_most(1),
    )


def _time_of(path: str) -> int:
    """Return the time of a chunk of a TCZYX array with chunks of one plane.

    >>> _time_of("/zarr/v0.4/9102.zarr/0/17/2/20/0/1")
    17
    """
    return int(path.split("/")[-5])


def look(viewing: TileViewing, image: TiledImage, level: int, rect: Rect) -> None:
    """Look at a window as napari does, and wait until all of it is there."""
    for c in range(image.channels):
        window = Window(level=level, c=c, ts=(0,), zs=(0,), rect=rect)
        image.request(window)
    if not viewing.scheduler.wait_until_idle(DONE_S) or image.failures:
        raise RuntimeError(f"a view didn't come: {image.failures}")


def _window_at(shape: Size, middle: Size, size: Size) -> Rect:
    """Return a window around a position, moved inside of an array.

    >>> _window_at((100, 100), (50, 95), (20, 40))
    Rect(y0=40, y1=60, x0=60, x1=100)
    """
    starts = [
        max(0, min(position - side // 2, length - side))
        for length, position, side in zip(shape, middle, size, strict=True)
    ]
    (y0, x0), (height, width) = starts, size
    return Rect(y0, min(y0 + height, shape[0]), x0, min(x0 + width, shape[1]))


def _tiles(rect: Rect, chunk: Size) -> Iterator[tuple[int, int]]:
    """Yield the (row, column) of the tiles that a window touches."""
    for row in range(rect.y0 // chunk[0], -(-rect.y1 // chunk[0])):
        for column in range(rect.x0 // chunk[1], -(-rect.x1 // chunk[1])):
            yield row, column
