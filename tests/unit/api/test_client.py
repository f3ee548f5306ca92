"""The client as a whole: lists, plates, links, and what it doesn't send."""

from __future__ import annotations

import threading

import pytest

from napari_idr import IDRClient
from napari_idr.cancel import CancelToken
from napari_idr.errors import Cancelled, ConnectionFailedError, NotFoundError
from napari_idr.model import (
    DatasetId,
    FieldRange,
    MapAnnotation,
    ObjectRef,
    PlateAcquisitionId,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    WellId,
)

TWO_RUNS = PlateId(7102)


def test_making_a_client_sends_nothing(archive):
    with IDRClient(archive.url) as client:
        assert client.url == archive.url

    assert len(archive.requests) == 0


def test_an_address_that_is_none_is_refused_at_the_door():
    with pytest.raises(ValueError, match="address"):
        IDRClient("not an address")


def test_studies_are_screens_and_projects_without_empty_umbrellas(quick, routes):
    studies = quick.studies()

    screens = [one for one in studies if isinstance(one, Screen)]
    projects = [one for one in studies if isinstance(one, Project)]
    assert [one.id for one in screens] == [3101, 3102, 3103]
    assert screens[0].child_count == 3
    assert all("umbrella" not in one.name for one in projects)
    assert {one.id for one in projects} < set(routes.world.projects)


def test_screens_and_projects_are_asked_for_at_once(archive):
    archive.delay_ms = 200.0
    with IDRClient(archive.url) as client:
        client.studies()

    lists = [one for one in archive.requests if "childCount" in one.query]
    assert len(lists) == 2
    assert max(one.in_flight for one in lists) == 2


def test_a_screen_and_a_project_may_share_a_number(quick):
    plates = quick.plates(ScreenId(3101))
    datasets = quick.datasets(ProjectId(3101))

    assert [plate.id for plate in plates] == [7101, 7102, 7103]
    assert 8101 in [dataset.id for dataset in datasets]


def test_an_empty_folder_is_empty_and_an_unknown_one_isn_t_there(quick):
    assert quick.images(DatasetId(8104)) == ()
    with pytest.raises(NotFoundError) as caught:
        quick.images(DatasetId(424242))
    assert (caught.value.kind, caught.value.id) == ("dataset", 424242)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda c: c.plates(ScreenId(424242)), "screen"),
        (lambda c: c.datasets(ProjectId(424242)), "project"),
        (lambda c: c.runs(PlateId(424242)), "plate"),
        (lambda c: c.plate(PlateId(424242)), "plate"),
        (lambda c: c.plate_grid(PlateId(424242)), "plate"),
        (lambda c: c.well_samples(WellId(424242)), "well"),
    ],
)
def test_what_isn_t_there_is_named(quick, ask, kind):
    with pytest.raises(NotFoundError) as caught:
        ask(quick)

    assert (caught.value.kind, caught.value.id) == (kind, 424242)


def test_a_plate_knows_its_size_its_fields_and_its_runs(quick):
    plate = quick.plate(TWO_RUNS)

    assert plate.name == "DM0002_02 two runs/[µ]"
    assert (plate.rows, plate.columns) == (8, 12)
    assert plate.fields == FieldRange(first=0, last=3)
    assert [run.fields for run in plate.runs] == [
        FieldRange(first=0, last=1),
        FieldRange(first=2, last=3),
    ]
    assert plate.runs[0].name == "Run A"


def test_runs_come_although_one_without_images_breaks_their_list(archive, client):
    archive.faults.answer_next(
        500, match="plateacquisitions", body='{"message": "x"}', times=-1
    )

    runs = client.runs(TWO_RUNS)

    assert [run.id for run in runs] == [8551, 8552]
    assert [run.fields for run in runs] == [None, None]


def test_a_grid_is_one_request(quick, routes):
    grid = quick.plate_grid(PlateId(7101))

    assert len(routes.asked) == 1
    assert len(list(grid)) == 96
    assert grid.label(2, 6) == "C7"
    assert grid.image_shape == (512, 672)


def test_the_images_of_a_well_are_one_request(quick, routes):
    samples = quick.well_samples(WellId(600028))

    assert len(routes.asked) == 1
    assert [one.image_id for one in samples] == [1900109, 1900110, 1900111, 1900112]
    assert [one.field for one in samples] == [0, 1, 2, 3]
    assert {one.run for one in samples} == {None}
    assert samples[1].stage == (18000.0, 27433.44)


def test_fields_of_a_well_count_within_their_run(quick):
    samples = quick.well_samples(WellId(600216))

    assert [(one.run, one.field) for one in samples] == [
        (8551, 0),
        (8551, 1),
        (8552, 0),
        (8552, 1),
    ]


def test_a_field_counts_within_its_run(quick):
    run = PlateAcquisitionId(8552)

    within_well = quick.plate_grid(TWO_RUNS, field=2)
    within_run = quick.plate_grid(TWO_RUNS, field=0, run=run)

    assert within_run.run == run
    assert [c.image_id for c in within_run] == [c.image_id for c in within_well]


def test_wells_that_are_missing_are_empty_cells(quick, routes):
    plate = routes.world.plates[7201]

    grid = quick.plate_grid(PlateId(7201))

    assert len(grid.cells) == 16
    assert all(len(line) == 24 for line in grid.cells)
    assert {(c.row, c.column) for c in grid} == {
        (well.row, well.column) for well in plate.wells
    }


def test_labels_go_on_after_z(quick):
    grid = quick.plate_grid(PlateId(7301))

    assert grid.label(31, 47) == "AF48"


def test_a_plate_without_wells_is_a_grid_without_cells(quick):
    grid = quick.plate_grid(PlateId(7103))

    assert list(grid) == []
    assert grid.image_shape is None


def test_a_field_that_is_none_is_refused(quick):
    with pytest.raises(ValueError, match="counts from 0"):
        quick.plate_grid(TWO_RUNS, field=-1)


@pytest.mark.parametrize("page_size", [5, 7, 10])
def test_lists_are_whole_on_a_server_with_small_pages(page_size):
    from napari_idr import demo

    with (
        demo.serve(demo.default_world(page_size)) as archive,
        IDRClient(archive.url, cache=False) as client,
    ):
        kinds = client.images(DatasetId(8102))

    assert len(kinds) == 8


def test_what_a_server_can_do_is_found_out_once(archive, client):
    threads = [threading.Thread(target=client.capabilities) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = len(archive.requests)

    assert client.capabilities().mapr
    assert len(archive.requests) == sent
    assert len(archive.requests.matching("/api/v0/")) == 1


def test_a_server_without_a_search_has_no_keys(routes):
    class Unsearchable:
        def send(self, request, *, cancel):
            if request.path.startswith(("mapr", "searchengine")):
                request = type(request)(path="nothing/")
            return routes.send(request, cancel=cancel)

    client = IDRClient(routes.url, transport=Unsearchable())

    assert client.keys() == ()
    with pytest.raises(NotFoundError, match="neither mapr nor a search engine"):
        client.search("gene", "CDC20")


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_the_same_search_gives_the_same_models(face):
    from napari_idr import demo

    with (
        demo.serve(face=face) as archive,
        IDRClient(archive.url, cache=False) as client,
    ):
        hits = client.search("gene", "CDC20")
        plates = client.search_plates("gene", "CDC20", ScreenId(3101))

    assert [(hit.container.id, hit.image_count) for hit in hits] == [
        (3101, 16),
        (3102, 13),
        (3101, 5),
    ]
    assert plates[0].plate.name == "DM0001_01"


def test_a_closed_client_asks_nothing(client):
    client.close()

    with pytest.raises(ConnectionFailedError, match="closed"):
        client.studies()


def test_every_question_can_be_cancelled_before_it_is_sent(client, archive):
    cancel = CancelToken()
    cancel.cancel()

    for ask in (
        lambda: client.studies(cancel=cancel),
        lambda: client.plate_grid(TWO_RUNS, cancel=cancel),
        lambda: list(client.thumbnails([1], cancel=cancel)),
        lambda: client.map_annotations(plate=TWO_RUNS, cancel=cancel),
        lambda: client.capabilities(cancel=cancel),
    ):
        with pytest.raises(Cancelled):
            ask()

    assert len(archive.requests) == 0


def test_answers_are_remembered_between_programs(archive, tmp_path):
    with IDRClient(archive.url, cache=tmp_path) as client:
        first = client.studies()
    archive.requests.clear()

    with IDRClient(archive.url, cache=tmp_path) as client:
        assert client.studies() == first

    assert len(archive.requests) == 0


def test_what_a_server_can_do_and_searches_are_never_remembered(archive, tmp_path):
    for _ in range(2):
        archive.requests.clear()
        with IDRClient(archive.url, cache=tmp_path) as client:
            client.search("gene", "CDC20")
        assert len(archive.requests.matching("/mapr/api/gene/")) > 0
        assert len(archive.requests.matching("/api/v0/")) > 0


def test_objects_have_pages_for_people(quick):
    screen = quick.studies()[0]
    cell = next(iter(quick.plate_grid(PlateId(7101))))
    [run, _] = quick.runs(TWO_RUNS)

    assert quick.web_url(screen) == f"{quick.url}/webclient/?show=screen-3101"
    assert quick.web_url(cell) == f"{quick.url}/webclient/?show=image-1900001"
    assert quick.web_url(run) == f"{quick.url}/webclient/?show=run-8551"
    well = ObjectRef(kind="well", id=5)
    assert quick.web_url(well) == f"{quick.url}/webclient/?show=well-5"
    [note, *_] = quick.map_annotations(screen=screen.id)
    assert quick.web_url(note) == quick.web_url(screen)


def test_an_annotation_of_nothing_has_no_page(quick):
    with pytest.raises(ValueError, match="carries it"):
        quick.web_url(MapAnnotation(id=1, namespace=None, pairs=()))
