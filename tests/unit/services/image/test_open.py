"""Images opened as a browser opens them: sources, notes, layers, projections."""

from __future__ import annotations

import threading
import time
from functools import partial

import numpy as np
import pytest

from napari_idr import demo
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo.faults import FOREVER
from napari_idr.demo.pixels import plane as drawn
from napari_idr.errors import Cancelled
from napari_idr.model import ImageId, ImageRef, PixelSource
from napari_idr.services.details import ImageRequest
from napari_idr.services.image.open import plan_projected_image
from napari_idr.services.session import ConnectionSettings, Session
from napari_idr.tiles import TileViewing

STACK, STILL, LARGE, NO_PIXELS = map(ImageId, (9101, 9203, 9301, 9204))
BROKEN, NO_LEVEL, NO_CHUNK, NO_STORE, GONE_HOST = map(
    ImageId, (9631, 9632, 9633, 9634, 9635)
)
WAIT_S = 20.0
RAW, LOSSLESS = PixelSource.RAW, PixelSource.RENDERED_LOSSLESS


@pytest.fixture
def viewing():
    viewing = TileViewing()
    yield viewing
    viewing.close()


@pytest.fixture
def open_image(idr_archive, viewing):
    """Open an image of the demo archive by its number."""
    session = Session(idr_archive.url, ConnectionSettings(cache=False))
    yield partial(opened_in, session, viewing)
    session.close()


def opened_in(session, viewing, image_id):
    request = ImageRequest(ref=ImageRef(image_id=image_id))
    steps = session.open_image(request, viewing.open, cancel=NEVER)
    next(steps)
    with pytest.raises(StopIteration) as last:
        next(steps)
    return last.value.value


TRIES = 3
"""A request that a busy machine sends late begins a round trip of its own."""


def round_trips(requests):
    """Return the length of the longest chain in which each awaits the one before."""
    trips = []
    for one in requests:
        before = [n for other, n in trips if other.finished <= one.started]
        trips.append((one, 1 + max(before, default=0)))
    return max(n for _, n in trips)


@pytest.mark.parametrize(
    ("image_id", "source", "message"),
    [
        (BROKEN, LOSSLESS, "The raw pixels can't be read: the metadata aren't JSON."),
        (NO_STORE, LOSSLESS, "The raw pixels can't be read: there is no OME-Zarr."),
        (GONE_HOST, LOSSLESS, "no answer came from objects.demo.invalid."),
        (NO_LEVEL, RAW, "A resolution is left out: the array '1' is named and isn't"),
    ],
)
def test_a_broken_store_is_told_in_a_sentence_and_the_next_source_taken(
    open_image, image_id, source, message
):
    opened = open_image(image_id)

    assert opened.reader.source is source
    assert message in opened.message
    assert opened.specs[0].name.endswith("[raw]" if source is RAW else "[rendered]")
    assert opened.metadata["pixel_source"] == source.value


def test_what_the_card_of_an_image_says_isn_t_said_again(open_image):
    opened = open_image(NO_PIXELS)

    assert opened.reader.source is PixelSource.THUMBNAIL
    (said,) = opened.details.image.notes
    assert "can't read the pixels" in said
    assert said not in opened.message
    assert "The server's rendering can't be had" in opened.message


@pytest.mark.parametrize("fault", ["failure", "cut short"])
def test_where_the_first_raw_pixels_do_not_come_the_next_source_is_taken(
    open_image, idr_archive, fault
):
    chunks = r"/9101\.zarr/0/c/"
    if fault == "failure":
        idr_archive.faults.answer_next(503, times=FOREVER, match=chunks)
    else:
        idr_archive.faults.answer_next(200, times=FOREVER, match=chunks, body="x")

    opened = open_image(STACK)

    assert opened.reader.source is LOSSLESS
    assert opened.metadata["pixel_source"] == LOSSLESS.value
    assert all(spec.name.endswith("[rendered]") for spec in opened.specs)
    assert "The raw pixels can't be read: " in opened.message


def test_of_a_lossless_copy_it_is_said_whether_it_is_equal_to_what_is_stored(
    open_image, idr_archive
):
    idr_archive.faults.answer_next(404, times=FOREVER, match=r"\.zarr/")

    eight, sixteen = open_image(STILL), open_image(STACK)

    for opened, message in (
        (eight, "equal to the stored"),
        (sixteen, "Not the stored"),
    ):
        assert opened.reader.source is LOSSLESS
        assert message in opened.message
        assert message in opened.metadata["pixel_source_words"]


def test_a_chunk_that_is_missing_is_black_and_the_rest_is_there(
    open_image, idr_archive
):
    opened = open_image(NO_CHUNK)

    found = np.asarray(opened.tiled.levels(0)[0])

    expected = drawn(idr_archive.world.images[NO_CHUNK], 0)
    same = found == expected
    assert opened.reader.source is RAW
    assert 0.5 < same.mean() < 1
    assert not found[~same].any()


def test_a_maximum_is_layers_of_its_own_that_say_so(open_image, viewing, idr_archive):
    source = idr_archive.world.images[STACK]
    opened = open_image(STACK)

    projected = plan_projected_image(opened, viewing.open, cancel=NEVER)

    first = projected.specs[0]
    assert first.name == opened.specs[0].name.replace("[raw]", "[raw, max z]")
    assert first.kwargs["metadata"]["idr"]["pixel_source"] == "raw"
    assert first.kwargs["metadata"]["idr"]["projection"] == {
        "kind": "maximum",
        "axis": "z",
        "planes": source.size_z,
    }
    assert f"The maximum over {source.size_z} planes." in projected.message
    brightest = [
        np.max([drawn(source, 0, z, t) for z in range(source.size_z)], axis=0)
        for t in range(2)
    ]
    np.testing.assert_array_equal(np.asarray(first.data[:2, 0]), np.stack(brightest))


def test_a_maximum_is_seen_at_every_z_of_its_stack(open_image, viewing):
    opened = open_image(STACK)
    z = list(opened.specs[0].kwargs["axis_labels"]).index("z")

    projected = plan_projected_image(opened, viewing.open, cancel=NEVER)

    stack, flat = opened.specs[0].kwargs, projected.specs[0].kwargs
    positions = stack["scale"][z] * np.arange(opened.image.size_z)
    indices = (positions - flat["translate"][z]) / flat["scale"][z]
    assert (np.abs(indices) < 0.5).all()
    for name in ("scale", "translate", "units", "axis_labels"):
        assert np.delete(stack[name], z).tolist() == np.delete(flat[name], z).tolist()


def test_the_maximum_over_one_plane_is_refused(open_image, viewing):
    opened = open_image(STILL)

    with pytest.raises(ValueError, match="is that plane"):
        plan_projected_image(opened, viewing.open, cancel=NEVER)


@pytest.mark.parametrize(("face", "trips"), [("classic", 2), ("idr", 4)])
def test_a_large_image_is_opened_within_a_few_round_trips(viewing, face, trips):
    # What it is, and its smallest level; of an OME-Zarr its two kinds of metadata too.
    found = []
    while trips not in found and len(found) < TRIES:
        with demo.serve(face=face, delay_ms=200) as archive:
            session = Session(archive.url, ConnectionSettings(cache=False, at_once=16))
            session.client.capabilities()
            archive.requests.clear()

            opened = opened_in(session, viewing, LARGE)

            pixels = [r for r in archive.requests if "annotations" not in r.path]
            found.append(round_trips(pixels))
            assert len(opened.specs) == 3
            session.close()

    assert min(found) == trips, [r.target for r in pixels]


class Opener:
    """Opens readers as tiled images, and remembers them."""

    def __init__(self, viewing):
        self.viewing = viewing
        self.opened = []

    def __call__(self, reader):
        tiled = self.viewing.open(reader)
        self.opened.append(tiled)
        return tiled


def cancelled_when(happens, token, work):
    """Do work in a thread, cancel it when something happens; tell if it ended so."""
    ended = []

    def run():
        try:
            ended.append(work())
        except Cancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + WAIT_S
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.01)
    token.cancel()
    thread.join(WAIT_S)
    return ended


def test_an_image_that_is_cancelled_while_it_opens_is_closed(viewing, idr_archive):
    idr_archive.faults.delay(r"/9101\.zarr/0/c/", ms=1000 * WAIT_S)
    session = Session(idr_archive.url, ConnectionSettings(cache=False))
    token, opener = CancelToken(), Opener(viewing)
    request = ImageRequest(ref=ImageRef(image_id=STACK))

    ended = cancelled_when(
        lambda: opener.opened and not viewing.scheduler.wait_until_idle(0),
        token,
        lambda: list(session.open_image(request, opener, cancel=token)),
    )

    assert ended == ["cancelled"]
    assert [tiled.closed for tiled in opener.opened] == [True]
    assert viewing.scheduler.wait_until_idle(WAIT_S)
    idr_archive.faults.clear()
    session.close()


def test_a_maximum_that_is_cancelled_is_closed(open_image, viewing, idr_archive):
    opened = open_image(STACK)
    idr_archive.faults.delay(r"/9101\.zarr/", ms=1000 * WAIT_S)
    token, opener = CancelToken(), Opener(viewing)

    ended = cancelled_when(
        lambda: opener.opened and not viewing.scheduler.wait_until_idle(0),
        token,
        lambda: plan_projected_image(opened, opener, cancel=token),
    )

    assert ended == ["cancelled"]
    assert [tiled.closed for tiled in opener.opened] == [True]
    assert not opened.tiled.closed
    idr_archive.faults.clear()


def test_an_image_that_is_cancelled_as_it_is_made_is_closed(open_image, viewing):
    opened = open_image(STACK)
    token, opener = CancelToken(), Opener(viewing)

    def open_and_cancel(reader):
        token.cancel()
        return opener(reader)

    with pytest.raises(Cancelled):
        plan_projected_image(opened, open_and_cancel, cancel=token)

    assert [tiled.closed for tiled in opener.opened] == [True]


def test_a_result_that_nobody_takes_can_be_closed(open_image, viewing):
    opened = open_image(STACK)

    opened.close()

    assert opened.tiled.closed
    assert len(viewing.cache) == 0
