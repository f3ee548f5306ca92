"""Samples are layers that napari can make, without a server and without a network."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer

from napari_idr import _samples as samples
from napari_idr.cancel import NEVER
from napari_idr.transport import ByteRange, Request


@pytest.mark.parametrize("sample", [samples.plate, samples.stack, samples.pyramid])
def test_napari_makes_layers_of_a_sample_in_um(sample) -> None:
    layers = [Layer.create(*one) for one in sample()]

    assert layers
    for layer in layers:
        assert [str(unit) for unit in layer.units[-2:]] == ["micrometer"] * 2
        assert layer.metadata["idr"]["server"] == samples.NOWHERE
    assert len({layer.name for layer in layers}) == len(layers)


def test_the_plate_shows_its_wells_and_tells_their_genes() -> None:
    (canvas, _, _), (centers, wells, _) = samples.plate()

    assert canvas.std() > 10  # thumbnails, not a blank
    assert len(centers) == 96
    assert "CDC20" in wells["features"]["gene"]


def test_the_stack_has_the_stored_intensities() -> None:
    (data, attributes, _), *others = samples.stack()

    assert len(others) == 2
    assert data.shape == (7, 5, 200, 256)
    assert attributes["name"].endswith("[raw]")
    assert np.asarray(data[3, 2]).max() > 1000


def test_the_pyramid_is_one_picture_in_colours_that_is_read_as_it_is_looked_at() -> (
    None
):
    [(levels, attributes, _)] = samples.pyramid()

    assert attributes["rgb"]
    assert [level.shape[-1] for level in levels] == [3] * 6
    part = np.asarray(levels[0][2000:2064, 2000:2064])
    assert part.dtype == np.uint8
    assert part.std() > 0


def test_the_demo_answers_a_part_of_an_object_without_a_socket() -> None:
    carrier = samples.DemoTransport()
    whole = Request(path="zarr/v0.5/9101.zarr/zarr.json", origin=samples.NOWHERE)
    part = Request(path=whole.path, origin=whole.origin, byte_range=ByteRange(0, 8))

    assert carrier.send(part, cancel=NEVER).status == 206
    assert (
        carrier.send(part, cancel=NEVER).body
        == carrier.send(whole, cancel=NEVER).body[:8]
    )
    with carrier.stream(whole, cancel=NEVER) as stream:
        assert stream.response.status == 200
        assert b"".join(stream.chunks(cancel=NEVER)).startswith(b"{")
