"""Which plane of a stack is shown, and asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_idr import demo
from support.pixels import open_image, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

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
