"""The data frame of a plate's wells that the client gives."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from napari_idr.api import IDRClient
from napari_idr.errors import NotFoundError, ServerError
from napari_idr.model import PlateAcquisitionId, PlateId
from napari_idr.transport import Response

PLATE, TWO_RUNS = PlateId(7101), PlateId(7102)


def asked(routes, part):
    return [request for request in routes.asked if part in request.path]


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_a_frame_of_all_wells_takes_one_query_of_the_table(routes, idr_routes, face):
    server = routes if face == "classic" else idr_routes
    client = IDRClient(server.url, transport=server)

    frame = client.wells(PLATE, key="gene", value="CDC20")

    assert list(frame.index[:2]) == ["A1", "A2"]
    assert len(frame) == 96
    assert set(frame.index[frame["hit"]]) == {"C4", "C5", "F9"}
    assert frame.loc["C4", "gene"] == "CDC20"
    assert frame.loc["A1", "control"] == "negative control"
    assert frame["Cell Count"].dtype == "float64"
    assert frame.loc["C4", "Phenotype 1"] == "mitotic delay phenotype"
    assert set(frame["Quality Control"]) == {"pass", "fail"}
    assert frame.attrs["misfits"] == ()
    assert len(asked(server, "webgateway/table/")) == 1
    assert len(asked(server, "webgateway/plate/")) == 1


def test_the_ids_of_the_table_can_be_matched_with_those_of_other_frames(quick):
    frame = quick.wells(PLATE)

    assert frame["Well"].dtype == frame["Plate"].dtype == "int64"
    assert list(frame["Well"]) == list(frame["well_id"])


def test_annotations_of_wells_and_images_are_columns_too(quick):
    frame = quick.wells(PLATE)

    assert isinstance(frame.loc["A1", "Comment"], tuple)
    assert frame.loc["B2", "gene"] == ("MAD2L1", "TTK")


def test_equal_parts_of_annotations_are_held_once(quick):
    told = quick.well_sources(quick.plate_grid(PLATE)).annotations

    assert len(told) > 96
    for parts in ([one.pairs for one in told], [one.parent for one in told]):
        assert len(set(map(id, parts))) == len(set(parts))


def test_the_wells_of_a_run_have_its_images(quick):
    grid = quick.plate_grid(TWO_RUNS, field=1, run=PlateAcquisitionId(8552))

    frame = quick.wells(TWO_RUNS, field=1, run=PlateAcquisitionId(8552))

    assert list(frame["image_id"]) == [cell.image_id for cell in grid]


def test_own_measurements_are_columns_as_well(quick, tmp_path):
    path = tmp_path / "areas.csv"
    path.write_text("well;area\na01;5\nB-2;7\nZ9;1\n")

    frame = quick.wells(PLATE, own=path)
    again = quick.wells(PLATE, own=pd.DataFrame({"area": [5, 7]}, index=["A1", "B2"]))

    assert frame.loc["B2", "area"] == 7
    assert frame.attrs["misfits"] == ("areas.csv: Z9: no such well on this plate",)
    pd.testing.assert_series_equal(frame["area"], again["area"])


@pytest.mark.parametrize("half", [{"key": "gene"}, {"value": "CDC20"}])
def test_a_search_has_a_key_and_a_value(routes, quick, half):
    with pytest.raises(ValueError, match="a key and a value"):
        quick.wells(PLATE, **half)

    assert routes.asked == []  # half a search is no question


def test_an_unknown_plate_is_said_to_be_unknown(quick):
    with pytest.raises(NotFoundError):
        quick.wells(PlateId(424242))


class WithoutTables:
    """The demo archive, whose queries of tables end in another way."""

    def __init__(self, routes, answer, status=200):
        self.routes = routes
        self.answer = answer
        self.status = status

    def send(self, request, *, cancel):
        if request.path.startswith("webgateway/table/"):
            body = json.dumps(self.answer).encode()
            return Response(url="", status=self.status, body=body)
        return self.routes.send(request, cancel=cancel)

    def close(self):
        pass


@pytest.mark.parametrize(
    "failure", ["Could not retrieve bulk annotations table", "Table 41001 not found"]
)
def test_without_a_table_its_attached_source_is_read(routes, quick, failure):
    server = WithoutTables(routes, {"error": failure})
    client = IDRClient(routes.url, transport=server)
    whole = quick.wells(PLATE)

    frame = client.wells(PLATE)

    assert len(asked(routes, "webclient/annotation/31002/")) == 1
    assert list(frame["Cell Count"]) == list(whole["Cell Count"])
    assert list(frame["gene"]) == list(whole["gene"])
    assert frame.attrs["misfits"] == ()


def test_a_table_that_can_t_be_had_now_isn_t_taken_for_none(routes):
    server = WithoutTables(routes, {}, status=503)

    with pytest.raises(ServerError):
        IDRClient(routes.url, transport=server).wells(PLATE)


def test_a_study_with_neither_has_the_annotations_alone(routes):
    class Bare(WithoutTables):
        def send(self, request, *, cancel):
            answer = super().send(request, cancel=cancel)
            if ("type", "file") in request.params:
                return replace(answer, body=b'{"annotations": []}')
            return answer

    server = Bare(routes, {"error": "Could not retrieve bulk annotations table"})

    frame = IDRClient(routes.url, transport=server).wells(PLATE)

    assert len(frame) == 96
    assert frame.loc["C4", "gene"] == "CDC20"
    assert "Cell Count" not in frame
