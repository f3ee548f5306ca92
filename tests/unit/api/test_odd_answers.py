"""Whatever a server answers, there is a model or an error of ours, and an end."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_idr import IDRClient
from napari_idr.errors import IDRError, ResponseFormatError
from napari_idr.model import (
    Capabilities,
    ImageId,
    PlateId,
    ProjectId,
    ScreenId,
    WellId,
)
from napari_idr.transport import Response

SCREEN, PROJECT, PLATE = ScreenId(3101), ProjectId(3101), PlateId(7101)
IMAGE, WELL = ImageId(9101), WellId(600028)
"""It has regions, of all kinds."""

ABLE = {"json_api": True, "rendering": False, "lossless": False}
CLASSIC = Capabilities(mapr=True, search_engine=False, **ABLE)
IDR = Capabilities(mapr=False, search_engine=True, **ABLE)

WEIRD = (
    *(None, True, 0, -1, 10**30, 10**400, 1.5, -2.0, 1e300, 5e-324),
    *(float("inf"), float("nan"), "", "x", "--5", "\u00b2", "1" * 5000, "../.."),
    *([], [None], [[]], {}, {"a": 1}, {"1": None}, [{}]),
)
"""What may stand where something else is due."""

QUESTIONS = {
    "studies": lambda client: client.studies(),
    "autocomplete": lambda client: client.autocomplete("gene", "CDC"),
    "spellings": lambda client: client.spellings("gene", "cdc20"),
    "search": lambda client: client.search("gene", "CDC20"),
    "search by a list": lambda client: client.search("gene", 'the "grape"'),
    "search_plates": lambda client: client.search_plates("gene", "CDC20", SCREEN),
    "search_datasets": lambda client: client.search_datasets("gene", "CDC20", PROJECT),
    "search_images": lambda client: list(
        client.search_images("gene", "CDC20", plate_id=PLATE)
    ),
    "plates": lambda client: client.plates(SCREEN),
    "datasets": lambda client: client.datasets(PROJECT),
    "runs": lambda client: client.runs(PLATE),
    "plate": lambda client: client.plate(PLATE),
    "plate_grid": lambda client: client.plate_grid(PLATE),
    "well_samples": lambda client: client.well_samples(WELL),
    "image": lambda client: client.image(IMAGE),
    "thumbnails": lambda client: list(client.thumbnails([IMAGE])),
    "map_annotations": lambda client: client.map_annotations(screen=SCREEN),
    "file_annotations": lambda client: client.file_annotations(screen=SCREEN),
    "table": lambda client: client.table(plate=PLATE),
    "rois": lambda client: client.rois(IMAGE),
}


class Spoilt:
    """The demo archive, but one of its answers is spoilt; few questions are due."""

    MOST = 40

    def __init__(self, routes, which, spoil):
        self.routes, self.which, self.spoil = routes, which, spoil
        self.count = 0

    def send(self, request, *, cancel):
        self.count += 1
        assert self.count <= self.MOST, "it asks without end"
        response = self.routes.send(request, cancel=cancel)
        if self.count != self.which:
            return response
        return replace(response, body=self.spoil(response.body))


def places(value, path=()):
    """Return where in some JSON something else might stand."""
    found = [path]
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, one in islice(inside, 12):
        found += places(one, (*path, key))
    return found


def with_another(value, path, other):
    if not path:
        return other
    changed = value.copy()
    changed[path[0]] = with_another(value[path[0]], path[1:], other)
    return changed


@pytest.mark.parametrize("face", ["classic", "idr"])
@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(1, 2),
    other=st.sampled_from(WEIRD),
    seed=st.integers(0, 2**32),
)
def test_one_odd_value_in_an_answer_is_an_error_of_ours_at_most(
    request, question, face, which, other, seed
):
    routes = request.getfixturevalue("routes" if face == "classic" else "idr_routes")

    def spoil(body):
        if body[:1] not in (b"{", b"["):
            return body
        value = json.loads(body)
        place = random.Random(seed).choice(places(value))
        return json.dumps(with_another(value, place, other)).encode()

    client = IDRClient("http://archive.example", transport=Spoilt(routes, which, spoil))
    client._capabilities = CLASSIC if face == "classic" else IDR

    try:
        QUESTIONS[question](client)
    except IDRError as error:
        assert str(error)  # noqa: PT017 - no other exception may come


class Answering:
    """Answers by a function of path, parameters and the number of the question."""

    def __init__(self, answer):
        self.answer, self.count = answer, 0

    def send(self, request, *, cancel):
        self.count += 1
        assert self.count <= Spoilt.MOST, "it asks without end"
        body = json.dumps(self.answer(request.path, dict(request.params), self.count))
        headers = {"content-type": "application/json"}
        return Response(url="", status=200, headers=headers, body=body.encode())


def client_of(answer):
    client = IDRClient("http://archive.example", transport=Answering(answer))
    client._capabilities = IDR
    return client


DISPLAYED = {
    "id": 1,
    "meta": {},
    "size": {"width": 64, "height": 48, "z": 1, "c": 1, "t": 1},
}


@pytest.mark.parametrize(
    "odd",
    [
        {"size": {"width": 64, "height": 48, "z": 1, "c": 10**9, "t": 1}},
        {"size": {"width": -64, "height": 48, "z": 1, "c": 1, "t": 1}},
        {"size": {"width": 64, "height": 48, "z": 0, "c": 1, "t": 1}},
        {"resolutions": {"first": {"sizeX": 64, "sizeY": 48}}},
        {"zoomLevelScaling": {"-1": 1.0}},
    ],
)
def test_sizes_and_levels_that_can_t_be_are_a_wrong_answer(odd):
    def answer(path, params, count):
        return {} if path.startswith("api/v0") else DISPLAYED | odd

    with pytest.raises(ResponseFormatError):
        client_of(answer).image(ImageId(1))


@pytest.mark.parametrize("ms", [10**20, -(10**15)])
def test_a_run_of_no_year_is_named_by_its_number(ms):
    def answer(path, params, count):
        runs = [{"@id": 5, "StartTime": ms, "EndTime": ms}]
        return {"data": runs, "meta": {"totalCount": 1}}

    [run] = client_of(answer).runs(PLATE)

    assert run.name == "Run 5"


def images(*numbers, size, pages):
    rows = [{"id": number, "name": "", "key_values": []} for number in numbers]
    results = {"results": rows, "size": size, "total_pages": pages}
    return {"Error": "none", "results": results | {"bookmark": [numbers[-1]]}}


def test_a_search_engine_that_doesn_t_turn_pages_is_told():
    client = client_of(lambda *_: images(1, 2, size=10**9, pages=10**9))

    with pytest.raises(ResponseFormatError, match="came again"):
        list(client.search_images("organism", "Mouse"))


def test_a_search_engine_that_miscounts_its_pages_gives_all_its_images():
    client = client_of(
        lambda path, params, count: images(2 * count, 2 * count + 1, size=6, pages=1)
    )

    found = client.search_images("organism", "Mouse")

    assert [one.image_id for one in found] == [2, 3, 4, 5, 6, 7]


def test_numbers_may_be_those_of_a_data_frame(quick, routes):
    plate, screen = np.int64(PLATE), np.int64(SCREEN)
    wells = np.array([next(iter(routes.world.wells))])

    assert len(quick.table(plate=plate).rows) == 96
    assert quick.map_annotations(screen=screen) == quick.map_annotations(screen=SCREEN)
    assert quick.map_annotations(well=wells) == quick.map_annotations(
        well=int(wells[0])
    )
    [(number, _)] = quick.thumbnails(np.array([IMAGE]))
    assert type(number) is int


def test_a_place_to_search_in_may_be_a_number_of_a_data_frame(idr_routes):
    client = IDRClient(idr_routes.url, transport=idr_routes)

    found = client.search_plates("gene", "CDC20", np.int64(SCREEN))

    assert found == client.search_plates("gene", "CDC20", SCREEN)
