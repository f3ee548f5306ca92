"""Mosaics: against bare requests, against one request each, and from the cache."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image as Picture

from benchmarks import bare
from benchmarks.archive import requests_of, served
from benchmarks.figures import alternately, at_least, at_most, counted
from napari_idr import IDRClient
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError
from napari_idr.model import ImageId, PlateId
from napari_idr.services.plate.canvas import blank_canvas
from napari_idr.services.plate.mosaic import cell_shape_for, load_mosaic, plan_mosaic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.figures import Figure, Setup

THUMBNAILS_AN_ASK = 50
"""The server refuses more."""

FILES_A_ROW = 48

JPEG_QUALITY = 90
"""Makes files as large as the server's answers."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what a mosaic costs."""
    with served("idr", setup) as address:
        yield from _against_bare(address, setup)
        yield _against_one_by_one(address, setup)
        yield from _from_cache(address, setup)


def paint_mosaic(
    address: str, plate_id: int, *, cache: bool | Path = False
) -> NDArray[np.uint8]:
    """Return the painted mosaic of a plate, by a client that was just made."""
    with IDRClient(address, cache=cache) as client:
        grid = client.plate_grid(PlateId(plate_id))
        plan = plan_mosaic(grid, cell_shape=cell_shape_for(grid.image_shape))
        canvas = blank_canvas(plan)
        for _ in load_mosaic(plan, canvas, client.thumbnails, cancel=NEVER):
            pass
        return canvas


def _against_bare(address: str, setup: Setup) -> Iterator[Figure]:
    plate_id = setup.plate_id
    asked = requests_of("idr", lambda url: paint_mosaic(url, plate_id))
    grid, *thumbnails = asked
    wells = len(_image_ids(address, plate_id))
    fewest = 1 + -(-wells // THUMBNAILS_AN_ASK)
    yield counted(
        f"requests for {wells} wells", len(asked), at_most(fewest), floor=fewest
    )
    comparison = alternately(
        lambda: paint_mosaic(address, plate_id),
        lambda: bare.fetch(address, [[grid], thumbnails]),
        rounds=setup.rounds,
    )
    yield comparison.figure(
        f"mosaic of {wells} wells / the same requests, nothing decoded", at_most(1.15)
    )


def _against_one_by_one(address: str, setup: Setup) -> Figure:
    wells = _image_ids(address, setup.plate_id)
    some = _with_thumbnails(address, wells[: setup.one_by_one])
    comparison = alternately(
        lambda: bare.thumbnails_one_by_one(address, some),
        lambda: paint_mosaic(address, setup.plate_id),
        rounds=setup.rounds,
    )
    return comparison.figure(
        f"one thumbnail a request / mosaic, per well ({len(some)} of them)",
        at_least(20),
        times=len(wells) / len(some),
    )


def _from_cache(address: str, setup: Setup) -> Iterator[Figure]:
    plate_id = setup.large_plate_id
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wells = _image_ids(address, plate_id)
        asked = requests_of("idr", lambda url: _open_twice(url, plate_id, folder))
        yield counted(
            "requests repeated by a second opening",
            len(asked) - len(set(asked)),
            at_most(0),
        )
        warm = folder / "warm"
        again = alternately(
            lambda: paint_mosaic(address, plate_id, cache=warm),
            lambda: _paint_with_new_cache(address, plate_id, folder),
            rounds=setup.rounds,
        )
        yield again.figure(
            f"second opening of {len(wells)} wells / the first", at_most(0.5)
        )
        paths = _write_files(address, wells, folder)
        yield alternately(
            lambda: paint_mosaic(address, plate_id, cache=warm),
            lambda: bare.canvas_from_files(paths, FILES_A_ROW),
            rounds=setup.rounds,
        ).figure(
            f"second opening of {len(wells)} wells / reading as many files",
            at_most(1.3),
        )


def _paint_with_new_cache(address: str, plate_id: int, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        paint_mosaic(address, plate_id, cache=Path(cache))


def _open_twice(address: str, plate_id: int, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        for _ in range(2):
            paint_mosaic(address, plate_id, cache=Path(cache))


def _write_files(
    address: str, image_ids: Sequence[ImageId], folder: Path
) -> list[Path]:
    """Write the thumbnails into one file each, as the server sends them."""
    paths = []
    with IDRClient(address, cache=False) as client:
        for image_id, picture in client.thumbnails(image_ids):
            if isinstance(picture, IDRError):
                continue
            path = folder / f"{image_id}.jpg"
            Picture.fromarray(picture).save(path, quality=JPEG_QUALITY)
            paths.append(path)
    return paths


def _image_ids(address: str, plate_id: int) -> list[ImageId]:
    with IDRClient(address, cache=False) as client:
        rows = client.plate_grid(PlateId(plate_id)).cells
    return sorted(cell.image_id for row in rows for cell in row if cell is not None)


def _with_thumbnails(address: str, image_ids: Sequence[ImageId]) -> list[ImageId]:
    """Return those of some images that have a thumbnail: a script ends at a 404."""
    with IDRClient(address, cache=False) as client:
        return [
            image_id
            for image_id, picture in client.thumbnails(image_ids)
            if not isinstance(picture, IDRError)
        ]
