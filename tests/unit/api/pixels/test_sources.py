from __future__ import annotations

import pickle
from dataclasses import replace
from urllib.parse import urlsplit

import dask
import numpy as np
import pytest

from napari_idr import IDRClient, demo
from napari_idr.api.pixels.choice import choose_source
from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr import reader as zarr_reader
from napari_idr.cancel import NEVER
from napari_idr.demo.faults import FOREVER
from napari_idr.demo.pixels import plane as drawn
from napari_idr.demo.zarr.places import zarr_cases
from napari_idr.errors import (
    ConnectionFailedError,
    PixelDataError,
    ServerError,
    StatusError,
)
from napari_idr.model import ImageId, PixelSource

STACK, EXACT = ImageId(9101), ImageId(9203)
GONE_HOST, BROKEN, NO_STORE, NO_LEVEL, NO_CHUNK = map(
    ImageId, (9635, 9631, 9634, 9632, 9633)
)
RAW, LOSSLESS = PixelSource.RAW, PixelSource.RENDERED_LOSSLESS
JPEG, THUMBNAIL = PixelSource.RENDERED_JPEG, PixelSource.THUMBNAIL


UNREAD = "The raw pixels can't be read:"


@pytest.fixture
def idr(idr_archive):
    with IDRClient(idr_archive.url, cache=False) as client:
        yield client


@pytest.mark.parametrize(
    ("has_zarr", "rendering", "lossless", "sizes_known", "source"),
    [
        (True, False, False, False, RAW),
        (True, True, True, True, RAW),
        (False, True, True, True, LOSSLESS),
        (False, None, True, True, LOSSLESS),
        (False, True, False, True, JPEG),
        (False, None, None, True, JPEG),
        (False, False, None, True, THUMBNAIL),
        (False, True, True, False, THUMBNAIL),
    ],
)
def test_the_best_source_is_chosen_with_a_reason(
    has_zarr, rendering, lossless, sizes_known, source
):
    choice = choose_source(
        has_zarr=has_zarr,
        rendering=rendering,
        lossless=lossless,
        sizes_known=sizes_known,
    )

    assert choice.source is source
    assert choice.reason


def test_every_store_of_the_archive_is_read_as_it_was_written(idr_archive, idr):
    cases = [
        case
        for case in zarr_cases(idr_archive.world)
        if case.recipe.fault is None and case.image.size_x * case.image.size_y < 10**6
    ]
    by_recipe = {case.recipe: case for case in cases}
    assert len(by_recipe) > 20

    for case in by_recipe.values():
        source = case.image
        reader, notes = idr.open_reader(idr.image(ImageId(source.id)), rgb=False)
        c, z, t = source.size_c - 1, source.size_z - 1, source.size_t - 1
        height, width = reader.levels[0].shape

        found = reader.read(
            PixelRegion(c=c, z=z, t=t, y0=0, y1=height, x0=0, x1=width), cancel=NEVER
        )

        assert (reader.source, notes) == (RAW, ()), case.path
        expected = drawn(source, c, z, t)
        np.testing.assert_array_equal(found, expected, err_msg=case.path)
        assert found.dtype == expected.dtype


def test_coarser_levels_of_a_store_are_read_as_they_were_written(idr_archive, idr):
    source = idr_archive.world.images[9614]
    reader, _ = idr.open_reader(idr.image(ImageId(9614)))

    for k, level in enumerate(reader.levels):
        height, width = level.shape
        region = PixelRegion(level=k, c=1, z=1, y0=0, y1=height, x0=0, x1=width)
        np.testing.assert_array_equal(
            reader.read(region, cancel=NEVER), drawn(source, 1, 1, 0, k)
        )


@pytest.mark.parametrize(
    ("image_id", "message"),
    [
        (
            GONE_HOST,
            f"{UNREAD} no answer came from objects.demo.invalid.",
        ),
        (BROKEN, "The raw pixels can't be read: the metadata aren't JSON."),
        (NO_STORE, "The raw pixels can't be read: there is no OME-Zarr."),
    ],
)
def test_where_raw_fails_the_next_source_is_taken_and_the_reason_told(
    idr, image_id, message
):
    reader, notes = idr.open_reader(idr.image(image_id))

    assert reader.source is LOSSLESS
    assert reader.image.pixel_source is LOSSLESS
    assert notes == (message,)


def test_the_second_address_is_tried_when_nothing_is_at_the_first(idr, monkeypatch):
    image = idr.image(STACK)
    urls = (image.zarr_url.replace("9101", "nowhere"), image.zarr_url)
    monkeypatch.setattr("napari_idr.api.pixels.sources.zarr_candidates", lambda _: urls)

    reader, notes = idr.open_reader(image)

    assert (reader.source, reader.image.zarr_url, notes) == (RAW, urls[1], ())


@pytest.mark.parametrize(
    "failure",
    [
        StatusError("the store answered 410", status=410),
        ServerError("the store answered 503", status=503),
        PixelDataError("the metadata aren't JSON"),
        ConnectionFailedError("no answer came from the store"),
    ],
    ids=["denial", "failure", "page", "silence"],
)
def test_the_second_address_is_tried_whatever_the_first_one_answers(
    idr, monkeypatch, failure
):
    image = idr.image(STACK)
    urls = ("http://retired.example/a.zarr", image.zarr_url)
    monkeypatch.setattr("napari_idr.api.pixels.sources.zarr_candidates", lambda _: urls)
    really = zarr_reader.open_zarr

    def answering(image, url, *args, **options):
        if url == urls[0]:
            raise failure
        return really(image, url, *args, **options)

    monkeypatch.setattr(zarr_reader, "open_zarr", answering)

    reader, notes = idr.open_reader(image)

    assert (reader.source, reader.image.zarr_url, notes) == (RAW, urls[1], ())


def test_of_two_addresses_that_fail_the_one_that_tells_more_is_noted(idr, monkeypatch):
    image = idr.image(BROKEN)
    urls = (image.zarr_url, image.zarr_url.replace("9631", "nowhere"))
    monkeypatch.setattr(
        "napari_idr.api.pixels.sources.zarr_candidates", lambda _: urls[::-1]
    )

    _, [note] = idr.open_reader(image)

    assert "aren't JSON" in note


def test_a_silent_store_is_not_waited_for_again_but_for_the_same_image(
    idr, monkeypatch
):
    opened = []

    def silent(image, url, *_, **__):
        opened.append(image.id)
        raise ConnectionFailedError("no answer came from the store", url=url)

    monkeypatch.setattr("napari_idr.api.zarr.reader.open_zarr", silent)
    others = [idr.image(ImageId(n)) for n in (9101, 9102)]

    sources = [idr.open_reader(image)[0].source for image in (*others, others[0])]

    assert opened == [9101, 9101]
    assert sources == [LOSSLESS] * 3


def test_a_silent_store_is_asked_again_after_a_while(idr, monkeypatch):
    gone, well = idr.image(GONE_HOST), idr.image(STACK)
    host = urlsplit(gone.zarr_url)._replace(path=urlsplit(well.zarr_url).path).geturl()
    idr.open_reader(gone)
    _, told = idr.open_reader(replace(well, zarr_url=host))
    monkeypatch.setattr("napari_idr.api.pixels.sources.GONE_FOR_S", 0.0)

    idr.open_reader(gone)
    _, asked = idr.open_reader(replace(well, zarr_url=host))

    assert told == (
        "The raw pixels can't be read: the store didn't answer a moment ago.",
    )
    assert asked == (f"{UNREAD} no answer came from objects.demo.invalid.",)


@pytest.mark.parametrize(
    ("failure", "may_improve"),
    [
        (ServerError("the store answered 503", status=503), True),
        (ConnectionFailedError("no answer came from the store"), True),
        (StatusError("the object isn't public", status=403), True),
        (StatusError("no such method", status=405), False),
        (PixelDataError("the metadata aren't JSON"), False),
    ],
    ids=["failure", "silence", "denial", "refusal", "page"],
)
def test_a_source_that_failed_for_a_moment_is_worth_opening_again(
    idr, monkeypatch, failure, may_improve
):
    def failing(*_, **__):
        raise failure

    monkeypatch.setattr(zarr_reader, "open_zarr", failing)

    found = idr._pixel_sources().open(idr.image(STACK), cancel=NEVER)

    assert found.reader.source is LOSSLESS
    assert found.may_improve is may_improve


def test_what_comes_from_the_best_source_can_not_improve(idr):
    found = idr._pixel_sources().open(idr.image(STACK), cancel=NEVER)

    assert (found.reader.source, found.may_improve) == (RAW, False)


def test_a_level_that_is_missing_leaves_the_rest_raw_with_a_note(idr):
    reader, _ = idr.open_reader(idr.image(NO_LEVEL))

    assert reader.source is RAW
    assert any("is named and isn't there" in note for note in reader.image.notes)


def test_where_nothing_is_drawn_the_thumbnail_is_opened_with_every_reason(
    idr_archive, idr
):
    image = replace(idr.image(STACK), zarr_url=f"{idr_archive.url}/zarr/nowhere.zarr")
    idr_archive.faults.answer_next(404, match="render_image", times=9)

    reader, notes = idr.open_reader(image)

    assert (reader.source, reader.rgb, len(reader.levels)) == (THUMBNAIL, True, 1)
    assert max(reader.levels[0].shape) == 96
    assert len(notes) == 2
    assert "The raw pixels can't be read" in notes[0]
    assert "The server's rendering can't be had" in notes[1]
    covered = reader.image.pixel_size_x_um * reader.image.size_x
    assert covered == pytest.approx(image.pixel_size_x_um * image.size_x)


def test_where_nothing_answers_at_all_it_is_a_failed_connection(idr_archive, idr):
    image = replace(idr.image(STACK), zarr_url=None)
    idr_archive.faults.drop()

    with pytest.raises(ConnectionFailedError):
        idr.open_reader(image)


def test_a_plane_says_where_it_comes_from_and_whether_it_is_lossless(idr_archive, idr):
    found = idr.plane(STACK, c=1, z=2, t=1)

    source = idr_archive.world.images[STACK]
    np.testing.assert_array_equal(found.pixels, drawn(source, 1, 2, 1))
    assert (found.source, found.lossless) == (RAW, True)


@pytest.mark.parametrize(
    ("image_id", "face", "lossless", "exact"),
    [
        (STACK, "idr", True, False),
        (EXACT, "idr", True, True),
        (EXACT, "classic", False, False),
    ],
    ids=["16 bits", "8 bits", "jpeg"],
)
def test_only_what_is_stored_counts_as_exact(request, image_id, face, lossless, exact):
    server = request.getfixturevalue("idr_archive" if face == "idr" else "archive")
    server.faults.answer_next(404, times=FOREVER, match=r"\.zarr/")
    with IDRClient(server.url, cache=False) as client:
        plane, pixels = client.plane(image_id, c=0), client.pixels(image_id)
        shown = client.rendered(image_id)

    assert (plane.lossless, plane.exact, pixels.exact) == (lossless, exact, exact)
    assert (shown.lossless, shown.exact) == (lossless, False)


def test_a_plane_of_a_thumbnail_is_refused(idr_archive, idr):
    images = idr_archive.world.images.values()
    image = next(one for one in images if one.zarr is None and one.has_pixels)

    with pytest.raises(PixelDataError, match="only a thumbnail"):
        idr.plane(ImageId(image.id), c=0)


def test_a_rendered_plane_is_what_the_archive_shows(idr):
    found = idr.rendered(STACK, z=1)

    assert (found.source, found.lossless) == (LOSSLESS, True)
    assert found.pixels.shape == (200, 256, 3)
    assert found.pixels.dtype == np.uint8


def test_lazy_levels_are_true_however_they_are_cut(idr_archive, idr):
    source = idr_archive.world.images[STACK]

    found = idr.pixels(STACK)

    [full] = found.levels
    whole = np.stack(
        [
            [
                [drawn(source, c, z, t) for z in range(source.size_z)]
                for c in range(source.size_c)
            ]
            for t in range(2)
        ]
    )
    assert full.shape == (source.size_t, source.size_c, source.size_z, 200, 256)
    assert (found.source, full.dtype) == (RAW, np.uint16)
    np.testing.assert_array_equal(full[:2].compute(), whole)
    np.testing.assert_array_equal(
        full[1, 0, 2, 10:50:3, 7].compute(), whole[1, 0, 2, 10:50:3, 7]
    )
    np.testing.assert_array_equal(np.asarray(full[0, :, 1, -1]), whole[0, :, 1, -1])


def test_lazy_levels_know_the_size_of_their_pixels(idr_archive, idr):
    x_um, y_um, z_um = idr_archive.world.images[STACK].pixel_size_um

    assert idr.pixels(STACK).physical_size == pytest.approx((z_um, y_um, x_um))


def test_a_part_of_a_lazy_level_asks_only_for_its_chunks(idr_archive, idr):
    [full] = idr.pixels(STACK).levels
    before = len(idr_archive.requests)

    full[0, 0, 0, :10, :10].compute()

    assert len(idr_archive.requests) - before <= 2


@pytest.mark.parametrize("image_id", [STACK, EXACT], ids=["raw", "drawn"])
def test_lazy_levels_pickle_without_connections_and_compute_after(
    idr_archive, idr, image_id
):
    image = idr.image(image_id)
    if image_id == EXACT:
        image = replace(image, zarr_url=None)
    lazy = idr._pixel_sources().pixels(image, cancel=NEVER).levels[0]

    packed = pickle.dumps(lazy)
    again = pickle.loads(packed)

    assert len(packed) < 100_000
    source = idr_archive.world.images[image_id]
    np.testing.assert_array_equal(again[0, 1, 0].compute(), drawn(source, 1))


def test_images_of_one_number_on_two_servers_are_told_apart(archive):
    def drawn_levels(url):
        with IDRClient(url, cache=False) as client:
            return client.pixels(EXACT)

    with demo.serve(face="classic") as other:
        images = [drawn_levels(one.url) for one in (archive, archive, other)]

    assert [image.source for image in images] == [JPEG] * 3
    here, again, elsewhere = (image.levels[0].name for image in images)
    assert here == again != elsewhere


def test_lazy_levels_compute_on_threads_and_processes(idr):
    [full] = idr.pixels(STACK).levels
    part = full[0, 0, :2].astype(float).mean()

    on_threads = part.compute(scheduler="threads", num_workers=4)
    with dask.config.set({"multiprocessing.context": "spawn"}):
        on_processes = part.compute(scheduler="processes", num_workers=2)

    assert on_threads == on_processes > 0


def test_lazy_levels_compute_on_a_cluster(idr):
    from distributed import Client, LocalCluster

    [full] = idr.pixels(STACK).levels
    part = full[0, 0, :2].astype(float).mean()
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as cluster_client,
    ):
        on_cluster = cluster_client.compute(part).result(timeout=60)

    assert on_cluster == part.compute(scheduler="threads")
