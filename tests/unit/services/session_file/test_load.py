"""What a session shows comes from its servers; what doesn't is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.cancel import NEVER
from napari_idr.services.session import ConnectionSettings, Session
from napari_idr.services.session_file.load import (
    MAX_THINGS,
    Missing,
    MosaicCame,
    OpenedCame,
    Reached,
    SessionLoader,
    missing_message,
)
from napari_idr.services.session_file.record import (
    SavedImage,
    SavedLook,
    SavedPlate,
    SavedRef,
    SavedSession,
    SavedStrip,
)
from napari_idr.tiles import TileViewing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_idr import demo
    from napari_idr.services.session_file.load import Step

PLATE = 101


@pytest.fixture
def load() -> Iterator[Callable[..., list[Step]]]:
    viewing = TileViewing()
    made: list[Step] = []

    def load(
        saved: SavedSession, folder: Path | None = None, **known: Session
    ) -> list[Step]:
        loader = SessionLoader(saved, folder)
        settings = ConnectionSettings(cache=False)
        steps = list(loader.load(known, {}, settings, viewing, print, cancel=NEVER))
        made.extend(steps)
        return steps

    yield load
    for step in made:
        if isinstance(step, Reached | OpenedCame):
            step.close()
    viewing.close()


def missing(steps: list[Step]) -> list[str]:
    return [step.sentence for step in steps if isinstance(step, Missing)]


def a_plate(archive: demo.Archive) -> int:
    with Session(archive.url, ConnectionSettings(cache=False)).client as client:
        study = next(one for one in client.studies() if one.ref.kind == "screen")
        return client.plates(study.id)[0].id  # type: ignore[arg-type]


def test_what_is_gone_is_told_and_the_rest_comes(
    archive: demo.Archive, load: Callable[..., list[Step]]
) -> None:
    url, plate = archive.url, a_plate(archive)
    steps = load(
        SavedSession(
            server=url,
            mosaics=(
                SavedPlate(server=url, id=987654, name="lost\n<b>"),
                SavedPlate(server=url, id=plate),
            ),
            strips=(
                SavedStrip(server=url),
                SavedStrip(server=url, mosaic="plate-987654"),
            ),
            images=(SavedImage(image=SavedRef(server=url, id=987654)),),
        )
    )

    shown = {one.shown.key for one in steps if isinstance(one, MosaicCame)}
    assert shown == {(url, plate)}
    told = missing(steps)
    assert len(told) == 4
    assert told[0].startswith("plate lost ")
    assert "<" not in told[0]
    assert "has no plate 987654" in told[0]
    assert "has no image 987654" in told[3]
    assert missing_message(tuple(s for s in steps if isinstance(s, Missing)))


def test_a_server_that_isnt_there_leaves_those_of_others(
    archive: demo.Archive, load: Callable[..., list[Step]]
) -> None:
    url, gone = archive.url, "http://127.0.0.1:9"
    steps = load(
        SavedSession(
            server=url,
            mosaics=(
                SavedPlate(server=gone, id=1, name="A"),
                SavedPlate(server="file:///etc/passwd", id=1, name="B"),
                SavedPlate(server=url, id=a_plate(archive)),
            ),
        )
    )

    assert any(isinstance(step, MosaicCame) for step in steps)
    assert [one.split(" (")[0] for one in missing(steps)] == ["plate A", "plate B"]
    assert [s.may_pass for s in steps if isinstance(s, Missing)] == [True, True]


def test_a_file_of_a_stranger_keeps_no_server_busy_for_hours(
    archive: demo.Archive, load: Callable[..., list[Step]]
) -> None:
    lost = SavedStrip(server=archive.url)
    steps = load(SavedSession(server=archive.url, strips=(lost,) * (MAX_THINGS + 7)))

    assert missing(steps)[-1] == "7 more things (a session shows 200 at most)"
    assert len(missing(steps)) == MAX_THINGS + 1


def test_own_columns_come_from_beside_the_file_and_never_from_elsewhere(
    archive: demo.Archive, load: Callable[..., list[Step]], tmp_path: Path
) -> None:
    url = archive.url
    (tmp_path / "scores.csv").write_text("well;score\nA1;0,5\n")
    names = (
        "/home/of/a/colleague/scores.csv",
        r"\\evil.example\share\scores.csv",
        "//evil.example/share/scores.csv",
        "https://evil.example/scores.csv",
        "/etc/passwd",
        "gone.csv",
    )
    look = SavedLook(color_by="score", own=names)
    plate = SavedPlate(server=url, id=a_plate(archive), look=look)
    steps = load(SavedSession(server=url, mosaics=(plate,)), tmp_path)

    came = next(step for step in steps if isinstance(step, MosaicCame))
    assert came.look is not None
    assert [table.name for table in came.look.own] == ["scores.csv"]
    told = missing(steps)
    assert len(told) == len(names) - 1
    assert all("isn't on this machine" in one for one in told[:3])
    assert "is no table" in told[3]
