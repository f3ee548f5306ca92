"""Links in a window: opened from everywhere, copied, and opened again elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMessageBox

import napari_idr
from napari_idr import NotFoundError
from napari_idr._qt.browser import Browser
from napari_idr._qt.opening import open_in
from napari_idr._qt.panels.focus import FocusMark
from napari_idr._qt.wells.dock import WellsDock
from napari_idr.services.links.reading import read_link
from support.person import Person

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
CTRL = Qt.KeyboardModifier.ControlModifier


def own(archive: demo.Archive) -> str:
    return f"idr+http://{archive.url.removeprefix('http://')}"


def clipboard() -> str:
    found = QApplication.clipboard()
    assert found is not None
    return found.text()


def person_at(window: Window) -> Person:
    browser = window.native.findChild(Browser)
    assert browser is not None
    return Person(browser, window.viewer, window.qtbot)


def until_layers(person: Person, window: Window, *names: str) -> None:
    person.until(
        lambda: (
            person.is_idle
            and all(any(name in one for one in window.names) for name in names)
        )
    )


def ask_to_leave(person: Person, window: Window, archive: demo.Archive) -> QMessageBox:
    """Ask for an image of another server, and return what is asked about it."""
    person.paste("idr_value", f"{own(archive)}/image/1900001")
    person.press("idr_value", Qt.Key.Key_Return)
    box = window.native.findChild(QMessageBox, "idr_leave_server")
    assert box is not None
    return box


def test_the_reader_lets_a_new_browser_open_it_and_asks_no_other_server(
    window: Window, classic: demo.Archive, idr: demo.Archive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("NAPARI_IDR_SERVER", idr.url)

    given = window.viewer.open(f"{own(classic)}/image/1900001", plugin="napari-idr")

    person = person_at(window)
    until_layers(person, window, "DAPI", "Cy3")
    assert given == []
    assert "A1" in person.text("idr_image_title")
    assert list(idr.requests) == []
    assert person.find("idr_server").currentText() == classic.url  # type: ignore[attr-defined]


def test_the_link_of_a_view_opens_the_same_view_in_another_window(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    link = (
        f"{own(classic)}/plate/7101?field=1&well=C4&well=D5&color=Gene%20Symbol"
        "&style=frames&by=gene&value=CDC20"
    )

    layers = napari_idr.open(window.viewer, link)

    browser, dock = person.browser, window.native.findChild(WellsDock)
    assert isinstance(browser, Browser)
    assert dock is not None
    assert f"{PLATE}, field 2" in [layer.name for layer in layers]
    assert "CDC20" in person.text("idr_plate_title")
    person.until(lambda: dock.jobs.message is None and dock.can_color("Gene Symbol"))
    assert dock.look.color_by == "Gene Symbol"
    assert dock.look.style == "frames"
    person.until(lambda: person.text("idr_image_title").startswith("D5, field 2"))
    person.until_idle()
    for name in ("idr_with_controls", "idr_all_fields"):
        assert person.find(name).isEnabled()
    person.click("idr_copy_link")
    assert read_link(clipboard()) == read_link(link)


def test_napari_idr_open_returns_the_layers_and_raises_what_is_wrong(
    window: Window, classic: demo.Archive
) -> None:
    layers = napari_idr.open(window.viewer, 1900001, server=classic.url)

    assert [layer.metadata["idr"]["image"]["id"] for layer in layers] == [1900001] * 2
    assert set(layers) <= set(window.viewer.layers)
    assert napari_idr.open(window.viewer, "image-1900001") == layers
    with pytest.raises(NotFoundError):
        napari_idr.open(window.viewer, "image-5")
    person = person_at(window)
    assert person.status.endswith("has no image 5.")
    study = napari_idr.open(window.viewer, "idr0901")
    assert study == ()
    assert not person.find("idr_study").isHidden()


def test_several_images_are_opened_one_after_the_other(
    window: Window, classic: demo.Archive
) -> None:
    link = f"{classic.url}/webclient/?show=image-1900001|image-1900005"

    layers = napari_idr.open(window.viewer, link)

    images = {layer.metadata["idr"]["image"]["id"] for layer in layers}
    assert images == {1900001, 1900005}


def test_links_that_napari_opens_one_by_one_are_all_opened(
    window: Window, classic: demo.Archive
) -> None:
    links = [f"{own(classic)}/image/{number}" for number in (1900001, 1900005)]

    window.viewer.open(links, plugin="napari-idr")

    until_layers(person_at(window), window, "A1", "A2")


def test_a_link_in_the_field_for_the_server_opens_both(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)

    person.paste("idr_server", f"{classic.url}/webclient/?show=plate-7101")
    person.press("idr_server", Qt.Key.Key_Return)

    until_layers(person, window, PLATE)
    assert window.viewer.layers[0].metadata["idr"]["server"] == classic.url
    assert person.find("idr_server").currentText() == classic.url  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["well-600001", "Plate:7101", "run-8552"])
def test_an_id_in_the_search_box_is_opened(
    window: Window, classic: demo.Archive, text: str
) -> None:
    person = window.browse(classic.url)

    person.type("idr_value", text)
    person.press("idr_value", Qt.Key.Key_Return)

    until_layers(person, window, "DM000")


def test_a_number_that_nothing_carries_is_an_image(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)

    person.search("1900001")

    until_layers(person, window, "DAPI", "Cy3")


def test_another_server_is_asked_about_and_staying_changes_nothing(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(classic.url)
    idr.requests.clear()

    box = ask_to_leave(person, window, idr)
    next(one for one in box.buttons() if one.objectName() == "idr_stay").click()

    person.until_status("Still on")
    assert list(idr.requests) == []
    person.press("idr_value", Qt.Key.Key_Return)
    box = window.native.findChild(QMessageBox, "idr_leave_server")
    assert box is not None
    next(one for one in box.buttons() if one.objectName() == "idr_leave").click()
    until_layers(person, window, "DAPI")
    assert window.viewer.layers[0].metadata["idr"]["server"] == idr.url


def test_the_button_that_has_the_keyboard_is_marked_in_a_question(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(classic.url)
    box = ask_to_leave(person, window, idr)
    leave, stay = (
        next(one for one in box.buttons() if one.objectName() == name)
        for name in ("idr_leave", "idr_stay")
    )

    person.until(box.isActiveWindow)
    mark = box.findChild(FocusMark)
    assert mark is not None
    person.until(lambda: mark.isVisible() and mark.widget() is leave)
    QTest.keyClick(leave, Qt.Key.Key_Tab)
    person.until(lambda: mark.widget() is stay)
    QTest.keyClick(stay, Qt.Key.Key_Return)

    person.until_status("Still on")


def test_text_is_dropped_and_pasted_on_the_dock(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    mime = QMimeData()
    mime.setText("image-1900001")
    at, buttons = QPoint(5, 5), Qt.MouseButton.LeftButton
    keys, action = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction

    enter = QDragEnterEvent(at, action, mime, buttons, keys)
    QApplication.sendEvent(person.browser, enter)
    drop = QDropEvent(QPointF(at), action, mime, buttons, keys)
    QApplication.sendEvent(person.browser, drop)

    assert enter.isAccepted()
    until_layers(person, window, "A1", "DAPI")
    found = QApplication.clipboard()
    assert found is not None
    found.setText("image-1900009")
    person.tree.setFocus()
    QTest.keyClick(person.tree, Qt.Key.Key_V, CTRL)
    until_layers(person, window, "A3")
    found.setText("CDC20")
    QTest.keyClick(person.tree, Qt.Key.Key_V, CTRL)
    person.until_status("no link")


def test_genes_with_odd_letters_come_through_napari(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    url = QUrl(f"{own(classic)}/gene/CDC20%20a%2Fb%23%25")

    window.viewer.window._qt_viewer._open_from_list_of_urls_data(
        [url], stack=False, choose_plugin=False
    )

    person.until_status("Nothing carries", "CDC20 a/b#%")


def test_lines_cards_and_layers_give_their_links(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)

    actions = {one.objectName(): one for one in person.tree.actions()}
    actions["idr_copy_line_link"].trigger()
    assert read_link(clipboard()) == read_link(
        f"{own(classic)}/plate/7101?by=gene&value=CDC20"
    )
    actions["idr_copy_line_web_link"].trigger()
    assert clipboard() == f"{classic.url}/webclient/?show=plate-7101"
    person.show_plate()
    window.viewer.layers.selection = {window.layer(f"{PLATE}, field 1")}
    from napari_idr._qt.opening import copy_layer_links

    copy_layer_links(window.viewer)
    assert clipboard() == f"{own(classic)}/plate/7101"


def test_a_gallery_gives_its_link_where_no_line_was_ever_selected(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.search("CDC20")
    button = person.find("idr_copy_link")
    assert button.isHidden()

    person.click("idr_gallery")
    person.until_idle()
    person.until(lambda: "CDC20 gallery headings" in window.names)

    assert person.browser._state.details is None  # there is no card
    assert button.isVisible()
    person.click("idr_copy_link")
    reading = read_link(clipboard())
    assert reading.server == classic.url
    assert "CDC20" in clipboard()

    window.viewer.layers.clear()
    person.until(button.isHidden)


def test_a_gallery_of_several_lines_has_no_link_and_it_is_said_what_keeps_it(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.search("CDC20")
    person.select(SCREEN)
    person.tree.selectAll()
    person.until_idle()
    person.click("idr_gallery")
    person.until_idle()
    person.until(
        lambda: any(name.endswith("gallery headings") for name in window.names)
    )

    person.click("idr_copy_link")

    person.until_status("A gallery of several lines is kept with “Save session”.")
    assert "select" not in person.status  # lines are


def test_an_unknown_id_is_said_and_the_rest_comes(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    link = read_link("image-5|image-1900001")
    assert link is not None

    open_in(window.viewer, link)

    until_layers(person, window, "DAPI")
    person.until_status("has no image 5.")


def test_an_unknown_accession_is_said(window: Window, classic: demo.Archive) -> None:
    person = window.browse(classic.url)

    person.type("idr_value", "idr0999")
    person.press("idr_value", Qt.Key.Key_Return)

    person.until_status("has no study idr0999.")


def test_what_opens_says_nothing_of_what_failed_before(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.type("idr_value", "plate-5")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("has no plate 5.")

    person.paste("idr_value", "idr0901")
    person.press("idr_value", Qt.Key.Key_Return)

    person.until(lambda: not person.find("idr_study").isHidden() and person.is_idle)
    assert "plate 5" not in person.status
