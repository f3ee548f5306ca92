"""A plate stays in the viewer when another server is chosen, and stays what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr._qt.browser import Browser
from napari_idr.demo.faults import FOREVER
from support.guards import settle
from support.person import Person

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


def test_a_well_is_asked_for_where_its_plate_came_from(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    mosaic = window.layer(f"{PLATE}, field 1")
    person.connect_to(idr.url)
    person.until_idle()
    before = set(window.names)
    idr.requests.clear()

    window.double_click(window.well_point(mosaic, "F9"))

    person.until(lambda: set(window.names) > before)
    person.until_idle()
    opened = [layer for layer in window.viewer.layers if layer.name not in before]
    assert {layer.metadata["idr"]["server"] for layer in opened} == {classic.url}
    assert [one.path for one in idr.requests] == []
    person.click("idr_regions")
    person.until_idle()
    assert [one.path for one in idr.requests] == []


def test_a_failure_names_the_server_that_was_asked(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    mosaic = window.layer(f"{PLATE}, field 1")
    person.connect_to(idr.url)
    person.until_idle()
    classic.faults.answer_next(404, match="images|image_data|imgData", times=FOREVER)

    window.double_click(window.well_point(mosaic, "F9"))

    person.until_status(f"The server {classic.url.removeprefix('http://')} has no")


def test_of_two_browsers_one_answers_a_double_click(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(classic.url)
    second = Browser(window.viewer, address=idr.url)
    window.viewer.window.add_dock_widget(second, name="another browser")
    other = Person(second, window.viewer, window.qtbot)
    other.until_idle()
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    before = set(window.names)

    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "F9"))

    person.until(lambda: len(window.names) >= len(before) + 2)
    person.until_idle()
    other.until_idle()
    assert len(window.names) == len(before) + 2  # DAPI and Cy3
    assert "F9" in person.text("idr_image_title")
    assert other.find("idr_image").isHidden()


def test_when_one_browser_has_gone_the_other_answers(
    window: Window, classic: demo.Archive, idr: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    second = Browser(window.viewer, address=idr.url)
    window.viewer.window.add_dock_widget(second, name="another browser")
    other = Person(second, window.viewer, window.qtbot)
    other.until_idle()
    window.viewer.window.remove_dock_widget(person.browser)
    person.browser.deleteLater()  # one whose dock is closed goes on answering
    del person
    settle()

    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "F9"))

    other.until(lambda: "F9" in other.text("idr_image_title"))
    other.until_idle()


def test_layers_go_on_when_their_browser_has_gone(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    window.viewer.window.remove_dock_widget(person.browser)
    person.browser.deleteLater()
    del person
    settle()
    layers = window.viewer.layers

    for layer in tuple(layers):  # what fails in a slot fails the test
        layers.selection.active = layer
    layers.selection.select_only(layers[0])
    layers.clear()

    assert not window.names


def test_a_browser_whose_dock_is_closed_still_answers(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    before = len(window.names)
    window.viewer.window.remove_dock_widget(person.browser)
    window.qtbot.wait(300)  # the plate is fitted into the wider canvas

    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "F9"))

    person.until(lambda: len(window.names) >= before + 2)  # DAPI and Cy3
    person.until_idle()
    assert "F9" in person.text("idr_image_title")
