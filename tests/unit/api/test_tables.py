"""The tables that studies bring with them."""

from __future__ import annotations

import json

import pytest

from napari_idr.api import IDRClient
from napari_idr.api.tables import BLOCK_ROWS
from napari_idr.errors import NotFoundError, ResponseFormatError
from napari_idr.model import PlateId, ScreenId, Table, WellId
from napari_idr.transport import Response

PLATE = PlateId(7101)


def test_all_wells_of_a_plate_cost_one_request(quick, routes):
    table = quick.table(plate=PLATE)

    assert len(routes.asked) == 1
    assert len(table.rows) == 96
    assert set(table.column("Plate")) == {PLATE}
    assert len(set(table.column("Well"))) == 96


def test_a_well_has_its_own_rows(quick, routes):
    well = WellId(next(iter(routes.world.wells)))

    table = quick.table(well=well)

    assert table.column("Well") == (well,)


def test_types_come_with_the_columns(quick):
    table = quick.table(plate=PLATE)

    types = dict(zip(table.columns, table.column_types, strict=True))
    assert (types["Plate"], types["Well"]) == ("PlateColumn", "WellColumn")


def test_a_table_becomes_a_data_frame(quick):
    table = quick.table(plate=PLATE)

    frame = table.to_pandas()

    assert tuple(frame.columns) == table.columns
    assert list(frame["Well"]) == list(table.column("Well"))


def test_a_column_that_isn_t_there_is_a_key_error():
    with pytest.raises(KeyError, match="Gene"):
        Table(columns=("Well",), column_types=(), rows=()).column("Gene")


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ({"plate": PlateId(424242)}, "plate"),
        ({"well": WellId(424242)}, "well"),
        ({"screen": ScreenId(424242)}, "screen"),
    ],
)
def test_no_table_says_of_what(quick, wish, kind):
    with pytest.raises(NotFoundError) as caught:
        quick.table(**wish)

    assert (caught.value.kind, caught.value.id) == (kind, 424242)


@pytest.mark.parametrize("wish", [{}, {"plate": 1, "well": 2}])
def test_one_object_has_to_be_named(quick, wish):
    with pytest.raises(ValueError, match="one screen, one plate or one well"):
        quick.table(**wish)


class Tabled:
    """Answers queries of tables by a function of path, query, limit and offset."""

    def __init__(self, answer, routes=None):
        self.answer = answer
        self.routes = routes
        self.queries = []

    def send(self, request, *, cancel):
        if not request.path.startswith("webgateway/table/"):
            return self.routes.send(request, cancel=cancel)
        asked = dict(request.params)
        self.queries.append((request.path, asked["query"]))
        body = self.answer(request.path, asked)
        return Response(url="", status=200, body=json.dumps(body).encode())

    def client(self):
        return IDRClient("http://127.0.0.1", transport=self)


def data(rows, columns=("Well",), **meta):
    return {"data": {"columns": columns, "rows": rows}, "meta": meta}


def test_a_large_table_comes_in_blocks():
    count = 2 * BLOCK_ROWS + 7

    def answer(path, asked):
        rows = range(count)[asked["offset"] :][: asked["limit"]]
        return data([[n] for n in rows], totalCount=count)

    server = Tabled(answer)

    table = server.client().table(screen=ScreenId(1))

    assert table.column("Well") == tuple(range(count))
    assert len(server.queries) == 3


def test_an_older_server_that_doesn_t_count_gives_all_too():
    count = BLOCK_ROWS + 1

    def answer(path, asked):
        rows = range(count)[asked["offset"] :][: asked["limit"]]
        return {"data": {"columns": ["Well"], "rows": [[n] for n in rows]}}

    table = Tabled(answer).client().table(screen=ScreenId(1))

    assert len(table.rows) == count
    assert table.column_types == ()


def test_an_older_server_that_gives_all_at_once_is_asked_once():
    rows = [[n] for n in range(BLOCK_ROWS + 1)]
    server = Tabled(lambda path, asked: {"data": {"columns": ["Well"], "rows": rows}})

    table = server.client().table(screen=ScreenId(1))

    assert len(table.rows) == BLOCK_ROWS + 1
    assert len(server.queries) == 1


def test_a_server_that_always_gives_the_first_rows_is_told():
    rows = [[n] for n in range(BLOCK_ROWS)]
    server = Tabled(lambda path, asked: data(rows, totalCount=10**12))

    with pytest.raises(ResponseFormatError, match="those before it"):
        server.client().table(screen=ScreenId(1))


def test_a_table_without_plates_and_wells_can_t_be_read_for_a_plate(routes):
    def answer(path, asked):
        if asked["query"].startswith("Plate-"):
            return {"error": "Error executing query: (Plate==7101)"}
        return data([[1]], columns=("Gene",), totalCount=1)

    with pytest.raises(ResponseFormatError, match="no wells in the table"):
        Tabled(answer, routes).client().table(plate=PLATE)


def test_a_table_without_plates_is_asked_by_its_wells(routes):
    wells = [well.id for well in routes.world.plates[PLATE].wells]

    def answer(path, asked):
        if asked["query"].startswith("Plate-"):
            return {"error": "Error executing query: (Plate==7101)"}
        inside = range(min(wells) - 0, max(wells) + 3)
        return data([[n] for n in inside], totalCount=len(inside))

    server = Tabled(answer, routes)

    table = server.client().table(plate=PLATE)

    assert table.column("Well") == tuple(sorted(wells))
    assert server.queries[-1][1] == f"(Well>={min(wells)})&(Well<={max(wells)})"


def test_a_table_may_hang_on_the_plate_itself():
    def answer(path, asked):
        if path.startswith("webgateway/table/Screen"):
            return {"error": "Could not retrieve bulk annotations table"}
        return data([[5]], totalCount=1)

    table = Tabled(answer).client().table(plate=PLATE)

    assert table.rows == ((5,),)


@pytest.mark.parametrize(
    "answer",
    [
        data([[1, 2]]),
        {"data": {"columns": ["a"], "column_types": [], "rows": [[]]}},
        {"data": {"rows": []}},
        {},
    ],
)
def test_rows_that_don_t_fit_their_columns_are_a_wrong_answer(answer):
    with pytest.raises(ResponseFormatError):
        Tabled(lambda path, asked: answer).client().table(screen=ScreenId(1))


@pytest.mark.parametrize("types", [["x"], ["x", 5], "x", None])
def test_types_of_columns_that_do_not_fit_are_not_told(types):
    answer = data([[1, 2]], columns=["a", "b"], totalCount=1)
    answer["data"]["column_types"] = types

    table = Tabled(lambda path, asked: answer).client().table(screen=ScreenId(1))

    assert (table.column_types, table.rows) == ((), ((1, 2),))


def test_every_kind_of_cell_is_kept():
    cells = [1, 2.5, "", "text", None, True, [1, 2]]
    answer = data([cells], columns=list("abcdefg"), totalCount=1)

    table = Tabled(lambda path, asked: answer).client().table(screen=ScreenId(1))

    assert table.rows == ((1, 2.5, "", "text", None, True, "[1, 2]"),)
