"""Layers of an image, or of images side by side, come one in each turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QTabWidget

from napari_idr._qt.layers import adding
from support.guards import settle
from support.window import turns_of_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
TISSUE = "idr0904-demo-tissue/experimentA"
STACKS = "stacks/z and t"
KINDS = "kinds of image [8 bit, float & RGB]"
THREE_CHANNELS = "stack c3 z5 t7.ome.tiff"
TWO_CHANNELS = "8 bit, two channels"


@pytest.fixture
def person(idr: demo.Archive, make_person: MakePerson) -> Person:
    """Look at the images of a project, none of which is open."""
    person = make_person(idr.url)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: person.is_idle and TISSUE in person.rows())
    person.open(TISSUE)
    person.open(TISSUE, STACKS)
    person.open(TISSUE, KINDS)
    return person


@pytest.fixture
def turns(person: Person) -> Iterator[list[int]]:
    with turns_of_layers(person.viewer) as turns:
        yield turns


def once_the_first_is_there(person: Person, do: Callable[[], Any]) -> None:
    """Do something as soon as a layer has come, before the next does."""

    def when_there(_: Any) -> None:
        person.viewer.layers.events.inserted.disconnect(when_there)
        QTimer.singleShot(0, do)

    person.viewer.layers.events.inserted.connect(when_there)


def start(person: Person, dataset: str, image: str) -> None:
    person.click_line(TISSUE, dataset, image, double=True)


def names(person: Person) -> list[str]:
    return [layer.name for layer in person.viewer.layers]


def channels(person: Person, image: str) -> list[str]:
    return [
        layer.name
        for layer in person.viewer.layers
        if layer.metadata.get("idr", {}).get("image", {}).get("name") == image
    ]


def test_each_channel_of_an_image_has_a_turn(person: Person, turns: list[int]) -> None:
    start(person, STACKS, THREE_CHANNELS)
    person.until(lambda: bool(turns))
    person.until_idle()

    assert len(turns) == 3
    assert len(set(turns)) == 3
    assert "raw" in person.status.lower() or "drawn" in person.status
    layers = person.viewer.layers
    assert layers.selection.active is layers[-1]
    assert all(layer.visible for layer in layers)


def test_what_is_taken_out_while_it_comes_stays_out(person: Person) -> None:
    once_the_first_is_there(person, lambda: person.viewer.layers.clear())

    start(person, STACKS, THREE_CHANNELS)
    person.until(lambda: person.is_idle and not person.viewer.layers)
    QTest.qWait(300)

    assert names(person) == []
    assert person.browser._scene.images.newest is None
    settle()
    assert not person.browser._scene.refresher.servers


def test_one_channel_taken_out_while_others_come_leaves_them(person: Person) -> None:
    taken: list[Any] = []
    layers = person.viewer.layers

    def take_the_first(_: Any) -> None:
        if len(layers) == 2:
            QTimer.singleShot(0, lambda: taken.append(layers.pop(0)))
            layers.events.inserted.disconnect(take_the_first)

    layers.events.inserted.connect(take_the_first)
    start(person, STACKS, THREE_CHANNELS)
    person.until(lambda: bool(taken))
    person.until_idle()

    assert len(channels(person, THREE_CHANNELS)) == 2
    viewing = person.browser._scene.viewing
    person.until(lambda: viewing.scheduler.wait_until_idle(0.05))
    settle()
    refresher = person.browser._scene.refresher
    assert len(refresher._watched) == 2


def test_opened_again_while_it_comes_it_is_whole(person: Person) -> None:
    details: list[Any] = []

    def open_again() -> None:
        scene = person.browser._scene
        opened = scene.images.newest
        details.append(scene.go_to_image(opened.image.id, opened.server))

    once_the_first_is_there(person, open_again)
    start(person, STACKS, THREE_CHANNELS)
    person.until(lambda: bool(details))
    person.until_idle()

    assert details[0] is not None
    assert len(channels(person, THREE_CHANNELS)) == 3
    assert all(layer.visible for layer in person.viewer.layers)


def test_all_closed_while_an_image_comes_are_all_brought_back(person: Person) -> None:
    aside = person.browser._scene.aside
    closed: list[int] = []
    once_the_first_is_there(person, lambda: closed.append(aside.close_all()))
    start(person, STACKS, THREE_CHANNELS)
    person.until(lambda: closed == [3])
    person.until_idle()
    assert names(person) == []

    aside.bring_back()

    person.until(lambda: len(person.viewer.layers) == 3 and not aside.is_coming_back)
    assert all(layer.visible for layer in person.viewer.layers)


def test_a_plate_that_is_closed_before_it_came_holds_nothing(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(person, KINDS, TWO_CHANNELS)
    person.until(lambda: person.is_idle and len(person.viewer.layers) == 2)
    scene = person.browser._scene
    person.find("idr_tabs", QTabWidget).setCurrentIndex(0)
    person.find_plate("CDC20", MITOSIS, PLATE)
    monkeypatch.setattr(adding, "PAUSE_MS", 2000)
    person.click("idr_show_plate")
    person.until(lambda: bool(scene.plates.all_shown))
    assert len(person.viewer.layers) == 2  # the mosaic is on its way

    scene.aside.close_all()
    person.until_idle()
    scene.aside.bring_back()
    person.until(lambda: not scene.aside.is_coming_back)
    person.viewer.layers.clear()
    settle()

    assert not scene.refresher.servers


def test_two_images_one_right_after_the_other_keep_their_order(person: Person) -> None:
    for dataset, image in (STACKS, THREE_CHANNELS), (KINDS, TWO_CHANNELS):
        start(person, dataset, image)
        person.until(lambda image=image: bool(channels(person, image)))
    person.until_idle()

    first, second = channels(person, THREE_CHANNELS), channels(person, TWO_CHANNELS)
    assert names(person) == [*first, *second]
    assert len(first) == 3
    assert len(second) == 2
    shown = [layer.name for layer in person.viewer.layers if layer.visible]
    assert shown == second
