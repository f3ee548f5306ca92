"""Another plugin fails as our layers are added: later ones appear all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_idr._qt.layers.scene import scene_of
from support.guards import settle
from support.pixels import open_image, quiet

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
TISSUE, STACKS = "idr0904-demo-tissue/experimentA", "stacks/z and t"
STACK = "stack c3 z5 t7.ome.tiff"


class OtherPlugin:
    """Listens to the layers of a viewer, and fails at those with a word in the name."""

    def __init__(self, viewer: Any, word: str) -> None:
        self._word = word
        self._events = viewer.layers.events
        self.failures = 0
        self._events.inserted.connect(self._on_inserted)

    def leave(self) -> None:
        self._events.inserted.disconnect(self._on_inserted)

    def _on_inserted(self, event: Any) -> None:
        if self._word in event.value.name:
            self.failures += 1
            raise ValueError("it is not made for this")


@pytest.mark.parametrize("word", ["wells", "field 1"])
def test_a_plate_that_can_t_be_added_is_told_and_the_next_appears(
    classic: demo.Archive, make_person: MakePerson, word: str
) -> None:
    person = make_person(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    other = OtherPlugin(person.viewer, word)

    person.click("idr_show_plate")
    person.until_status(f"{word} can't be shown", "it is not made for this")
    settle()

    assert other.failures == 1
    assert list(person.viewer.layers) == []
    assert scene_of(person.viewer).plates.servers == set()
    other.leave()
    person.show_plate()
    assert len(person.viewer.layers) == 4
    assert "96" in person.status


def test_an_image_that_can_t_be_added_is_told_and_the_next_appears(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    other = OtherPlugin(person.viewer, "Tubulin")
    try_to_open(person)

    assert "it is not made for this" in person.status
    assert other.failures == 1
    assert list(person.viewer.layers) == []
    assert scene_of(person.viewer).images.newest is None
    classic.requests.clear()
    quiet(person, person)
    assert len(classic.requests) == 0
    other.leave()
    assert len(open_image(person, person, TISSUE, STACKS, STACK)) == 3


def try_to_open(person: Person) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until(lambda: person.is_idle and TISSUE in person.rows())
    person.open(TISSUE)
    person.open(TISSUE, STACKS)
    person.click_line(TISSUE, STACKS, STACK, double=True)
    person.until_status("can't be shown")


def test_regions_that_can_t_be_added_leave_those_before(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    open_image(person, person, TISSUE, STACKS, STACK)
    person.click("idr_regions")
    person.until_idle()
    before = list(person.viewer.layers)
    other = OtherPlugin(person.viewer, "ROI")

    person.click("idr_regions")
    person.until_status("can't be shown")

    assert other.failures == 1
    assert list(person.viewer.layers) == before


def test_in_a_window_too_the_next_plate_appears(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    other = OtherPlugin(window.viewer, "hits")
    person.click("idr_show_plate")
    person.until_status("can't be shown")
    settle()
    assert window.names == []
    other.leave()

    person.show_plate()

    assert len(window.names) == 4
    window.paint()
