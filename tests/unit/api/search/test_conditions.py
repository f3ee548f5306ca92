"""Conditions become questions that the search engine reads as they are meant."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr import AnyOf, Condition, IDRClient
from napari_idr.api.json_client import JsonClient, read_json
from napari_idr.api.search import engine_answers as wire
from napari_idr.api.search.conditions import meets, rows_of
from napari_idr.api.search.counting import MAX_TOLD, MAX_VALUES
from napari_idr.api.search.engine import SearchEngine
from napari_idr.cancel import NEVER
from napari_idr.demo.search.index import index_world
from napari_idr.model import OPERATORS, ImageHit, PlateId, ScreenId
from napari_idr.transport import Response
from support.engine import PAGE, Engine, names

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Routes
    from napari_idr.model import Facets, Wanted

RUN = Path(__file__).parents[5] / "shared" / "captures" / "searchengine_run"

GRAPE = '"grape", nuclei stay close together'
REAGENTS = 'scrambled "siRNA", 50%; C:\\reagents\\neg'
DELAY = "mitotic delay phenotype"
BRIGHT = "round cells; “bright” nuclei"

IS_CDC20 = Condition("Gene Symbol", "is", "CDC20")
PAX_OR_TUBULIN = AnyOf(
    Condition("Gene Symbol", "is", "PAX7"),
    Condition("Gene Symbol", "contains", "tubulin"),
)


# The bodies


def bodies(*wanted: Wanted, any_case: bool = False) -> list[dict[str, Any]]:
    return [one.body() for one in wire.questions(rows_of(wanted), any_case=any_case)]


def test_the_body_of_conditions_is_that_of_the_contract():
    [body] = bodies(
        Condition("gene", "is", "CDC20"),
        Condition("Organism", "in a list", ["Homo sapiens", "Mus, musculus"]),
        Condition("Phenotype", "has another value", "binuclear"),
        AnyOf(
            Condition("Phenotype", "is", "binuclear"),
            Condition("Phenotype", "contains", "mitotic"),
        ),
    )

    assert body == {
        "query_details": {
            "and_filters": [
                {
                    "name": "Organism",
                    "value": ["Homo sapiens", "Mus, musculus"],
                    "operator": "in",
                    "resource": "image",
                },
                {
                    "name": "Phenotype",
                    "value": "binuclear",
                    "operator": "not_equals",
                    "resource": "image",
                },
            ],
            "or_filters": [
                [
                    {
                        "name": name,
                        "value": "CDC20",
                        "operator": "equals",
                        "resource": "image",
                    }
                    for name in ("Gene Symbol", "Gene Identifier")
                ],
                [
                    {
                        "name": "Phenotype",
                        "value": "binuclear",
                        "operator": "equals",
                        "resource": "image",
                    },
                    {
                        "name": "Phenotype",
                        "value": "mitotic",
                        "operator": "contains",
                        "resource": "image",
                    },
                ],
            ],
            "case_sensitive": False,
        }
    }


def test_texts_with_quotes_or_backslashes_go_as_lists_of_one():
    [[one]] = [
        body["query_details"]["and_filters"]
        for body in bodies(Condition("Comments", "is", REAGENTS))
    ]
    [[other]] = [
        body["query_details"]["and_filters"]
        for body in bodies(Condition("Phenotype", "has another value", GRAPE))
    ]

    assert (one["operator"], one["value"]) == ("in", [REAGENTS])
    assert (other["operator"], other["value"]) == ("not_in", [GRAPE])


def test_one_of_several_with_quotes_is_asked_by_itself():
    first, second = bodies(
        AnyOf(
            Condition("Phenotype", "is", GRAPE),
            Condition("Phenotype", "is", "binuclear"),
        ),
        IS_CDC20,
    )

    values = [
        [one["value"] for one in body["query_details"]["and_filters"]]
        for body in (first, second)
    ]
    assert values == [[["binuclear"], ["CDC20"]], [[GRAPE], ["CDC20"]]]
    assert not any("or_filters" in body["query_details"] for body in (first, second))


def test_too_many_questions_are_refused_before_the_first():
    quoted = AnyOf(*(Condition("Phenotype", "is", f'"{n}"') for n in range(5)))

    with pytest.raises(ValueError, match="too many conditions with quotes"):
        bodies(quoted, quoted)


texts = st.text(min_size=1, max_size=8).filter(str.strip) | st.sampled_from(
    [GRAPE, REAGENTS, "note*1", "5' end, see note?", "Ελλάς", " CENPE", "x\\y"]
)
keys = st.sampled_from(["gene", "Gene Symbol", "Phenotype", "Comments"])
singles = st.builds(Condition, keys, st.sampled_from(OPERATORS[:3]), texts) | st.builds(
    Condition, keys, st.just("has another value"), texts
)
lists = st.builds(
    Condition, keys, st.just("in a list"), st.lists(texts, min_size=1, max_size=3)
)
groups = st.lists(
    st.builds(Condition, keys, st.sampled_from(["is", "contains"]), texts),
    min_size=1,
    max_size=3,
).map(lambda conditions: AnyOf(*conditions))


@given(st.lists(singles | lists | groups, min_size=1, max_size=2), st.booleans())
def test_no_condition_breaks_the_engines_rules(wanted, any_case):
    try:
        asked = bodies(*wanted, any_case=any_case)
    except ValueError as error:
        assert "backslashes" in str(error) or "too many" in str(error)  # noqa: PT017
        return
    for body in asked:
        details = json.loads(json.dumps(body["query_details"]))
        for one in details["and_filters"]:
            keeps_the_rules(one, details["case_sensitive"], grouped=False)
        for group in details.get("or_filters", []):
            for one in group:
                keeps_the_rules(one, details["case_sensitive"], grouped=True)


def keeps_the_rules(one: dict[str, Any], case_sensitive: bool, *, grouped: bool):
    assert set(one) == {"name", "value", "operator", "resource"}
    assert one["resource"] == "image"
    is_plain = isinstance(one["value"], str) and (
        json.dumps(one["value"], ensure_ascii=False) == f'"{one["value"]}"'
    )
    match one["operator"]:
        case "equals" | "not_equals":
            assert is_plain
        case "contains":
            assert not case_sensitive
            assert "\\" not in one["value"]
            assert is_plain or not grouped
        case "in" | "not_in":
            assert isinstance(one["value"], list)
            assert not grouped
        case other:
            raise AssertionError(other)


# Recorded answers of the engine's own code


def recorded(name: str) -> tuple[Any, wire.ImagePage]:
    file = RUN / f"{name}.json"
    if not file.is_file():
        pytest.skip("no recorded answers of the search engine")
    record = json.loads(file.read_text())
    response = Response(
        url="",
        status=record["status"],
        headers={"content-type": "application/json"},
        body=json.dumps(record["json"]).encode(),
    )
    return record["request"]["body"], wire.image_page(read_json(response))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("161-submit-or-group", PAX_OR_TUBULIN),
        (
            "166-submit-not-equals",
            Condition("Gene Symbol", "has another value", "CDC20"),
        ),
        (
            "167-submit-in-list",
            Condition("Gene Symbol", "in a list", ["PAX7", "5' end, x", "INCENP"]),
        ),
        ("179-submit-quote-in", Condition("Phenotype", "is", GRAPE)),
        ("180-submit-backslash-in", Condition("Comments", "is", REAGENTS)),
        ("181-submit-quote-contains", Condition("Phenotype", "contains", '"grape"')),
    ],
)
def test_what_was_recorded_is_what_we_send_and_its_hits_meet_it(name, wanted):
    sent, page = recorded(name)
    sent = json.loads(sent) if isinstance(sent, str) else sent

    [question] = wire.questions(rows_of([wanted]))

    ours, theirs = question.details, sent["query_details"]
    assert ours["and_filters"] == theirs["and_filters"]
    assert ours.get("or_filters") == theirs.get("or_filters")
    assert page.images
    for image in page.images:
        assert meets(image.pairs, rows_of([wanted]), any_case=True)


def test_a_recorded_page_is_looked_through_for_what_the_engine_cannot_ask():
    _, page = recorded("161-submit-or-group")
    begins = rows_of([Condition("Gene Symbol", "begins with", "pax")])

    kept = [one for one in page.images if meets(one.pairs, begins, any_case=False)]

    assert 0 < len(kept) < len(page.images)
    symbols = {value for one in kept for name, value in one.pairs if "Sym" in name}
    assert symbols == {"PAX7", "Pax7"}


# The demo archive


def stored(routes: Routes, meets: Callable[[dict[str, list[str]]], bool]) -> list[int]:
    """Return the images whose values, by key, meet a rule of the test's own."""
    found = []
    for one in index_world(routes.world).documents["image"]:
        values: dict[str, list[str]] = {}
        for pair in one.pairs:
            values.setdefault(pair.name or "", []).append(pair.value or "")
        if meets(values):
            found.append(one.id)
    return found


@pytest.fixture
def idr_quick(idr_routes: Routes) -> IDRClient:
    return IDRClient(idr_routes.url, transport=idr_routes)


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ([IS_CDC20], lambda v: "CDC20" in v.get("Gene Symbol", ())),
        (
            [Condition("Gene Symbol", "contains", "cdc20")],
            lambda v: any("CDC20" in one.upper() for one in v.get("Gene Symbol", ())),
        ),
        (
            [Condition("Gene Symbol", "begins with", "c")],
            lambda v: any(one[0] in "cC" for one in v.get("Gene Symbol", ()) if one),
        ),
        (
            [Condition("Gene Symbol", "in a list", ["CDC20", "PLK1", "none"])],
            lambda v: not {"CDC20", "PLK1"}.isdisjoint(v.get("Gene Symbol", ())),
        ),
        (
            [
                Condition("Phenotype", "is", DELAY),
                Condition("Gene Symbol", "has another value", "CDC20"),
            ],
            lambda v: (
                DELAY in v.get("Phenotype", ())
                and any(one != "CDC20" for one in v.get("Gene Symbol", ()))
            ),
        ),
        (
            [
                AnyOf(
                    Condition("Gene Symbol", "is", "CDC20"),
                    Condition("Gene Symbol", "contains", "tubulin"),
                ),
                Condition("Cell Line", "is", "U2OS"),
            ],
            lambda v: (
                "U2OS" in v.get("Cell Line", ())
                and any(
                    one == "CDC20" or "tubulin" in one
                    for one in v.get("Gene Symbol", ())
                )
            ),
        ),
        (
            [Condition("Phenotype", "is", BRIGHT), Condition("gene", "is", "PLK1")],
            lambda v: (
                BRIGHT in v.get("Phenotype", ()) and "PLK1" in v.get("Gene Symbol", ())
            ),
        ),
        (
            [Condition("Gene Symbol", "is", "α-tubulin (TUBA1A)")],  # noqa: RUF001
            lambda v: "α-tubulin (TUBA1A)" in v.get("Gene Symbol", ()),  # noqa: RUF001
        ),
    ],
)
def test_the_archive_finds_what_meets_the_conditions(
    idr_quick, idr_routes, wanted, rule
):
    images = [one.image_id for one in idr_quick.search_images(conditions=wanted)]
    studies = idr_quick.search(conditions=wanted)

    assert images == stored(idr_routes, rule)
    assert images
    assert sum(hit.image_count or 0 for hit in studies) == len(images)


def test_conditions_narrow_a_key_and_its_value(idr_quick):
    cell = Condition("Cell Line", "is", "U2OS")

    whole = idr_quick.search("gene", "CDC20")
    narrow = idr_quick.search("gene", "CDC20", conditions=[cell])
    plates = idr_quick.search_plates(
        "gene", "CDC20", narrow[0].container.id, conditions=[cell]
    )

    assert len(whole) > len(narrow) == 1
    assert sum(hit.image_count for hit in plates) == narrow[0].image_count


def test_exact_values_keep_their_case_beside_a_part_of_another(idr_quick):
    lower = [
        Condition("Gene Symbol", "is", "CDC20"),
        Condition("Phenotype", "contains", "MITOTIC"),
    ]

    assert idr_quick.search(conditions=lower)[0].image_count == 16


def test_nothing_to_search_for_is_refused(idr_quick):
    with pytest.raises(ValueError, match="nothing to search for"):
        idr_quick.search()
    with pytest.raises(ValueError, match="a key and a value"):
        idr_quick.search("gene")
    with pytest.raises(ValueError, match="is empty"):
        Condition("Gene Symbol", "is", " ")
    with pytest.raises(ValueError, match="is not one of"):
        Condition("Gene Symbol", "equals", "CDC20")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="can't be one of several"):
        AnyOf(Condition("Gene Symbol", "begins with", "CDC"))


@pytest.mark.parametrize(
    ("key", "operator", "value"),
    [
        (5, "is", "x"),
        (None, "is", "x"),
        ("Gene Symbol", "is", 5),
        ("Gene Symbol", "contains", None),
        ("Gene Symbol", "in a list", 5),
        ("Gene Symbol", "in a list", None),
        ("Gene Symbol", "in a list", ["x", 5]),
    ],
)
def test_what_is_no_text_is_refused_in_a_sentence(key, operator, value):
    with pytest.raises(TypeError, match=r"a text|takes texts"):
        Condition(key, operator, value)


@pytest.mark.parametrize("client", ["quick", "idr_quick"])
def test_what_is_no_condition_is_refused_in_a_sentence(client, request):
    client = request.getfixturevalue(client)

    for odd in ("x", [1], [("Gene Symbol", "is", "x")]):
        with pytest.raises(TypeError, match="a condition is a `Condition`"):
            client.search_images(conditions=odd)
        with pytest.raises(TypeError, match="each by itself"):
            AnyOf(odd)
    for key, value in ((5, "x"), ("gene", 5)):
        with pytest.raises(TypeError, match="a text"):
            client.search(key, value)
        with pytest.raises(TypeError, match="a text"):
            client.facets(key, value)


# mapr


def test_mapr_finds_a_value_and_a_part_of_one(quick, routes):
    exact = quick.search(conditions=[IS_CDC20])
    part = quick.search(conditions=[Condition("Gene Symbol", "contains", "CDC20")])
    images = quick.search_images(
        conditions=[Condition("gene", "contains", "CDC20")], plate_id=PlateId(7101)
    )

    assert exact == quick.search("gene", "CDC20")
    assert sum(hit.image_count or 0 for hit in part) > sum(
        hit.image_count or 0 for hit in exact
    )
    assert len(tuple(images)) > len(
        tuple(quick.search_images("gene", "CDC20", plate_id=PlateId(7101)))
    )
    asked = [dict(one.params) for one in routes.asked if "mapr/api/gene" in one.path]
    assert {one.get("query") for one in asked} == {None, "true"}


@pytest.mark.parametrize(
    "wanted",
    [
        [IS_CDC20, Condition("Organism", "is", "Homo sapiens")],
        [Condition("Gene Symbol", "begins with", "CDC")],
        [Condition("Gene Symbol", "in a list", ["CDC20"])],
        [Condition("Gene Symbol", "has another value", "CDC20")],
        [PAX_OR_TUBULIN],
    ],
)
def test_mapr_refuses_what_it_cannot_be_asked_before_it_is_asked(quick, routes, wanted):
    quick.capabilities()
    before = len(routes.asked)

    with pytest.raises(ValueError, match="takes one condition"):
        quick.search(conditions=wanted)
    with pytest.raises(ValueError, match="takes one condition"):
        quick.search_images(conditions=wanted)

    assert len(routes.asked) == before


# Facets


def counts(facets: Facets, key: str) -> dict[str, int]:
    [facet] = [one for one in facets.facets if one.key == key]
    return {one.value: one.image_count for one in facet.values}


def test_facets_count_what_the_pages_say_and_ask_nothing_else(idr_quick, idr_routes):
    idr_quick.capabilities()
    before = len(idr_routes.asked)

    *_, facets = idr_quick.facets("phenotype", DELAY)

    paths = [one.path for one in idr_routes.asked[before:]]
    assert paths == ["searchengine/api/v1/resources/submitquery/"]
    assert facets.exact
    found = stored(idr_routes, lambda v: DELAY in v.get("Phenotype", ()))
    assert facets.counted == facets.matching == facets.total == len(found)
    assert counts(facets, "Gene Symbol")["CDC20"] == len(
        stored(
            idr_routes,
            lambda v: (
                DELAY in v.get("Phenotype", ()) and "CDC20" in v.get("Gene Symbol", ())
            ),
        )
    )
    assert sum(counts(facets, "Study").values()) == len(found)


def test_facets_of_what_is_looked_through_leave_out_what_does_not_fit(idr_quick):
    *_, facets = idr_quick.facets(
        conditions=[Condition("Gene Symbol", "begins with", "DC20")]
    )

    assert (facets.facets, facets.matching, facets.exact) == ((), 0, True)


def test_mapr_tells_studies_and_values_at_once(quick, routes):
    quick.capabilities()
    before = len(routes.asked)

    [facets] = quick.facets("gene", "CDC20")

    assert len(routes.asked) == before + 2
    assert counts(facets, "Gene Symbol") == {"CDC20": 34}
    assert sum(counts(facets, "Study").values()) == facets.total == 34
    with pytest.raises(ValueError, match="not one of them"):
        quick.facets("gene", "CDC20", screen_id=ScreenId(3101))


def test_many_hits_are_counted_step_by_step_and_none_is_kept():
    class Annotated(Engine):
        def _hit(self, number: int, study: str) -> dict[str, Any]:
            pairs = [
                ("Gene Symbol", f"GENE{number % 15_000}"),
                ("siRNA Identifier", f"s{number}"),
                ("Organism", "Homo sapiens"),
            ]
            key_values = [{"name": k, "value": v, "index": 0} for k, v in pairs]
            return super()._hit(number, study) | {"key_values": key_values}

    total = 25_000
    server = Annotated(total=total, plates=names(20))
    search = SearchEngine(JsonClient(server))  # type: ignore[arg-type]

    steps = []
    for step in search.facets("gene", "X", screen_id=ScreenId(3), cancel=NEVER):
        steps.append(step)
        gc.collect()
        kept = sum(isinstance(one, ImageHit) for one in gc.get_objects())
        assert kept <= 3 * PAGE

    grown = [step.counted for step in steps]
    assert grown == sorted(grown)
    assert grown[0] < grown[-1] == total
    assert len(steps) < total / PAGE
    assert counts(steps[-1], "Organism") == {"Homo sapiens": total}
    [sirna] = [one for one in steps[-1].facets if one.key == "siRNA Identifier"]
    assert (len(sirna.values), sirna.value_count) == (MAX_TOLD, MAX_VALUES + 1)
    assert len(server.pages()) == total // PAGE
