"""What is told of hits follows the newest search, and of what is gone, goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.demo.faults import FOREVER

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
OTHER_GENE = "KIF11"


def hits(window: Window) -> set[str]:
    """Return the wells that are marked as hits, as far as they are framed."""
    features = window.layer(f"{PLATE}, field 1 wells").features
    wells = set(features["well"][features["hit"]])
    frames = [
        one
        for one in window.layer(f"{PLATE}, field 1 hits").edge_color
        if one[2] == 0  # orange
    ]
    assert len(frames) == 4 * len(wells)
    return wells


def show(window: Window, url: str) -> Person:
    person = window.browse(url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    return person


def test_frames_and_card_follow_a_new_search(
    window: Window, classic: demo.Archive
) -> None:
    person = show(window, classic.url)
    before = hits(window)
    assert "images with CDC20" in person.text("idr_plate_title")

    person.search(OTHER_GENE)
    person.until(lambda: OTHER_GENE in person.text("idr_plate_title"))

    assert before
    assert hits(window)
    assert hits(window).isdisjoint(before)
    assert "CDC20" not in person.status
    well = window.layer(f"{PLATE}, field 1 wells")
    assert OTHER_GENE in str(well.metadata["idr"]["query"])


def test_hits_that_can_not_be_had_are_none(
    window: Window, classic: demo.Archive
) -> None:
    person = show(window, classic.url)
    classic.faults.answer_next(500, match="mapr/api/gene/images", times=FOREVER)

    person.search(OTHER_GENE)
    person.until(lambda: "can't be marked" in person.text("idr_plate_notes"))

    assert hits(window) == set()
    assert "CDC20" not in person.text("idr_plate_title")


def test_a_search_that_finds_nothing_leaves_no_hits(
    window: Window, classic: demo.Archive
) -> None:
    person = show(window, classic.url)

    person.search("nothing at all")
    person.until(lambda: hits(window) == set())

    assert "CDC20" not in person.text("idr_plate_title")


def test_the_card_of_a_plate_that_is_not_shown_goes_with_its_search(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)

    person.search(OTHER_GENE)

    assert person.find("idr_plate").isHidden()
    assert person.find("idr_study").isHidden()


def test_sentences_and_cards_go_with_the_layers_they_are_about(
    window: Window, classic: demo.Archive
) -> None:
    person = show(window, classic.url)
    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "F9"))
    person.until(lambda: "F9" in person.text("idr_image_title"))
    person.until_idle()
    assert person.status

    for layer in tuple(window.viewer.layers):
        if layer in window.viewer.layers:  # some go together
            window.viewer.layers.remove(layer)
    person.until(lambda: person.status == "")

    assert person.find("idr_image").isHidden()
    assert person.annotations == []
    assert not person.find("idr_annotations").isVisible()
