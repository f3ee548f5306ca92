"""Which plane of a stack is shown, and asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from napari_idr import demo
from support.guards import settle
from support.pixels import open_image, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer
    from numpy.typing import NDArray

    from support.fixtures import MakePerson

TISSUE, STACKS = "idr0904-demo-tissue/experimentA", "stacks/z and t"
FINE, COARSE = "fine steps", "coarse steps"


@pytest.fixture(scope="module")
def two_stacks() -> Iterator[demo.Archive]:
    """An archive with stacks whose planes are 0.3 and 1.0 µm apart."""
    world = demo.default_world()
    stack = world.images[9101]
    stacks = {
        9101: replace(stack, name=FINE, size_z=14, pixel_size_um=(0.1, 0.1, 0.3)),
        9102: replace(stack, id=9102, name=COARSE, pixel_size_um=(0.1, 0.1, 1.0)),
    }
    stacks = {
        number: replace(one, size_t=1, zarr=None) for number, one in stacks.items()
    }
    stacks[9102] = replace(stacks[9102], size_z=11)  # the server shows plane 5 first
    changed = replace(world, images={**world.images, **stacks}, make_rois={})
    with demo.serve(changed) as archive:
        yield archive


def planes_asked_for(archive: demo.Archive, image_id: int) -> set[int]:
    """Return the z of all planes of an image that were asked for."""
    found = (
        re.search(rf"/render_image(?:_region)?/{image_id}/(\d+)/\d+", one.path)
        for one in archive.requests
    )
    return {int(match[1]) for match in found if match is not None}


def test_a_stack_of_other_steps_opens_at_its_own_plane(
    two_stacks: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(two_stacks.url)
    open_image(person, person, TISSUE, STACKS, FINE)
    two_stacks.requests.clear()

    layers = open_image(person, person, TISSUE, STACKS, COARSE)

    viewer = person.viewer
    for layer in layers:
        z = round(float(layer.world_to_data(viewer.dims.point)[0]))
        assert z == 5
    assert planes_asked_for(two_stacks, 9101) == set()
    asked = planes_asked_for(two_stacks, 9102)
    assert 5 in asked
    assert asked <= {4, 5, 6, 7}, "only the plane that is seen and those next to it"


def test_the_slider_asks_for_the_plane_of_each_stack_that_it_is_at(
    two_stacks: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(two_stacks.url)
    open_image(person, person, TISSUE, STACKS, FINE)
    coarse = open_image(person, person, TISSUE, STACKS, COARSE)
    two_stacks.requests.clear()

    person.viewer.dims.set_point(0, 9.0)
    person.until(lambda: 9 in planes_asked_for(two_stacks, 9102))
    quiet(person, person)

    assert round(float(coarse[0].world_to_data(person.viewer.dims.point)[0])) == 9
    assert planes_asked_for(two_stacks, 9102) <= {8, 9, 10}


STACK, LAST_T, Z = "stack c3 z5 t7.ome.tiff", 6, 2


@cache
def planes_of(c: int) -> list[NDArray[np.generic]]:
    """Return the planes of a channel of the stack, for each t."""
    images = demo.default_world().images.values()
    image = next(one for one in images if one.name == STACK)
    return [demo.pixels.plane(image, c, Z, t) for t in range(LAST_T + 1)]


def shown_t(layer: Layer, c: int) -> int | None:
    """Return which t a layer shows, by what its slice holds; None for nothing yet."""
    seen = np.asarray(layer._slice.image.raw)
    found = (t for t, one in enumerate(planes_of(c)) if np.array_equal(seen, one))
    return next(found, None)


def test_channels_show_one_plane_while_another_is_on_its_way(
    idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(idr.url)
    layers = open_image(person, person, TISSUE, STACKS, STACK)
    canvas = person.viewer.window._qt_viewer.canvas.native
    mark = canvas.findChild(QLabel, "idr_plane_mark")
    person.until(lambda: {shown_t(one, c) for c, one in enumerate(layers)} == {0})
    idr.delay_ms = 600
    seen: list[set[int | None]] = []
    marks: list[str] = []

    def look() -> None:
        seen.append({shown_t(layer, c) for c, layer in enumerate(layers)})
        if not mark.isHidden():
            marks.append(mark.text())
            assert mark.text() in person.status

    for t in range(1, LAST_T + 1):
        person.viewer.dims.set_current_step(0, t)
        for _ in range(8):
            QTest.qWait(20)
            look()

    def caught_up() -> bool:
        look()
        return seen[-1] == {LAST_T}

    person.until(caught_up)
    person.until(mark.isHidden)
    assert all(len(planes) == 1 for planes in seen), seen
    assert None not in set.union(*seen)
    assert any(f"t = {LAST_T} is on its way; t = " in text for text in marks)
    assert "on its way" not in person.status


def test_the_mark_stays_in_its_corner_and_lets_the_mouse_through(
    idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(idr.url)
    canvas = person.viewer.window._qt_viewer.canvas.native
    mark = canvas.findChild(QLabel, "idr_plane_mark")
    layers = open_image(person, person, TISSUE, STACKS, STACK)
    idr.delay_ms = 1500
    person.viewer.dims.set_current_step(0, 3)
    person.until(lambda: not mark.isHidden())

    person.viewer.window._qt_window.show()
    for size in ((500, 400), (300, 600)):
        canvas.resize(*size)
        settle()
        assert canvas.rect().contains(mark.geometry())
        assert mark.geometry().bottom() > size[1] - 20

    assert mark.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    for layer in layers:
        layer.visible = False
    person.until(mark.isHidden)
