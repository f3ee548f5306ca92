from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from napari_idr import IDRClient, demo
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo.studies.many_studies import many_studies
from napari_idr.errors import Cancelled, ServerError
from napari_idr.model import Dataset, SearchKey
from napari_idr.services.gallery.load import load_gallery
from napari_idr.services.gallery.sources import (
    GalleryOf,
    gallery_of,
    gallery_offer,
    image_pages,
    plan_gallery_order,
)
from napari_idr.services.gallery.view import GalleryShown, choices
from napari_idr.services.plate.mosaic import MosaicStep
from napari_idr.services.search.catalog import Entry, Query

GENE = SearchKey(
    name="gene", label="Gene", attributes=("Gene Symbol", "Gene Identifier")
)
CDC20 = Query(key=GENE, value="CDC20")


@pytest.fixture(params=["classic", "idr"])
def face(request):
    return request.param


@pytest.fixture
def server(face):
    with demo.serve(face=face) as archive:
        yield archive


@pytest.fixture
def asker(server):
    with IDRClient(server.url, cache=False) as client:
        client.capabilities()
        yield client


def order_of(client, entries=(), query=CDC20, counts=None):
    if counts is None and query is not None and not entries:
        hits = client.search(query.key.name, query.value)
        counts = [hit.image_count for hit in hits]
    return plan_gallery_order(
        client, gallery_of(entries, query), entries, counts or (), cancel=NEVER
    )


def loaded(client, order, cancel=NEVER):
    steps = load_gallery(client, order, None, aspect=1.5, cancel=cancel)
    shown = None
    last = None
    for step in steps:
        if isinstance(step, GalleryShown):
            shown = step
        else:
            last = step
    return shown, last


def test_a_gallery_has_every_image_of_the_search(asker):
    found = {one.image_id for one in asker.search_images("gene", "CDC20")}

    shown, last = loaded(asker, order_of(asker))

    assert {cell.image_id for cell in shown.plan.cells} == found
    assert last.summary.total == len(found)
    assert not last.summary.failures
    assert all(group.title for group in shown.plan.groups)
    assert all(image.study is not None for image in shown.plan.images)


def test_it_takes_the_lists_and_a_request_for_fifty_thumbnails(server, asker):
    order = order_of(asker)
    server.requests.clear()

    shown, _ = loaded(asker, order)

    thumbnails = len(server.requests.matching("/get_thumbnails/"))
    count = len(shown.plan.cells)
    assert order.count == count
    assert len(server.requests) - thumbnails == order.requests
    assert thumbnails == -(-count // 50)


def test_no_request_for_thumbnails_is_asked_in_halves(server, asker):
    known = asker.keys()
    key = next(one for one in known if one.name == "phenotype")
    query = Query(key=key, value="mitotic delay phenotype")
    order = order_of(asker, query=query)
    server.requests.clear()

    shown, _ = loaded(asker, order)

    thumbnails = len(server.requests.matching("/get_thumbnails/"))
    assert len(shown.plan.cells) == order.count > 150
    assert thumbnails == -(-order.count // 50)


def test_the_first_row_is_painted_after_one_page_and_one_batch(server, asker):
    order = order_of(asker)
    server.requests.clear()

    steps = load_gallery(asker, order, None, aspect=1.5, cancel=NEVER)
    shown = next(steps)
    step = next(steps)

    assert isinstance(shown, GalleryShown)
    assert isinstance(step, MosaicStep)
    assert step.cells
    cell = step.cells[0]
    area = shown.canvas[cell.y : cell.y + 96, cell.x : cell.x + 96]
    assert np.ptp(area) > 50
    steps.close()


def test_all_images_of_a_dataset_and_of_a_project(asker):
    project = next(one for one in asker.studies() if "0904" in one.name)
    datasets = asker.datasets(project.id)
    line = Entry(item=project)

    whole, _ = loaded(asker, order_of(asker, (line,), None))
    full = next(one for one in datasets if one.image_count)
    dataset = Entry(item=full, parent=line, count=full.image_count)
    one, _ = loaded(asker, order_of(asker, (dataset,), None))

    each = {one.id: asker.images(one.id) for one in datasets}
    assert len(whole.plan.cells) == len(
        {image.image_id for images in each.values() for image in images}
    )
    assert {cell.image_id for cell in one.plan.cells} == {
        image.image_id for image in each[full.id]
    }
    assert one.where((1, 0)) == f"{project.name} · {full.name}"


def test_a_plate_that_is_browsed_is_shown_at_its_first_field(asker):
    screen = next(one for one in asker.studies() if "0901" in one.name)
    plate = asker.plates(screen.id)[0]
    line = Entry(item=plate, parent=Entry(item=screen))

    shown, _ = loaded(asker, order_of(asker, (line,), None))

    grid = asker.plate_grid(plate.id)
    assert [cell.image_id for cell in shown.plan.cells] == [
        cell.image_id for cell in grid
    ]


def test_a_line_below_a_chosen_one_is_not_asked_for_twice(asker):
    screen = asker.search("gene", "CDC20")[0]
    plates = asker.search_plates("gene", "CDC20", screen.container.id)
    above = Entry(item=screen.container, query=CDC20, count=screen.image_count)
    below = Entry(
        item=plates[0].plate, query=CDC20, parent=above, count=plates[0].image_count
    )

    both = order_of(asker, (above, below))

    assert both.count == screen.image_count
    assert both.of != order_of(asker, (below,)).of


def test_the_same_lines_are_the_same_gallery():
    assert gallery_of((), CDC20) == gallery_of((), Query(key=GENE, value="CDC20"))
    assert gallery_of((), CDC20) == GalleryOf(query=CDC20)
    assert gallery_of((), CDC20) != gallery_of((), Query(key=GENE, value="PLK1"))


def test_filters_keep_what_is_painted_and_ask_nobody(server, asker):
    shown, last = loaded(asker, order_of(asker))
    server.requests.clear()
    study = shown.plan.images[-1].study.name

    fewer = shown.filtered({"Study": study})

    assert server.requests.matching("") == []
    assert {image.study.name for image in fewer.plan.images} == {study}
    for cell in fewer.plan.cells:
        there = next(c for c in shown.plan.cells if c.image_id == cell.image_id)
        np.testing.assert_array_equal(
            fewer.canvas[cell.y : cell.y + 96, cell.x : cell.x + 96],
            shown.canvas[there.y : there.y + 96, there.x : there.x + 96],
        )
    assert fewer.filtered({}) is shown
    assert fewer.key == shown.key
    assert last.summary is not None


def test_what_the_lists_dont_tell_is_read_when_asked_for(face, asker):
    shown, _ = loaded(asker, order_of(asker))
    if face == "idr":  # the search engine tells it with the images
        assert shown.sources is not None

    known = shown.with_sources(shown.load_sources(asker, cancel=NEVER))

    genes = {gene for well in known.plate_map.table.wells for gene in well.gene}
    assert "CDC20" in genes
    assert known.plate_map.table.column("Cell Count").kind == "number"
    assert {"Study", "Field"} <= choices(known).keys()
    fewer = known.filtered({"Phenotype": "mitotic delay phenotype", "Field": "1"})
    assert 0 < len(fewer.plan.images) < len(known.plan.images)


def test_cancelled_midway_paints_nothing_more(asker):
    token = CancelToken()
    steps = load_gallery(asker, order_of(asker), None, aspect=1.5, cancel=token)
    next(steps)
    token.cancel()

    with pytest.raises(Cancelled):
        list(steps)


def test_a_list_that_fails_midway_says_why(face, server, asker):
    order = order_of(asker)
    server.faults.answer_next(
        500, match="submitquery" if face == "idr" else "/images/", times=99
    )

    with pytest.raises(ServerError):
        list(load_gallery(asker, order, None, aspect=1.5, cancel=NEVER))


def test_what_is_costly_is_said_before(asker):
    order = order_of(asker)

    sentence = order.cost

    assert sentence.startswith(f"{order.count} images: ")
    assert not order.is_costly


def test_many_images_of_a_browsed_study_are_known_before_it_is_shown(server, asker):
    screen = next(one for one in asker.studies() if "idr0903" in one.name)
    line = Entry(item=screen)

    order = order_of(asker, (line,), None)

    assert order.is_costly
    known = order.least if order.count is None else order.count
    assert known > 1000
    assert order.cost.startswith(f"{known:,} images")
    server.requests.clear()
    counted = [ask for ask in order.asks if ask.grid is not None]
    assert counted
    few = replace(order, asks=tuple(counted[:1]))
    next(image_pages(asker, few, cancel=NEVER))
    assert server.requests.matching("") == []  # they aren't asked for twice


def test_few_images_of_a_browsed_study_are_shown_unasked(asker):
    screen = next(one for one in asker.studies() if "0901" in one.name)

    order = order_of(asker, (Entry(item=screen),), None)

    shown, _ = loaded(asker, order)
    assert order.count == len(shown.plan.cells)
    assert not order.is_costly


def test_of_nothing_no_gallery_is_offered():
    empty = Entry(item=Dataset(id=1, name="empty", image_count=0), count=0)

    assert gallery_offer((empty,), None) == ""


def test_images_come_once_however_often_they_are_listed(asker):
    order = order_of(asker)
    twice = order.asks * 2

    pages = list(
        image_pages(asker, order.__class__(of=order.of, asks=twice), cancel=NEVER)
    )

    ids = [image.ref.image_id for image in itertools.chain(*pages)]
    assert len(ids) == len(set(ids)) == order.count


def test_images_lie_as_the_lines_of_the_results_do(asker):
    hits = asker.search("gene", "CDC20")
    lines = [Entry(item=one.container, query=CDC20) for one in reversed(hits)]
    order = order_of(asker).in_order_of(lines)

    shown, _ = loaded(asker, order)

    studies = list(dict.fromkeys(one.study.ref for one in shown.plan.images))
    assert studies == [one.container.ref for one in reversed(hits)]
    assert len(shown.plan.images) == len(loaded(asker, order_of(asker))[0].plan.images)


def test_images_of_a_plate_lie_as_its_lines_do(asker):
    shown, _ = loaded(asker, order_of(asker))
    images = shown.plan.images
    lines = [Entry(item=one.ref) for one in reversed(images)]

    ordered = order_of(asker).in_order_of(lines).in_order(images)

    def parts(found):
        return [(one.study.ref, one.plate or one.dataset) for one in found]

    assert parts(ordered) != parts(images)  # no studies among the lines: by image
    assert [one.ref for one in ordered] == [one.ref for one in reversed(images)]


def test_a_thousand_images_of_twelve_studies_cost_pages_and_twenty_batches(face):
    with (
        demo.serve(many_studies(), face=face) as archive,
        IDRClient(archive.url, cache=False) as client,
    ):
        client.capabilities()
        order = order_of(client)
        archive.requests.clear()

        shown, last = loaded(client, order)

        thumbnails = len(archive.requests.matching("/get_thumbnails/"))
        assert len(shown.plan.images) == order.count == 1000
        assert len(shown.plan.groups) == 12
        assert not last.summary.failures
        assert thumbnails == 20
        # One page of the engine; mapr tells the images of one dataset at a time.
        assert len(archive.requests) - thumbnails == order.requests
        assert order.requests == (1 if face == "idr" else 12)
