"""Real answers of the IDR are read by the same code.

They aren't part of the package; without them beside it, these tests are skipped.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_idr import IDRClient
from napari_idr.api import containers as wire
from napari_idr.api.node import Node
from napari_idr.api.pixels.display import read_display
from napari_idr.api.pixels.image_details import read_image
from napari_idr.api.rois import read_roi
from napari_idr.model import (
    ImageId,
    PlateId,
    ProjectId,
    ScreenId,
    WellId,
)
from napari_idr.transport import Response

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the real answers aren't beside the package"
)

IMGDATA = sorted(CAPTURES.glob("imgData/idr*.json"))
TABLES = sorted(CAPTURES.glob("table_query/*.json"))
STORE = "http://127.0.0.1"


class Recorded:
    """Answers with recorded files, by the beginning of a path; else 404."""

    def __init__(self, **files):
        self.files = {path.replace("__", "/"): file for path, file in files.items()}

    def send(self, request, *, cancel):
        for path, file in self.files.items():
            if request.path.startswith(path):
                body = (CAPTURES / file).read_bytes()
                headers = {"content-type": "application/json"}
                return Response(url=STORE, status=200, headers=headers, body=body)
        headers = {"content-type": "text/html"}
        return Response(url=STORE, status=404, headers=headers, body=b"<html>")


def client(**files):
    return IDRClient(STORE, transport=Recorded(**files))


def test_plates_of_a_screen():
    plates = client(webclient__api__plates="api_plates/screen51_plates.json").plates(
        ScreenId(51)
    )

    assert len(plates) == 85
    assert plates[0].name == "DTT p1"
    assert plates[1].name == "DTT p10"


def test_datasets_of_a_project():
    recorded = client(
        webclient__api__datasets="api_datasets/project51_datasets.json"
    ).datasets(ProjectId(51))

    assert "CEP120/20111106" in {dataset.name for dataset in recorded}
    assert all(dataset.image_count is not None for dataset in recorded)


def test_studies():
    screens = [wire.read_screen(node) for node in data("api_v0/screens_list.json")]
    projects = [wire.read_project(node) for node in data("api_v0/projects_list.json")]

    assert (screens[0].id, screens[0].name) == (3, "idr0001-graml-sysgro/screenA")
    assert screens[0].description.startswith("Publication Title")
    assert all(one.name.startswith("idr") for one in (*screens, *projects))


def data(file):
    return Node(json.loads((CAPTURES / file).read_text())).children("data")


def test_a_plate_and_its_run():
    recorded = {
        "api__v0__m__plates__422__plateacquisitions": (
            "api_v0/plate_422_plateacquisitions.json"
        ),
        "api__v0__m__plates__422": "api_v0/plate_422.json",
    }

    plate = client(**recorded).plate(PlateId(422))

    assert plate.id == 422
    assert plate.fields is not None
    [run] = plate.runs
    assert run.name == "Run 422" or " - " in run.name


def test_an_image_that_the_server_can_t_display():
    recorded = client(api__v0__m__images="api_v0/image_1884838.json")

    found = recorded.image(ImageId(1884838))

    assert found.id == 1884838
    assert min(found.size_x, found.size_y, found.size_c) > 0
    assert found.pixel_type == "float"
    assert len(found.channels) == found.size_c
    assert len(found.notes) == 1


@pytest.mark.parametrize("file", IMGDATA, ids=[file.stem for file in IMGDATA])
def test_how_an_image_is_displayed(file):
    text = file.read_text()
    raw = json.loads(text)

    read = read_display(Node(raw))

    assert read.id == raw["id"]
    assert read.size is not None
    assert (read.size.x, read.size.t) == (raw["size"]["width"], raw["size"]["t"])
    assert [c.name for c in read.channels] == [c["label"] for c in raw["channels"]]
    assert [c.window.end for c in read.channels if c.window] == [
        c["window"]["end"] for c in raw["channels"]
    ]
    assert read.well_id == (raw["meta"]["wellId"] or None)


@pytest.mark.parametrize("file", TABLES, ids=[file.stem for file in TABLES])
def test_a_row_of_a_bulk_table(file):
    well = WellId(int(file.stem.split("_well")[1].split("_")[0]))
    name = f"table_query/{file.name}"

    table = client(webgateway__table=name).table(well=well)

    assert table.column("Well") == (well,)
    assert len(table.rows[0]) == len(table.columns)


def test_thumbnails():
    file = "get_thumbnails/dataset51_images.json"
    ids = [ImageId(int(n)) for n in json.loads((CAPTURES / file).read_text())]

    found = dict(client(webgateway__get_thumbnails=file).thumbnails(ids))

    assert len(found) == 33
    assert all(isinstance(one, np.ndarray) for one in found.values())
    assert {max(one.shape) for one in found.values()} == {96}


def test_what_was_written_about_a_screen():
    file = "annotations_map_screen/idr0002_screen102_raw.json"
    recorded = client(webclient__api__annotations=file)

    notes = recorded.map_annotations(screen=ScreenId(102))
    files = recorded.file_annotations(screen=ScreenId(102))

    study = dict(notes[0].pairs)
    assert "Publication Authors" in study
    assert notes[0].parent.kind == "screen"
    assert len(notes) + len(files) == 3
    assert all(file.size > 0 for file in files)


def test_what_was_written_about_a_project_of_another_server():
    file = "annotations_map_project/uts_project2_2018.json"

    notes = client(webclient__api__annotations=file).map_annotations(
        project=ProjectId(2)
    )

    assert notes[0].parent.name == "test-project"


def test_images_of_a_dataset_may_be_asked_of_the_database():
    images = [read_image(node) for node in data("api_v0/dataset_51_images.json")]

    assert len(images) == 33
    assert all(one.size_x > 0 for one in images)


def test_a_shape_of_a_region():
    raw = json.loads((CAPTURES / "rois/rectangle_shape701.json").read_text())

    [shape] = read_roi(Node({"@id": 1, "shapes": [raw]})).shapes

    assert shape.kind == "rectangle"
    (y0, x0), _, (y1, x1), _ = shape.points
    assert x1 - x0 == raw["Width"]
    assert y1 - y0 == raw["Height"]
