"""A session that is opened again: against bare requests, and how busy the window is.

It has a plate of 96 wells, one of its images, and images of three of its wells side by
side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtTest import QTest

from benchmarks import bare
from benchmarks.archive import requests_of, served
from benchmarks.figures import alternately, at_most
from benchmarks.gallery import THUMBNAILS
from benchmarks.heartbeat import Heartbeat, calm, repaint_ms
from benchmarks.images import in_waves
from benchmarks.window import beyond, opened_window
from napari_idr.cancel import NEVER
from napari_idr.model import PlateId
from napari_idr.services.session import ConnectionSettings, Session
from napari_idr.services.session_file.load import (
    Missing,
    OpenedCame,
    SessionLoader,
    StripReady,
)
from napari_idr.services.session_file.record import (
    SavedCell,
    SavedImage,
    SavedPlate,
    SavedRef,
    SavedSession,
    SavedStrip,
)
from napari_idr.tiles import TileViewing
from support.guards import settle
from support.pixels import quiet
from support.remote import remote_archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure, Setup
    from napari_idr import demo

IMAGES = 3
"""Side by side; the first is open by itself as well."""

SETTLE_MS = 1000
"""After the last news: longer than anything that is put off in the window."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what it costs to open a session again."""
    yield from _bare("idr", "raw", setup)
    yield from _bare("classic", "drawn", setup)
    yield _busy(setup)


def saved(address: str, plate_id: int) -> SavedSession:
    """Return a session of a plate of an archive, as one would be saved there."""
    session = Session(address, ConnectionSettings(cache=False))
    try:
        grid = session.client.plate_grid(PlateId(plate_id))
        refs = [
            SavedRef(server=address, id=one.image_id, name=one.name)
            for one in list(grid)[:IMAGES]
        ]
    finally:
        session.close()
    return SavedSession(
        server=address,
        mosaics=(SavedPlate(server=address, id=plate_id, name="a plate"),),
        strips=(
            SavedStrip(server=address, cells=tuple(SavedCell(image=r) for r in refs)),
        ),
        images=(SavedImage(image=refs[0]),),
    )


def restore(address: str, known: SavedSession) -> None:
    """Load all of a session, as a browser that has just reached its server does."""
    session = Session(address, ConnectionSettings(cache=False))
    viewing = TileViewing()
    try:
        loader = SessionLoader(known)
        settings = ConnectionSettings(cache=False)
        for step in loader.load(
            {address: session}, {}, settings, viewing, lambda _: None, cancel=NEVER
        ):
            if isinstance(step, OpenedCame | StripReady):
                step.close()
            assert not isinstance(step, Missing), step.sentence
    finally:
        viewing.close()
        session.close()


def _bare(face: demo.Face, word: str, setup: Setup) -> Iterator[Figure]:
    """Load it with nothing known, beside the requests of its parts, one by one."""
    plate = setup.compared_plate_id
    described = len(requests_of(face, lambda url: saved(url, plate)))

    def asked_for(part: str) -> tuple[str, ...]:
        def ask(url: str) -> None:
            restore(url, _only(part, saved(url, plate)))

        return requests_of(face, ask)[described:]

    waves = [wave for part in PARTS for wave in _in_waves(asked_for(part))]
    with served(face, setup) as address:
        known = saved(address, plate)
        yield alternately(
            lambda: restore(address, known),
            lambda: bare.fetch(address, waves),
            rounds=setup.rounds,
        ).figure(f"a session is restored, {word} / the same requests", at_most(1.5))


PARTS = ("mosaics", "strips", "images")


def _only(part: str, session: SavedSession) -> SavedSession:
    """Return a session with one kind of its things."""
    return replace(session, **{other: () for other in PARTS if other != part})


def _in_waves(asked: tuple[str, ...]) -> list[list[str]]:
    """Sort requests into waves; thumbnails need to know which images there are."""
    thumbnails = [one for one in asked if THUMBNAILS in one]
    others = in_waves(one for one in asked if THUMBNAILS not in one)
    waves = [others[0], thumbnails, *others[1:]]
    return [wave for wave in waves if wave]


def _busy(setup: Setup) -> Figure:
    """Open it in a window; return by how much the longest gap exceeds a repaint."""
    gaps, repaints = [], []
    plate = setup.compared_plate_id
    with (
        remote_archive("idr", delay_ms=setup.delay_ms) as url,
        opened_window() as window,
    ):
        person = window.browse(url)
        session = saved(url, plate)
        ended: list[object] = []
        files = person.browser.session_files  # type: ignore[attr-defined]
        files.ended.connect(ended.append)
        for number in range(setup.rounds + 1):
            ended.clear()
            heart = Heartbeat()
            with calm():
                files.open(session)
                person.until(lambda: bool(ended))
                quiet(window, person)
                QTest.qWait(SETTLE_MS)
            heart.stop()
            if number:  # the first draws with code that napari hasn't loaded before
                gaps.append(heart.longest_gap_ms(heart.times[0], heart.times[-1]))
                repaints.append(repaint_ms(window))
            window.viewer.layers.clear()
            settle()
            person.until(lambda: not window.names)
    return beyond("a session is restored: gap beyond a repaint, ms", gaps, repaints)
