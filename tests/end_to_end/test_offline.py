"""Without a network: what was seen is shown and marked, and what was kept is opened."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import napari
import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox

from napari_idr import demo
from napari_idr._qt import offline
from napari_idr._qt.layers.scene import scene_of
from napari_idr._reader import get_pack_reader
from napari_idr.errors import ConnectionFailedError
from napari_idr.services.offline.shelf import packs_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.person import Person
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
OTHER = "DM0002_02 two runs/[µ]"
STUDIES_TAB = 1


class Server:
    """A demo archive that can be stopped, and started at the same address."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.url = self._stack.enter_context(demo.serve()).url

    def stop(self) -> None:
        self._stack.close()

    def start(self) -> None:
        port = int(self.url.rpartition(":")[2])
        self._stack.enter_context(demo.serve(port=port))


@pytest.fixture
def server(guards: None) -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def browse(person: Person) -> None:
    """Show the studies and select the plate."""
    person.find("idr_tabs").setCurrentIndex(STUDIES_TAB)
    person.until(lambda: SCREEN in person.rows())
    person.until_idle()
    person.open(SCREEN)
    person.select(SCREEN, PLATE)


def see_plate(person: Person, window: Window) -> np.ndarray:
    browse(person)
    person.show_plate()
    return np.array(window.layer(f"{PLATE}, field 1").data[-1])


def test_what_was_seen_is_shown_offline_until_the_server_is_back(
    window: Window, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "LOOK_AGAIN_MS", 300)
    person = window.browse(server.url)
    see_plate(person, window)
    assert person.find("idr_offline").isHidden()
    window.viewer.layers.clear()
    server.stop()

    person.connect_to(server.url)
    person.until(lambda: person.text("idr_offline").startswith("From "))
    person.until_idle()
    see_plate(person, window)

    assert "offline" in person.text("idr_offline")
    assert "thumbnails are here" in person.status
    person.select(SCREEN, OTHER)  # which wasn't looked at
    assert "isn't kept on this computer" in person.status
    assert person.find("idr_retry").isVisible()
    server.start()
    person.until(lambda: person.find("idr_offline").isHidden())
    person.until(lambda: "DM0002_02" in person.text("idr_plate_title"))
    person.until_idle()
    assert "isn't kept on this computer" not in person.status
    assert person.find("idr_retry").isHidden()


def test_a_line_that_could_not_be_opened_is_opened_when_the_server_is_back(
    window: Window, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "LOOK_AGAIN_MS", 300)
    person = window.browse(server.url)
    person.find("idr_tabs").setCurrentIndex(STUDIES_TAB)
    person.until(lambda: SCREEN in person.rows())
    person.until_idle()
    server.stop()
    person.tree.expand(person.line(SCREEN))
    person.until(lambda: "can't be reached" in person.rows(person.line(SCREEN))[0])
    assert "can't be reached" in person.status

    server.start()

    person.until(lambda: PLATE in person.rows(person.line(SCREEN)))
    person.until_idle()
    assert "can't be reached" not in person.status
    assert person.find("idr_retry").isHidden()


def test_that_pixels_failed_is_taken_back_when_the_server_is_back(
    window: Window, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "LOOK_AGAIN_MS", 300)
    person = window.browse(server.url)
    browse(person)
    server.stop()
    person.select(SCREEN, OTHER)
    person.until(lambda: not person.find("idr_offline").isHidden())
    person.until_idle()
    error = ConnectionFailedError("nobody", url=server.url, nobody=True)
    scene_of(window.viewer).refresher.failed.emit(error)
    assert "A part of the image didn't come." in person.status
    assert person.find("idr_retry").isVisible()

    server.start()

    person.until(lambda: person.find("idr_offline").isHidden())
    person.until_idle()
    assert "didn't come" not in person.status
    assert person.find("idr_retry").isHidden()


def test_to_look_at_the_disk_takes_no_failure_away(
    window: Window, server: Server
) -> None:
    person = window.browse(server.url)
    browse(person)
    server.stop()
    person.select(SCREEN, OTHER)
    said = person.until_status("can't be reached")
    assert person.find("idr_retry").isVisible()
    server.start()

    person.click("idr_on_disk")

    person.until(lambda: "at most" in person.text("idr_disk_text"))
    assert person.status == said
    assert person.find("idr_retry").isVisible()
    person.click("idr_retry")
    person.until(lambda: "DM0002_02" in person.text("idr_plate_title"))


def test_the_card_is_never_of_another_line_than_the_selected_one(
    window: Window, server: Server
) -> None:
    person = window.browse(server.url)
    browse(person)
    assert PLATE in person.text("idr_plate_title")
    server.stop()

    person.select(SCREEN, OTHER)

    person.until_status("can't be reached")
    assert not person.find("idr_show_plate").isVisible()
    assert not person.find("idr_plate_title").isVisible()


def test_retry_finds_a_server_that_is_back(window: Window, server: Server) -> None:
    person = window.browse(server.url)
    browse(person)
    server.stop()
    person.select(SCREEN, OTHER)
    person.until(lambda: not person.find("idr_offline").isHidden())
    person.until_idle()
    server.start()

    person.click("idr_retry")

    person.until(lambda: "DM0002_02" in person.text("idr_plate_title"))
    assert person.find("idr_offline").isHidden()


def test_a_plate_is_kept_and_opened_from_its_pack(
    window: Window, server: Server
) -> None:
    person = window.browse(server.url)
    seen = see_plate(person, window)

    person.click("idr_keep_offline")
    person.until(lambda: not person.find("idr_keep_confirm").isHidden())
    person.until(lambda: "requests" in person.text("idr_keep_cost"))
    person.until_idle()
    person.click("idr_keep_confirm")
    person.until_status("is kept offline")
    window.viewer.layers.clear()
    server.stop()
    person.click("idr_on_disk")
    packs = person.find("idr_packs", QComboBox)
    person.until(lambda: packs.count() == 1)
    person.until_idle()
    assert "at most" in person.text("idr_disk_text")
    person.click("idr_pack_open")
    person.until(lambda: "From the pack" in person.text("idr_offline"))
    person.until_idle()

    assert np.array_equal(see_plate(person, window), seen)
    assert not person.find("idr_keep_offline").isEnabled()
    assert person.rows() == [SCREEN]
    person.click("idr_disk_empty")
    assert PLATE in person.text("idr_disk_loss")
    person.click("idr_disk_dismiss")
    assert list(packs_folder().glob("*.idrpack"))
    assert not person.find("idr_disk_confirm").isVisible()
    person.click("idr_disk_empty")
    person.click("idr_disk_confirm")
    person.until(lambda: packs.count() == 0)
    assert not list(packs_folder().glob("*.idrpack"))
    person.until_status("All that was kept on this computer is removed.")
    assert not person.find("idr_disk_confirm").isVisible()


def keep_plate(person: Person) -> Path:
    """Keep the plate that is selected without its pixels; return the pack."""
    packs = set(packs_folder().glob("*.idrpack"))
    person.click("idr_keep_offline")
    person.until(lambda: "requests" in person.text("idr_keep_cost"))
    person.until_idle()
    person.click("idr_keep_confirm")
    person.until_status("is kept offline")
    [pack] = set(packs_folder().glob("*.idrpack")) - packs
    return pack


def click_well(person: Person, window: Window, label: str) -> None:
    place = window.well_point(window.layer(f"{PLATE}, field 1"), label)
    QTest.mouseMove(window.canvas, place)
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=place)
    person.until(lambda: selected(window) == [label])
    person.until_idle()


def selected(window: Window) -> list[str]:
    """The wells that are framed."""
    [plate] = scene_of(window.viewer).plates_shown
    labels = {one.well_id: one.label for one in plate.plate_map}
    return [
        labels[one]  # type: ignore[index]
        for one in scene_of(window.viewer).plates.selected_on(plate.key)
    ]


@pytest.mark.parametrize("from_pack", [False, True], ids=["server gone", "pack"])
def test_a_well_whose_image_is_not_kept_is_selected_all_the_same(
    window: Window, server: Server, from_pack: bool
) -> None:
    person = window.browse(server.url)
    see_plate(person, window)
    pack = keep_plate(person)
    server.stop()
    why, notes = (
        "can't be reached",
        ["couldn't be read", "aren't kept on this computer"],
    )
    if from_pack:
        window.viewer.layers.clear()
        drop(person, pack)
        person.until(lambda: "From the pack" in person.text("idr_offline"))
        see_plate(person, window)
        why, notes = "isn't in the pack", ["aren't in the pack"]

    click_well(person, window, "C4")

    person.until_status(why)
    assert selected(window) == ["C4"]
    assert "C4" in person.text("idr_image_title")
    facts = person.text("idr_image_facts")
    assert "CDC20" in facts
    assert any(facts.endswith(f"Its size and channels {note}.") for note in notes)
    assert not person.find("idr_save_image").isEnabled()
    assert ("Gene Symbol", "CDC20") in [row[1:] for row in person.annotations]
    for name in ("idr_with_controls", "idr_all_fields"):
        assert person.find(name).isEnabled()
    click_well(person, window, "D5")
    assert "D5" in person.text("idr_image_title")
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    person.until(lambda: "D6" in person.text("idr_image_title"))
    person.until_idle()
    assert selected(window) == ["D6"]


def test_another_pack_is_not_asked_for_the_well_of_the_pack_before(
    window: Window, server: Server
) -> None:
    person = window.browse(server.url)
    browse(person)
    first = keep_plate(person)
    person.select(SCREEN, OTHER)
    second = keep_plate(person)
    drop(person, first)
    person.until(lambda: "From the pack" in person.text("idr_offline"))
    see_plate(person, window)
    click_well(person, window, "C4")
    drop(person, second)
    person.until(lambda: "DM0002" in person.text("idr_offline"))
    person.until_idle()
    person.find("idr_tabs").setCurrentIndex(STUDIES_TAB)
    person.until(lambda: SCREEN in person.rows())
    person.open(SCREEN)
    person.select(SCREEN, OTHER)

    person.show_plate()
    assert "thumbnails are here" in person.status
    [plate, _] = scene_of(window.viewer).plates_shown
    scene_of(window.viewer).wellClicked.emit(plate, next(iter(plate.plan.grid)))

    status = person.until_status("isn't in the pack")
    assert f"“{PLATE}”" in status


def test_a_plate_that_a_link_opened_can_be_kept(window: Window, server: Server) -> None:
    person = window.browse(server.url)
    person.type("idr_value", "plate-7101")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until(lambda: len(window.viewer.layers) == 4 and person.is_idle)

    person.click("idr_keep_offline")

    person.until(lambda: PLATE in person.text("idr_keep_cost"))


def test_a_pack_that_is_dropped_or_read_by_napari_is_opened(
    window: Window, server: Server
) -> None:
    person = window.browse(server.url)
    browse(person)
    person.click("idr_keep_offline")
    person.until(lambda: "requests" in person.text("idr_keep_cost"))
    person.until_idle()
    person.click("idr_keep_confirm")
    person.until_status("is kept offline")
    [pack] = packs_folder().glob("*.idrpack")

    drop(person, pack)
    person.until(lambda: "From the pack" in person.text("idr_offline"))
    person.until_idle()
    person.connect_to(server.url)
    person.until(lambda: person.find("idr_offline").isHidden())
    person.until_idle()
    reader = get_pack_reader(str(pack))
    assert reader is not None
    assert reader(str(pack)) == [(None,)]
    person.until(lambda: "From the pack" in person.text("idr_offline"))
    person.until_idle()
    assert get_pack_reader("a.tif") is None


def drop(person: Person, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, keys)
    QApplication.sendEvent(person.browser, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(
        person.browser, QDropEvent(QPointF(5, 5), copy, data, left, keys)
    )


def test_a_damaged_pack_ends_in_a_sentence(
    window: Window, server: Server, tmp_path: Path
) -> None:
    person = window.browse(server.url)
    person.until_idle()
    (tmp_path / "a.idrpack").write_bytes(b"no pack" * 100)

    person.connect_to(str(tmp_path / "a.idrpack"))

    person.until_status("The pack can't be used")
    assert person.find("idr_retry").isHidden()
    assert napari.current_viewer() is window.viewer
