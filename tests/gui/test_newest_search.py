"""What is told of hits follows the newest search, and of what is gone, goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox

from napari_idr.demo.faults import FOREVER

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
OTHER_GENE = "KIF11"


def hits(person: Person) -> set[str]:
    """Return the wells that are marked as hits; as many are framed."""
    layers = person.viewer.layers
    features = layers[f"{PLATE}, field 1 wells"].features
    wells = set(features["well"][features["hit"]])
    frames = [
        color
        for color in layers[f"{PLATE}, field 1 hits"].edge_color
        if color[0] == 1 and color[2] == 0  # orange, not the black beside it
    ]
    assert len(frames) == 4 * len(wells)
    return wells


def show(person: Person) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()


def test_frames_and_card_follow_a_new_search(
    person: Person, classic: demo.Archive
) -> None:
    show(person)
    before = hits(person)
    assert "images with CDC20" in person.text("idr_plate_title")

    person.search(OTHER_GENE)
    person.until(lambda: OTHER_GENE in person.text("idr_plate_title"))

    assert before
    assert hits(person)
    assert hits(person).isdisjoint(before)
    assert "CDC20" not in person.status
    well = person.viewer.layers[f"{PLATE}, field 1 wells"]
    assert OTHER_GENE in str(well.metadata["idr"]["query"])


def test_hits_that_can_not_be_had_are_none(
    person: Person, classic: demo.Archive
) -> None:
    show(person)
    classic.faults.answer_next(500, match="mapr/api/gene/images", times=FOREVER)

    person.search(OTHER_GENE)
    person.until(lambda: "can't be marked" in person.text("idr_plate_notes"))

    assert hits(person) == set()
    assert "CDC20" not in person.text("idr_plate_title")


def test_a_search_that_finds_nothing_leaves_no_hits(
    person: Person, classic: demo.Archive
) -> None:
    show(person)

    person.search("nothing at all")
    person.until(lambda: hits(person) == set())

    assert "CDC20" not in person.text("idr_plate_title")


def test_the_card_of_a_plate_that_is_not_shown_goes_with_its_search(
    person: Person, classic: demo.Archive
) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)

    person.search(OTHER_GENE)

    assert person.find("idr_plate").isHidden()
    assert person.find("idr_study").isHidden()


def test_sentences_and_cards_go_with_the_layers_they_are_about(
    person: Person,
) -> None:
    show(person)
    person.search("CDC20")  # what was selected is no line any more
    person.click("idr_show_plate")
    person.choose("idr_field", "2 / 4")
    person.find("idr_field", QComboBox).activated.emit(1)
    person.until_status("in orange")
    assert PLATE in person.text("idr_plate_title")

    layers = person.viewer.layers
    layers.remove(layers[f"{PLATE}, field 2"])
    person.until(lambda: person.status == "")

    assert person.find("idr_plate").isHidden()
    assert not person.find("idr_annotations").isVisible()


def test_the_load_of_a_plate_that_is_removed_ends(
    person: Person, classic: demo.Archive
) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    classic.thumbnail_ms = 200
    person.click("idr_show_plate")
    layers = person.viewer.layers
    person.until(lambda: f"{PLATE}, field 1 headings" in layers)

    layers.remove(layers[f"{PLATE}, field 1"])
    person.until_idle()

    assert "thumbnails" not in person.status
    assert PLATE in person.text("idr_plate_title")  # its line is selected
