"""A plate stays in the viewer when another server is chosen, and stays what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.demo.faults import FOREVER

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
