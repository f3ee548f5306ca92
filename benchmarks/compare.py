"""Images side by side: what a strip of eight wells asks, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import bare
from benchmarks.archive import requests_of, served
from benchmarks.figures import alternately, at_most, counted
from benchmarks.images import in_waves, look
from napari_idr.cancel import NEVER
from napari_idr.model import ImageRef, PlateId
from napari_idr.services.compare.wish import in_groups
from napari_idr.services.details import ImageRequest
from napari_idr.services.session import ConnectionSettings, Session
from napari_idr.tiles import Rect, TileViewing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Bound, Figure, Setup
    from napari_idr import demo
    from napari_idr.services.compare.load import Compared
    from napari_idr.services.compare.wish import CompareWish

WELLS = 8
"""Side by side: as many as a row has."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what it costs to see wells side by side."""
    yield from _strip("idr", "raw", setup.compared_plate_id, at_most(1.3), setup)
    # An image is opened by drawing its first channel, which the others wait for.
    yield from _strip("classic", "drawn", setup.compared_plate_id, at_most(1.5), setup)


def see_strip(address: str, plate_id: int) -> None:
    """Compare the first wells of a plate, and wait until all of them are there."""
    session = Session(address, ConnectionSettings(cache=False))
    viewing = TileViewing()
    try:
        grid = session.client.plate_grid(PlateId(plate_id))
        wells = list(grid)[:WELLS]
        wish = in_groups(
            ImageRequest(
                ref=ImageRef(image_id=one.image_id, name=one.name), server=address
            )
            for one in wells
        )
        compared = _finished(session, wish, viewing)
        mosaic = compared.mosaic
        level = len(mosaic.reader.levels) - 1
        height, width = mosaic.reader.levels[level].shape
        look(viewing, mosaic.image, level, Rect(0, height, 0, width))
        compared.close()
    finally:
        viewing.close()
        session.close()


def _finished(session: Session, wish: CompareWish, viewing: TileViewing) -> Compared:
    steps = session.compare(wish, viewing, lambda _: None, cancel=NEVER)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            compared: Compared = end.value
            return compared


def _strip(
    face: demo.Face, word: str, plate_id: int, bound: Bound, setup: Setup
) -> Iterator[Figure]:
    asked = requests_of(face, lambda url: see_strip(url, plate_id))
    yield counted(
        f"{WELLS} wells side by side, {word}: requests sent twice",
        len(asked) - len(set(asked)),
        at_most(0),
    )
    with served(face, setup) as address:
        yield alternately(
            lambda: see_strip(address, plate_id),
            lambda: bare.fetch(address, in_waves(asked)),
            rounds=setup.rounds,
        ).figure(f"{WELLS} wells side by side, {word} / the same requests", bound)
