"""What one sees without reading much: names, marks, titles, the status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.guards import settle

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
MOSAIC = f"{PLATE}, field 1"
SUFFIXES = ("", " wells", " hits", " headings")


def show_plate(window: Window, url: str) -> Person:
    """Show a plate with hits of a gene, the last layer of which is there."""
    person = window.browse(url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    return person


def open_well(window: Window, person: Person, well: str) -> None:
    """Open the image of a well with a double click."""
    window.viewer.scene.camera.center = (0, *window.layer(MOSAIC).extent.world.mean(0))
    window.double_click(window.well_point(window.layer(MOSAIC), well))
    person.until(lambda: person.text("idr_image_title").startswith(f"{well},"))
    person.until_idle()
    settle()


def images(window: Window) -> list[str]:
    """Return the names of the layers of images, those in front last."""
    return [name for name in window.names if not name.startswith(PLATE)]


def test_an_image_opened_twice_is_brought_to_front(
    window: Window, idr: demo.Archive
) -> None:
    person = show_plate(window, idr.url)
    open_well(window, person, "C4")
    first = images(window)
    assert [name.rpartition(" [")[0] for name in first] == [
        "C4 · CDC20 · Cy3",
        "C4 · CDC20 · DAPI",
    ]
    open_well(window, person, "C5")
    both = images(window)
    assert not window.layer(first[0]).visible
    window.viewer.layers.remove(first[1])

    open_well(window, person, "C4")

    assert sorted(images(window)) == sorted(both)
    assert all(window.layer(name).visible for name in first)
    assert {one.name for one in window.viewer.layers.selection} == set(first)
    others = set(both) - set(first)
    assert not any(window.layer(name).visible for name in others)
    assert person.text("idr_image_title").startswith("C4")
    assert person.find("idr_regions").isEnabled()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_status_names_the_well_whichever_layer_of_a_plate_is_active(
    window: Window, classic: demo.Archive, suffix: str
) -> None:
    person = show_plate(window, classic.url)

    window.viewer.layers.selection.active = window.layer(f"{MOSAIC}{suffix}")
    window.hover(window.well_point(window.layer(MOSAIC), "C4"))

    person.until(lambda: f"{PLATE} · C4 · CDC20" in window.status)


def test_the_status_names_the_well_while_an_image_is_active(
    window: Window, classic: demo.Archive
) -> None:
    person = show_plate(window, classic.url)
    open_well(window, person, "C4")
    [name, *_] = images(window)
    mosaic = window.layer(MOSAIC)
    window.viewer.layers.selection.active = window.layer(name)
    window.viewer.scene.camera.center = (0, *mosaic.extent.world.mean(0))

    window.hover(window.well_point(mosaic, "D5"))

    person.until(lambda: f"{PLATE} · D5" in window.status)


def test_the_well_that_is_looked_at_is_marked(
    window: Window, classic: demo.Archive
) -> None:
    person = show_plate(window, classic.url)
    marks = window.layer(f"{MOSAIC} hits")
    unmarked = len(marks.data)

    open_well(window, person, "D5")

    assert len(marks.data) == unmarked + 8
    white = marks.data[(marks.edge_color == 1).all(axis=1)]
    middle = marks.data_to_world((white[:, 0] + white[:, 1] / 2).mean(axis=0))
    wells = window.layer(f"{MOSAIC} wells")
    line = wells.features["well"].tolist().index("D5")
    assert middle == pytest.approx(wells.data_to_world(wells.data[line]), abs=0.5)
    person.select(MITOSIS)
    assert len(marks.data) == unmarked


def test_a_plate_bears_its_title(window: Window, classic: demo.Archive) -> None:
    show_plate(window, classic.url)

    headings = window.layer(f"{MOSAIC} headings")

    assert headings.features["label"].tolist()[-1] == MOSAIC
