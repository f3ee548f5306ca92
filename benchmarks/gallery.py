"""Galleries: against bare requests, and what they take in memory."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from benchmarks import bare
from benchmarks.archive import requests_of, served, served_large
from benchmarks.figures import Figure, alternately, at_most, counted
from benchmarks.memory import growth_in_pixels
from napari_idr.cancel import NEVER
from napari_idr.demo.studies.many_studies import many_studies
from napari_idr.services.gallery.sources import gallery_of
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.search.catalog import Query
from napari_idr.services.session import ConnectionSettings, Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.figures import Setup

THUMBNAILS = "get_thumbnails"

CHILD = """
import sys
from benchmarks.gallery import paint_gallery
print("loaded", flush=True)
sys.stdin.readline()
canvas, _ = paint_gallery(sys.argv[1], *sys.argv[2:])
print(canvas.nbytes, flush=True)
sys.stdin.readline()
"""
"""Paints when told to, and holds the gallery until it is told to end."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what a gallery of all images of an organism costs."""
    key, value = setup.gallery
    # mapr is asked by addresses alone, which can be asked for again
    asked = requests_of("classic", lambda url: paint_gallery(url, key, value))
    thumbnails = sum(THUMBNAILS in target for target in asked)
    with served("classic", setup) as address:
        _, count = paint_gallery(address, key, value)
        yield counted(
            f"requests for thumbnails of {count} images",
            thumbnails,
            at_most(-(-count // 50)),
            floor=-(-count // 50),
        )
        yield alternately(
            lambda: paint_gallery(address, key, value),
            lambda: bare.fetch(address, _waves(asked)),
            rounds=setup.rounds,
        ).figure(
            f"gallery of {count} images / the same requests, nothing decoded",
            at_most(1.2),
        )
    yield _of_many_studies()
    yield _thousand(setup)
    with served("idr", setup) as address:
        yield Figure(
            what="memory of a large gallery while it loads / its pixels",
            values=tuple(
                growth_in_pixels(CHILD, address, key, value)
                for _ in range(setup.rounds)
            ),
            bound=at_most(3),
            floor="1",
        )


def _of_many_studies() -> Figure:
    """Return what 1,000 images of twelve studies take beside the search."""
    asked = requests_of(
        "idr", lambda url: paint_gallery(url, "gene", "CDC20"), many_studies()
    )
    start = next(n for n, one in enumerate(asked) if "submitquery" in one)
    return counted(
        "requests for 1,000 images of 12 studies: a page, and 20 for thumbnails",
        len(asked) - start,
        at_most(21),
        floor=21,
    )


def _thousand(setup: Setup) -> Figure:
    """Return how long the same gallery takes where each image is known by mapr."""
    key, value = "gene", "CDC20"
    asked = requests_of(
        "classic", lambda url: paint_gallery(url, key, value), many_studies()
    )
    with served_large("studies", setup, face="classic") as address:
        return alternately(
            lambda: paint_gallery(address, key, value),
            lambda: bare.fetch(address, _waves(asked)),
            rounds=setup.rounds,
        ).figure("gallery of 1,000 images / the same requests", at_most(1.2))


def _waves(asked: Sequence[str]) -> list[list[str]]:
    """Return thumbnails that are asked for together, and the lists, one by one."""
    return [
        wave
        for are_thumbnails, targets in groupby(asked, lambda one: THUMBNAILS in one)
        for wave in ([list(targets)] if are_thumbnails else [[one] for one in targets])
    ]


def paint_gallery(address: str, key: str, value: str) -> tuple[NDArray[np.uint8], int]:
    """Return the painted gallery of a search, and how many images it has."""
    session = Session(address, ConnectionSettings(cache=False))
    try:
        keys = session.client.keys()
        query = Query(key=next(one for one in keys if one.name == key), value=value)
        of = gallery_of((), query)
        order = session.gallery_order(of, (), (), cancel=NEVER)
        shown = None
        for step in session.show_gallery(order, 1.5, cancel=NEVER):
            if isinstance(step, GalleryShown):
                shown = step
    finally:
        session.close()
    assert shown is not None
    return shown.canvas, len(shown.plan.images)
