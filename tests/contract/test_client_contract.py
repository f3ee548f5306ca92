"""Each question of the client, put to a real OMERO.web."""

from __future__ import annotations

import numpy as np
import pytest

from napari_idr.errors import NotFoundError, PixelDataError
from napari_idr.model import (
    AnnotationId,
    DatasetId,
    FieldRange,
    ImageId,
    PixelSource,
    PlateAcquisitionId,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    WellId,
)

SCREEN, PROJECT = ScreenId(102), ProjectId(51)
PLATE, SPARSE, TWO_RUNS, EMPTY = (PlateId(n) for n in (2551, 2552, 2553, 4003))
STACK, RGB, PYRAMID, FLOAT = (ImageId(n) for n in (9001, 9002, 9003, 9004))


@pytest.fixture(params=["plain", "proxy"])
def client(request, real, proxied_client):
    return real if request.param == "plain" else proxied_client


@pytest.fixture
def plates(told):
    """The facts of each plate by its number."""
    return {
        int(number): plate
        for _, screen in told.child("screens").items()
        for number, plate in screen.child("plates").items()
    }


def test_studies(client, told):
    studies = client.studies()

    screens = {one.id: one.name for one in studies if isinstance(one, Screen)}
    assert screens == {
        int(number): screen.get("name", str)
        for number, screen in told.child("screens").items()
    }
    assert [one.id for one in studies if isinstance(one, Project)] == [PROJECT]


def test_plates(client, told):
    for number, screen in told.child("screens").items():
        found = {p.id: p.name for p in client.plates(ScreenId(int(number)))}

        assert found == {
            int(plate): facts.get("name", str)
            for plate, facts in screen.child("plates").items()
        }


def test_datasets_and_images(client, told):
    datasets = {one.id: one.image_count for one in client.datasets(PROJECT)}
    images = {one.image_id for one in client.images(DatasetId(501))}

    assert datasets == {501: 4, 502: 0}
    assert images == {n.read(int) for _, n in told.child("ids").child("images").items()}
    assert client.images(DatasetId(502)) == ()


def test_runs(client, plates):
    for number, facts in plates.items():
        runs = client.runs(PlateId(number))

        assert [r.id for r in runs] == [r.read(int) for r in facts.children("runs")]


def test_a_plate(client):
    plate = client.plate(TWO_RUNS)

    assert plate.name == "two runs"
    assert plate.fields == FieldRange(first=0, last=3)
    assert [run.name for run in plate.runs] == [
        "Run A",
        "2016-05-17 15:46:40 - 2016-05-17 16:46:40",
    ]
    assert client.plate(EMPTY).fields is None


def test_the_images_of_all_fields_are_those_of_the_plate(client, plates):
    for number, facts in plates.items():
        plate = client.plate(PlateId(number))
        fields = 0 if plate.fields is None else len(plate.fields)
        grids = [client.plate_grid(plate.id, field=n) for n in range(fields)]

        images = [cell.image_id for grid in grids for cell in grid]
        assert len(set(images)) == len(images) == facts.get("images", int)


def test_wells_that_are_missing_are_empty_cells(client):
    grid = client.plate_grid(SPARSE)

    assert (len(grid.row_labels), len(grid.column_labels)) == (16, 24)
    assert len(list(grid)) == 246
    assert all(cell is None for cell in grid.cells[0])
    assert grid.image_shape == (512, 672)


def test_the_images_of_a_well_are_those_of_its_fields(client):
    run = PlateAcquisitionId(3552)
    [cell, *_] = client.plate_grid(TWO_RUNS, field=0, run=run)

    samples = client.well_samples(cell.well_id)

    within = {(one.run, one.field): one.image_id for one in samples}
    assert within[run, 0] == cell.image_id
    assert len(within) == len(samples)
    assert all(one.stage is None or len(one.stage) == 2 for one in samples)


def test_a_field_counts_within_its_run(client):
    run = PlateAcquisitionId(3552)

    within = client.plate_grid(TWO_RUNS, field=0, run=run)

    absolute = client.plate_grid(TWO_RUNS, field=2)
    assert [c.image_id for c in within] == [c.image_id for c in absolute]


def test_an_empty_plate_and_a_field_too_many_have_no_images(client):
    assert list(client.plate_grid(EMPTY)) == []
    assert list(client.plate_grid(PLATE, field=99)) == []


@pytest.mark.parametrize(
    ("number", "size", "kind", "pixel_size_um"),
    [
        (STACK, (7, 3, 5, 200, 256), "uint16", (0.5, 0.1, 0.1)),
        (RGB, (1, 3, 1, 480, 640), "uint8", None),
        (PYRAMID, (1, 3, 1, 15_000, 20_000), "uint8", (None, 0.25, 0.25)),
        (FLOAT, None, "float", None),
    ],
)
def test_an_image(client, number, size, kind, pixel_size_um):
    image = client.image(number)

    found = image.size_t, image.size_c, image.size_z, image.size_y, image.size_x
    assert size is None or found == size
    assert image.pixel_type == kind
    assert all(channel.window is not None for channel in image.channels)
    assert len(image.channels) == image.size_c
    if pixel_size_um:
        sizes = image.pixel_size_z_um, image.pixel_size_y_um, image.pixel_size_x_um
        assert sizes == pixel_size_um


def test_a_pyramid_has_its_levels(client):
    image = client.image(PYRAMID)

    assert image.levels[0] == (15_000, 20_000)
    assert image.levels[-1] == (234, 312)
    assert len(image.levels) == 7
    assert image.tile_shape == (256, 256)


def test_an_image_of_a_well_knows_it(client):
    image = client.image(ImageId(1_884_801))

    assert image.well_id == 590_601
    assert [channel.name for channel in image.channels] == ["Cy3", "DAPI"]
    assert image.channels[0].emission_nm == 570


def test_thumbnails_of_a_plate(client, plates):
    first = plates[PLATE].get("first_image", int)
    ids = [ImageId(n) for n in range(first, first + 120)]

    found = dict(client.thumbnails([*ids, ImageId(1)]))

    assert isinstance(found.pop(ImageId(1)), PixelDataError)
    assert sorted(found) == ids
    assert all(max(one.shape) == 96 for one in found.values())
    assert all(one.dtype == np.uint8 for one in found.values())


def test_larger_thumbnails(client):
    [(_, picture)] = client.thumbnails([RGB], size=200)

    assert picture.shape == (150, 200, 3)


def test_key_value_pairs(client):
    [info] = client.map_annotations(
        screen=SCREEN, namespace="idr.openmicroscopy.org/study/info"
    )
    wells = client.map_annotations(well=[WellId(n) for n in range(590_601, 590_609)])

    assert info.parent.id == SCREEN
    assert info.pairs[0][0]
    sirna = [one for one in wells if one.namespace == "openmicroscopy.org/mapr/sirna"]
    assert len(sirna[0].values("siRNA Identifier")) == 2
    assert {one.parent.kind for one in wells} == {"well"}
    assert len({one.parent.id for one in wells}) == 8


def test_an_answer_in_pages_is_whole(client):
    # with a small page the server cuts at a hundred of them
    ids = [ImageId(n) for n in range(1_884_801, 1_884_801 + 200)]

    notes = client.map_annotations(image=ids)

    assert {one.parent.id for one in notes} == set(ids)


def test_attached_files(client, told, tmp_path):
    ids = told.child("ids")
    files = {one.id: one for one in client.file_annotations(screen=SCREEN)}
    csv = files[AnnotationId(ids.get("csv_A", int))]

    path = client.download(csv, tmp_path)

    assert set(files) == {ids.get("bulk_A", int), ids.get("csv_A", int)}
    assert csv.size == ids.get("csv_A_size", int) == path.stat().st_size
    assert path.name == "idr0902 screenA, annotation µ.csv"


def test_a_file_with_a_name_from_far_away(client, tmp_path):
    [notes] = client.file_annotations(image=STACK)

    path = client.download(notes, tmp_path)

    assert path.name == "nötes 日本.txt"
    assert path.stat().st_size == 7


def test_tables(client, plates):
    of_plate = client.table(plate=PLATE)
    well = WellId(plates[PLATE].get("first_well", int))

    assert len(of_plate.rows) == plates[PLATE].get("wells", int)
    assert set(of_plate.column("Plate")) == {PLATE}
    assert client.table(well=well).rows[0] == of_plate.rows[0]
    wells = sum(plates[n].get("wells", int) for n in (PLATE, SPARSE, TWO_RUNS))
    assert len(client.table(screen=SCREEN).rows) == wells


def test_regions(client):
    rois = client.rois(STACK)

    assert [roi.id for roi in rois] == [601, 602]
    assert [shape.kind for shape in rois[0].shapes] == [
        "rectangle",
        "ellipse",
        "polygon",
        "point",
    ]
    assert rois[0].shapes[0].points[0] == (12.0, 10.0)
    assert client.rois(RGB) == ()


def test_planes(client):
    plane = client.plane(STACK, c=1, z=2)
    colours = client.rendered(STACK, z=2)

    assert plane.pixels.shape == (200, 256)
    assert colours.pixels.shape == (200, 256, 3)
    assert plane.source is PixelSource.RENDERED_JPEG
    assert not plane.lossless


def test_lazy_pixels(client):
    pixels = client.pixels(STACK)

    assert pixels.levels[0].shape == (7, 3, 5, 200, 256)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda c: c.plates(ScreenId(424242)), "screen"),
        (lambda c: c.datasets(ProjectId(424242)), "project"),
        (lambda c: c.images(DatasetId(424242)), "dataset"),
        (lambda c: c.runs(PlateId(424242)), "plate"),
        (lambda c: c.plate(PlateId(424242)), "plate"),
        (lambda c: c.plate_grid(PlateId(424242)), "plate"),
        (lambda c: c.image(ImageId(424242)), "image"),
        (lambda c: c.rois(ImageId(424242)), "image"),
        (lambda c: c.table(plate=PlateId(424242)), "plate"),
        (lambda c: c.table(screen=ScreenId(424242)), "screen"),
        (lambda c: c.table(well=WellId(424242)), "well"),
    ],
)
def test_what_isn_t_there_is_named(client, ask, kind):
    with pytest.raises(NotFoundError) as caught:
        ask(client)

    assert (caught.value.kind, caught.value.id) == (kind, 424242)


def test_the_search_finds_what_it_should(real):
    hits = real.search("gene", "CDC20")
    plates = real.search_plates("gene", "CDC20", SCREEN)
    images = list(real.search_images("gene", "CDC20", screen_id=SCREEN))

    assert [(hit.container.id, hit.image_count) for hit in hits] == [
        (102, 48),
        (1202, 2),
        (51, 1),
    ]
    assert {hit.plate.id: hit.image_count for hit in plates} == {2551: 36, 2553: 12}
    assert len(images) == 48
    assert "CDC20" in [one.value for one in real.autocomplete("gene", "CDC")]
    [dataset] = real.search_datasets("gene", "CDC20", PROJECT)
    assert dataset.dataset.id == 501
    assert real.keys()[0].name == "gene"


def test_what_a_server_can_do(real, proxied_client):
    assert real.capabilities().mapr
    assert not proxied_client.capabilities().search
    assert proxied_client.keys() == ()


def test_links_lead_somewhere(client):
    [screen, *_] = client.studies()

    assert client.web_url(screen) == f"{client.url}/webclient/?show=screen-{screen.id}"
