"""Things of links, found on the demo archive; and their layers without a window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.plugins import _initialize_plugins

import napari_idr
from napari_idr import AnyOf, Condition, IDRClient, NotFoundError
from napari_idr._opening import plan_link
from napari_idr._reader import get_reader
from napari_idr.cancel import NEVER
from napari_idr.model import Capabilities, ObjectRef, SearchKey
from napari_idr.services.links.finding import bound_query, find_target
from napari_idr.services.links.reading import read_link
from napari_idr.services.links.records import LinkView, SearchLink, StudyLink
from napari_idr.services.links.writing import write_link
from napari_idr.services.session import ConnectionSettings, ServerInfo, connect

PLATE, RUNS_PLATE, SCREEN = 7101, 7102, "idr0901-demo-mitosis/screenA"
GENE = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))


@pytest.fixture
def find(archive):
    session, info = connect(archive.url, ConnectionSettings(cache=False), cancel=NEVER)
    yield lambda thing, **view: find_target(
        session, info, thing, LinkView(**view), cancel=NEVER
    )
    session.close()


def ref(kind, number):
    return ObjectRef(kind=kind, id=number)


def test_a_plate_is_found_below_its_study_at_the_field_that_is_asked_for(find):
    found = find(ref("plate", PLATE), field=2)

    assert found.entry.parent.name == SCREEN
    assert found.details.plate.name == "DM0001_01"
    assert (found.run, found.field, found.notes) == (None, 2, ())


@pytest.mark.parametrize(("run", "chosen"), [(8552, 8552), (2, 8552), (None, 8551)])
def test_a_run_is_told_by_its_id_or_by_its_place(find, run, chosen):
    assert find(ref("plate", RUNS_PLATE), run=run).run == chosen


def test_what_a_plate_lacks_is_said(find):
    found = find(ref("plate", RUNS_PLATE), run=77, field=50)

    assert (found.run, found.field) == (8551, 0)
    assert len(found.notes) == 2


def test_a_run_shows_its_plate_and_a_well_is_selected_on_its_own(find):
    run, well = find(ref("run", 8552)), find(ref("well", 600001))

    assert (run.details.plate.id, run.run) == (RUNS_PLATE, 8552)
    assert (well.details.plate.id, well.well) == (PLATE, 600001)


def test_an_image_is_told_with_its_well_its_field_and_its_study(find):
    request = find(ref("image", 1900002)).request

    assert request.study.name == SCREEN
    assert request.plate.id == PLATE
    assert (request.well_label, request.field) == ("A1", 1)


def test_an_image_of_a_dataset_is_told_with_that(find, client: IDRClient):
    project = next(one for one in client.studies() if one.ref.kind == "project")
    dataset = next(d for d in client.datasets(project.id) if d.image_count)
    image = client.images(dataset.id)[0]

    request = find(ref("image", image.image_id)).request

    assert (request.study.id, request.dataset.id) == (project.id, dataset.id)
    assert find(ref("dataset", dataset.id)).entry.parent.item.id == project.id


def test_studies_are_found_by_accession_by_name_and_by_id(find):
    by_accession = find(StudyLink(name="idr0901"))

    assert by_accession.entry.name == SCREEN
    assert find(StudyLink(name=SCREEN.upper())).entry == by_accession.entry
    number = by_accession.entry.item.id
    assert find(ref("screen", number)).entry == by_accession.entry


@pytest.mark.parametrize(
    "thing",
    [ref("image", 5), ref("plate", 5), ref("well", 5), ref("run", 5), ref("dataset", 5),
     ref("screen", 5), ref("project", 5), StudyLink(name="idr9999"),
     StudyLink(name="idr090")],
)  # fmt: skip
def test_what_isnt_there_is_said_to_be_missing(find, thing):
    with pytest.raises(NotFoundError) as caught:
        find(thing)
    assert caught.value.kind


def info(*, mapr):
    able = Capabilities(
        json_api=True, mapr=mapr, search_engine=not mapr, rendering=True, lossless=True
    )
    return ServerInfo(capabilities=able, keys=(GENE,), search=True)


def test_a_search_is_put_in_the_words_of_the_server():
    link = SearchLink(
        key="Gene Symbol",
        value="CDC20",
        conditions=(
            Condition("gene", "is", "PLK1"),
            AnyOf(Condition("Organism", "is", "a"), Condition("gene", "contains", "b")),
        ),
    )

    query = bound_query(link, info(mapr=False))

    assert query.key is GENE
    assert query.conditions[0].key is GENE
    assert query.conditions[1].conditions[0].key == "Organism"
    assert bound_query(SearchLink(key="Sex", value="m"), info(mapr=False)).key.name


def test_a_key_that_a_server_hasnt_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="can't be searched by 'Sex'"):
        bound_query(SearchLink(key="Sex", value="m"), info(mapr=True))


def test_a_link_makes_no_request_before_it_is_read(archive):
    link = write_link(archive.url, ref("image", 1900001))

    assert get_reader(link) is not None
    assert get_reader([link, link]) is not None
    assert get_reader("/tmp/plate-1.tif") is None
    assert [one.path for one in archive.requests] == []


def test_without_a_window_an_image_is_read_as_true_layers(archive):
    _initialize_plugins()  # as a window does
    viewer = ViewerModel()
    link = write_link(archive.url, ref("image", 1900001))

    layers = viewer.open(link, plugin="napari-idr")

    assert [layer.name for layer in viewer.layers] == [layer.name for layer in layers]
    assert [layer.metadata["idr"]["image"]["id"] for layer in layers] == [1900001] * 2
    with IDRClient(archive.url, cache=False) as client:
        true = np.asarray(client.pixels(1900001).levels[0][0, :, 0, :32, :32])
    for c, layer in enumerate(layers):
        data = layer.data[0] if layer.multiscale else layer.data
        np.testing.assert_array_equal(np.asarray(data)[:32, :32], true[c])


def test_without_a_window_a_plate_is_read_as_its_picture(archive):
    viewer = ViewerModel()

    (layer,) = napari_idr.open(viewer, f"plate-{PLATE}", server=archive.url, field=1)

    assert layer.rgb
    assert np.asarray(layer.data).any()
    assert layer.metadata["idr"]["plate"]["id"] == PLATE
    assert layer.metadata["idr"]["field"] == 1


def test_without_a_window_a_study_is_refused(archive):
    with pytest.raises(ValueError, match="only images and plates"):
        napari_idr.open(ViewerModel(), "idr0901", server=archive.url)


@pytest.mark.parametrize(
    ("image", "axes"),
    [("stack", "zyx"), ("time", "tzyx"), ("rgb", "yx")],
)
def test_axes_of_all_kinds_of_images_fit_their_layers(archive, image, axes):
    wanted = {
        "stack": lambda one: one.size_z > 1 and one.size_t == 1,
        "time": lambda one: one.size_t > 1,
        "rgb": lambda one: one.size_z == 1 and one.size_t == 1 and one.size_c == 3,
    }[image]
    with IDRClient(archive.url, cache=False) as client:
        projects = (one.id for one in client.studies() if one.ref.kind == "project")
        datasets = (one for project in projects for one in client.datasets(project))
        refs = (ref for one in datasets for ref in client.images(one.id))
        images = (client.image(ref.image_id) for ref in refs)
        chosen = next(one for one in images if wanted(one))
    viewer = ViewerModel()

    layers = napari_idr.open(viewer, chosen.id, server=archive.url)

    assert all(len(layer.axis_labels) == len(axes) for layer in layers)


def test_a_view_that_isnt_known_is_a_type_error():
    with pytest.raises(TypeError, match="no 'colour'"):
        plan_link("plate-1", colour="Phenotype")
    with pytest.raises(ValueError, match="no link"):
        plan_link("CDC20")
    with pytest.raises(ValueError, match="not of"):
        plan_link("idr://a.org/image/1", server="https://b.org")


def test_the_view_that_is_given_goes_before_that_of_the_link():
    link = plan_link("idr://a.org/plate/1?field=3&color=Phenotype", field=1)

    assert (link.view.field, link.view.color) == (1, "Phenotype")
    assert link == read_link("idr://a.org/plate/1?field=1&color=Phenotype")
