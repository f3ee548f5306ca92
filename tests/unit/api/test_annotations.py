"""Key-value pairs and files, each with the object that carries it."""

from __future__ import annotations

import json

import pytest

from napari_idr.api import IDRClient
from napari_idr.api.annotations import read_map_annotation
from napari_idr.api.node import Node
from napari_idr.api.tables import read_table
from napari_idr.errors import ResponseFormatError
from napari_idr.model import ObjectRef, PlateAcquisitionId, ScreenId
from napari_idr.transport import Response

SCREEN = ScreenId(3101)


def row(number, *, kind="ScreenI", parent=3101, link=None, values=()):
    return {
        "id": number,
        "ns": "example.org/ns",
        "class": "MapAnnotationI",
        "values": list(values),
        "link": {
            "id": number if link is None else link,
            "parent": {"id": parent, "class": kind, "name": "a name"},
        },
    }


class Annotated:
    """Has these rows, and cuts them at a page; the page is a round hundred."""

    def __init__(self, rows, page=50_000):
        self.rows = rows
        self.page = page
        self.asked = []

    def send(self, request, *, cancel):
        self.asked.append(request)
        start = (int(dict(request.params).get("page", 1)) - 1) * self.page
        body = {"annotations": self.rows[start : start + self.page]}
        return Response(url="", status=200, body=json.dumps(body).encode())

    def client(self):
        return IDRClient("http://a", transport=self)


def test_pairs_keep_their_order_and_repeated_keys(quick):
    notes = quick.map_annotations(screen=SCREEN)

    [odd] = [one for one in notes if one.namespace is None]
    assert odd.pairs == (
        ("Note", "same"),
        ("Note", "same"),
        ("", "no key"),
        ("No value", ""),
    )
    assert odd.values("Note") == ("same", "same")
    assert odd.parent == ObjectRef(
        kind="screen", id=3101, name="idr0901-demo-mitosis/screenA"
    )


def test_a_namespace_narrows_the_answer(quick):
    namespace = "idr.openmicroscopy.org/study/info"

    [study] = quick.map_annotations(screen=SCREEN, namespace=namespace)

    assert study.namespace == namespace
    assert "Study Title" in dict(study.pairs)


def test_many_objects_are_asked_about_in_few_questions(quick, routes):
    wells = list(routes.world.wells)[:450]

    notes = quick.map_annotations(well=wells)

    assert len(routes.asked) == 3
    assert {one.parent.kind for one in notes} == {"well"}
    assert len({one.parent.id for one in notes}) > 300


def test_kinds_are_asked_about_one_by_one(quick, routes):
    quick.map_annotations(screen=SCREEN, plate=[7101, 7102])

    assert [request.params[1:] for request in routes.asked] == [
        (("screen", 3101),),
        (("plate", 7101), ("plate", 7102)),
    ]


def test_a_run_is_called_an_acquisition_in_the_question(quick, routes):
    quick.map_annotations(run=PlateAcquisitionId(8551))

    assert routes.asked[0].params == (("type", "map"), ("acquisition", 8551))


def test_an_unknown_object_has_no_annotations(quick):
    assert quick.map_annotations(screen=ScreenId(424242)) == ()


def test_no_objects_are_refused_at_the_door(quick, routes):
    with pytest.raises(ValueError, match="name the objects"):
        quick.map_annotations()

    assert routes.asked == []


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 201, 1000])
def test_annotations_come_whole_where_the_server_cuts_them(count):
    server = Annotated([row(n) for n in range(count)], page=100)

    notes = server.client().map_annotations(screen=SCREEN)

    assert [one.id for one in notes] == list(range(count))


def test_an_annotation_of_two_objects_comes_once_for_each():
    rows = [row(1, parent=3101, link=1), row(1, parent=3102, link=2)]

    notes = Annotated(rows).client().map_annotations(screen=[3101, 3102])

    assert [one.parent.id for one in notes] == [3101, 3102]


@pytest.mark.parametrize("wrong", [{"kind": "ProjectI"}, {"parent": 51}])
def test_an_answer_about_something_else_isn_t_believed(wrong):
    with pytest.raises(ResponseFormatError, match="not about what was asked"):
        Annotated([row(1, **wrong)]).client().map_annotations(screen=SCREEN)


def test_what_is_no_pair_is_left_out_and_costs_no_other():
    rows = [row(1, values=[["a", "b", "c"], "d", ["e", 5], ["f", "g"]])]

    [annotation] = Annotated(rows).client().map_annotations(screen=SCREEN)

    assert annotation.pairs == (("e", "5"), ("f", "g"))


def test_what_has_no_list_of_annotations_isn_t_an_empty_answer():
    class Odd:
        def send(self, request, *, cancel):
            return Response(url="", status=200, body=b"{}")

    with pytest.raises(ResponseFormatError, match="'annotations' is missing"):
        IDRClient("http://a", transport=Odd()).map_annotations(screen=SCREEN)


def test_files_have_their_size_before_they_are_fetched(quick):
    files = {one.name: one for one in quick.file_annotations(screen=SCREEN)}

    assert files["idr0901 processed features.h5"].size == 1_065_853_300_065
    assert files["idr0901-screenA-annotation.csv"].mimetype == "text/csv"
    assert files["bulk_annotations"].namespace.endswith("bulk_annotations")


def test_annotations_of_all_kinds_are_asked_for_by_kind_and_read_as_pairs(
    quick, routes
):
    found = quick.annotations(screen=SCREEN)

    assert found == quick.map_annotations(screen=SCREEN)
    assert ("type", "map") in routes.asked[0].params


def test_a_kind_of_object_that_there_isnt_is_a_mistake_of_the_caller(quick):
    with pytest.raises(TypeError, match="tube"):
        quick.annotations(tube=1)


FILE = {"id": 51, "name": "table.csv", "size": 1234, "mimetype": "text/csv"}


@pytest.mark.parametrize(
    ("changed", "name", "size"),
    [
        ({"size": None}, "table.csv", None),
        ({"size": "many"}, "table.csv", None),
        ({"size": -1}, "table.csv", None),
        ({"size": "99"}, "table.csv", 99),
        ({"name": None}, "file-51", 1234),
        ({"mimetype": 7}, "table.csv", 1234),
    ],
)
def test_an_attached_file_of_which_little_is_told_costs_no_other(changed, name, size):
    rows = [
        {**row(1), "class": "FileAnnotationI", "file": {**FILE, **changed}},
        {**row(2), "class": "FileAnnotationI", "file": FILE},
    ]

    found = Annotated(rows).client().file_annotations(screen=SCREEN)

    assert [(one.name, one.size) for one in found] == [
        (name, size),
        ("table.csv", 1234),
    ]


@pytest.mark.parametrize("file", [None, "gone", {}, {"id": "x"}])
def test_an_attached_file_that_is_none_is_left_out(file):
    rows = [
        {**row(1), "class": "FileAnnotationI", "file": file},
        {**row(2), "class": "FileAnnotationI", "file": FILE},
    ]

    [found] = Annotated(rows).client().file_annotations(screen=SCREEN)

    assert found.id == 2


def test_what_carries_an_annotation_may_be_odd():
    odd = row(1)
    odd["link"]["parent"] = {"id": "x", "class": 5}

    found = Annotated([odd, row(2)]).client().map_annotations(screen=SCREEN)

    assert [one.parent and one.parent.id for one in found] == [None, 3101]


def test_equal_texts_of_many_wells_are_kept_once():
    pair = ["Cell Line", "HeLa (ATCC)"]
    texts = json.dumps([row(1, values=[pair]), row(2, values=[pair])])
    table = {"columns": ["Line"], "rows": [["HeLa (ATCC)"], ["HeLa (ATCC)"]]}

    one, other = (read_map_annotation(Node(v, url="x")) for v in json.loads(texts))
    cells = read_table(Node({"data": json.loads(json.dumps(table))}, url="x")).rows

    for ours, theirs in zip(one.pairs[0], other.pairs[0], strict=True):
        assert ours is theirs
    assert cells[0][0] is cells[1][0] is one.pairs[0][1]
