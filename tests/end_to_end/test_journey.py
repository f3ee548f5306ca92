"""From a gene to an image and its annotations, by mouse and keyboard."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

if TYPE_CHECKING:
    from napari.layers import Image

    from support.window import Window

GENE = "CDC20"


@dataclass(frozen=True)
class Archive:
    """A server to walk through: a screen with hits of the gene, a plate of it."""

    url: str
    screen: str
    plate: str
    screen_hits: str
    plate_hits: str
    well_label: str
    channels: int


@pytest.fixture(params=["classic", "idr", "real"])
def archive(request: pytest.FixtureRequest) -> Archive:
    if request.param == "real":
        return Archive(
            url=address_in("IDR_CONFORMANCE_URL"),
            screen="idr0902-fakelab-mitosis/screenA",
            plate="LT0001_02",
            screen_hits="48",
            plate_hits="",
            well_label="A1",
            channels=2,
        )
    return Archive(
        url=request.getfixturevalue(request.param).url,
        screen="idr0901-demo-mitosis/screenA",
        plate="DM0001_01",
        screen_hits="16",
        plate_hits="12",
        well_label="C4",
        channels=2,
    )


def address_in(variable: str) -> str:
    address = os.environ.get(variable)
    if not address:
        pytest.skip(f"no real OMERO.web: {variable} is not set")
    return address


def opened(window: Window) -> list[Image]:
    """Return the layers of the image that was opened."""
    return [
        layer
        for layer in window.viewer.layers
        if layer.metadata.get("idr", {}).get("image") is not None
    ]


def test_a_gene_leads_to_an_image_and_its_annotations(
    window: Window, archive: Archive
) -> None:
    person = window.browse(archive.url)

    person.type("idr_value", GENE)
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("“CDC20”", "studies")
    assert (
        dict(zip(person.rows(), person.counts(), strict=True))[archive.screen]
        == archive.screen_hits
    )

    screen = person.open(archive.screen)
    below = dict(zip(person.rows(screen), person.counts(screen), strict=True))
    assert archive.plate_hits in ("", below[archive.plate])

    person.select(archive.screen, archive.plate)
    assert archive.plate in person.text("idr_plate_title")
    assert "images with CDC20" in person.text("idr_plate_title")

    person.click("idr_show_plate")
    person.until_idle()
    mosaic = window.layer(f"{archive.plate}, field 1")
    assert mosaic.rgb
    features = window.layer(f"{mosaic.name} wells").features
    hits = set(features["well"][features["hit"]])
    assert hits
    assert len(window.layer(f"{mosaic.name} hits").data) >= 4 * len(hits)

    assert "in orange" in person.status

    place = window.well_point(mosaic, archive.well_label)
    window.hover(place)
    person.until(lambda: archive.well_label in window.status)
    assert archive.plate in window.status

    if archive.well_label == "C4":  # on the demo archive, where D11 has no thumbnail
        window.hover(window.well_point(mosaic, "D11"))
        person.until(lambda: "no thumbnail came" in window.status)

    window.double_click(place)
    person.until(lambda: bool(opened(window)))
    person.until_idle()
    layers = opened(window)
    assert len(layers) == archive.channels
    assert {layer.metadata["idr"]["well"]["label"] for layer in layers} == {
        archive.well_label
    }
    assert archive.well_label in person.text("idr_image_title")

    rows = {(key, value) for _, key, value in person.annotations}
    if archive.well_label == "C4":
        assert ("Gene Symbol", GENE) in rows
    assert any(key == "Gene Symbol" for key, _ in rows)


def test_a_server_without_search_says_so_and_is_browsed(window: Window) -> None:
    person = window.browse(address_in("IDR_CONFORMANCE_PROXY_URL"))
    person.until_status("no search", "mapr is off")
    person.until_idle()
    person.until(lambda: len(person.rows()) > 1)

    screen = person.open("idr0902-fakelab-mitosis/screenA")
    assert "LT0001_02" in person.rows(screen)
    person.select("idr0902-fakelab-mitosis/screenA", "LT0001_02")
    person.show_plate()
    mosaic = window.layer("LT0001_02, field 1")
    window.double_click(window.well_point(mosaic, "A1"))
    person.until(lambda: bool(opened(window)))
    person.until_idle()

    assert person.annotations
    assert {layer.metadata["idr"]["well"]["label"] for layer in opened(window)} == {
        "A1"
    }


def test_the_whole_way_needs_no_mouse(window: Window, classic: object) -> None:
    person = window.browse(classic.url)  # type: ignore[attr-defined]
    tree, keys = person.tree, Qt.Key

    QTest.keyClicks(person.find("idr_value"), GENE)
    person.press("idr_value", keys.Key_Return)
    person.until_status("studies")
    tree.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (keys.Key_Down, keys.Key_Right):
        QTest.keyClick(tree, key)
    screen = person.line(person.rows()[0])
    person.until(lambda: person.is_idle and len(person.rows(screen)) == 2)
    QTest.keyClick(tree, keys.Key_Down)
    QTest.keyClick(tree, keys.Key_Return)
    person.until(lambda: "DM0001_01, field 1" in window.names and person.is_idle)

    assert "96" in person.status
