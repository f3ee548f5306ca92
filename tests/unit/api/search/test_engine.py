"""The search engine's answers become the models that mapr's become."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.json_client import JsonClient
from napari_idr.api.node import Node
from napari_idr.api.search import engine_answers as wire
from napari_idr.api.search.conditions import rows_of
from napari_idr.api.search.engine import SearchEngine, as_typed
from napari_idr.cancel import NEVER
from napari_idr.errors import ResponseFormatError
from napari_idr.model import (
    Condition,
    ContainerHit,
    Plate,
    PlateHit,
    PlateId,
    Screen,
    ScreenId,
    Suggestion,
)
from napari_idr.transport import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Request


class Engine:
    """A transport that answers by a function of path and body (or parameters)."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Any]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        question = json.loads(request.json) if request.json else dict(request.params)
        path = request.path.removeprefix("searchengine/api/v1/resources/")
        self.asked.append((path, question))
        return Response(
            url=f"http://archive/{request.path}",
            status=200,
            headers={"content-type": "application/json"},
            body=json.dumps(self._answer(path, question)).encode(),
        )


def engine(
    answer: Callable[[str, dict[str, Any]], Any],
) -> tuple[SearchEngine, Engine]:
    transport = Engine(answer)
    return SearchEngine(JsonClient(transport)), transport  # type: ignore[arg-type]


def image(number: int, *pairs: tuple[str, str], **places: Any) -> dict[str, Any]:
    key_values = [{"name": k, "value": v, "index": 0.0} for k, v in pairs]
    return {"id": number, "name": f"i{number}", "key_values": key_values, **places}


def page(
    *images: dict[str, Any], size: int | None = None, pages: int = 1
) -> dict[str, Any]:
    if not images:
        return {"Error": "none", "results": []}
    return {
        "Error": "none",
        "results": {
            "results": list(images),
            "size": len(images) if size is None else size,
            "total_pages": pages,
            "bookmark": [images[-1]["id"]],
        },
    }


def stored_in(*images: dict[str, Any]) -> Callable[[str, dict[str, Any]], Any]:
    """Answer as an engine that holds these images, case by the question."""

    def matches(one: dict[str, Any], asked: dict[str, Any], sensitive: bool) -> bool:
        texts = asked["value"]
        texts = [texts] if isinstance(texts, str) else texts
        pairs = [(pair["name"], pair["value"]) for pair in one["key_values"]]
        if asked["operator"] == "contains":
            return any(
                name == asked["name"] and texts[0].lower() in value.lower()
                for name, value in pairs
            )
        if sensitive:
            return any(n == asked["name"] and v in texts for n, v in pairs)
        folded = [text.lower() for text in texts]
        return any(n == asked["name"] and v.lower() in folded for n, v in pairs)

    def answer(path: str, body: dict[str, Any]) -> Any:
        details = body["query_details"]
        sensitive = details.get("case_sensitive", False)
        places = body.get("main_attributes", {}).get("and_main_attributes", [])
        found = [
            one
            for one in images
            if all(matches(one, f, sensitive) for f in details["and_filters"])
            and all(
                any(matches(one, f, sensitive) for f in group)
                for group in details.get("or_filters", [])
            )
            and all(one.get(place["name"]) == place["value"] for place in places)
        ]
        if path == "submitquery/":
            return page(*found)
        counts: dict[int, int] = {}
        for one in found:
            counts[one["screen_id"]] = counts.get(one["screen_id"], 0) + 1
        rows = [
            {"id": n, "type": "screen", "name": f"s{n}", "image count": count}
            for n, count in counts.items()
        ]
        return {"Error": "none", "results": {"results": rows}}

    return answer


def test_a_plain_value_of_two_attributes_is_one_question():
    search, transport = engine(
        stored_in(image(1, ("Gene Identifier", "CDC20"), screen_id=3))
    )

    (hit,) = search.search("gene", "CDC20", cancel=NEVER)

    assert hit == ContainerHit(
        container=Screen(id=ScreenId(3), name="s3"), image_count=1
    )
    assert len(transport.asked) == 1


def test_an_image_with_the_value_under_both_attributes_counts_once():
    both = image(1, ("Phenotype", '"a"'), ("Phenotype Term Accession", '"a"'))
    search, _ = engine(stored_in(both | {"screen_id": 3, "screen_name": "s3"}))

    (hit,) = search.search("phenotype", '"a"', cancel=NEVER)

    assert hit.image_count == 1


@pytest.mark.parametrize(
    "value", ['"grape", nuclei', "C:\\reagents", "50%; a,b", "CDC20'; --", "été 日本"]
)
def test_values_with_odd_signs_go_out_as_they_are(value):
    search, transport = engine(stored_in(image(1, ("Comments", value), screen_id=3)))

    (hit,) = search.search("Comments", value, cancel=NEVER)

    filters = transport.asked[0][1]["query_details"]["and_filters"]
    assert hit.image_count == 1
    assert filters[0] | {"name": "Comments"} == {
        "name": "Comments",
        "value": [value],
        "operator": "in",
        "resource": "image",
    }


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_no_value_breaks_a_question(value):
    rows = rows_of([Condition("phenotype", "is", value)])
    for question in wire.questions(rows):
        details = json.loads(json.dumps(question.details))
        for group in details.get("or_filters", []):
            for one in group:
                assert json.loads(f'"{one["value"]}"') in (value, value.strip())
        for one in details["and_filters"]:
            assert one["value"] in ([value], value.strip())


def test_a_value_is_found_in_its_own_case():
    search, _ = engine(
        stored_in(
            image(1, ("Gene Symbol", "CDC20"), screen_id=3),
            image(2, ("Gene Symbol", "cdc20"), screen_id=4),
        )
    )

    upper = search.search("gene", "CDC20", cancel=NEVER)
    lower = search.search("gene", "cdc20", cancel=NEVER)
    neither = search.search("gene", "Cdc20", cancel=NEVER)

    assert [hit.container.id for hit in upper] == [3]
    assert [hit.container.id for hit in lower] == [4]
    assert [hit.container.id for hit in neither] == [3, 4]


def test_a_value_stored_elsewhere_does_not_stand_for_its_other_spellings():
    search, _ = engine(
        stored_in(
            image(1, ("Gene Symbol", "CDC20"), screen_id=3, plate_id=30),
            image(2, ("Gene Symbol", "cdc20"), screen_id=4, plate_id=40),
        )
    )

    assert search.search_plates("gene", "cdc20", ScreenId(3), cancel=NEVER) == ()


def test_a_stored_value_with_a_blank_before_it_is_found():
    search, _ = engine(
        stored_in(
            image(1, ("Gene Symbol", " CENPE"), screen_id=3, screen_name="s3"),
            image(2, ("Gene Symbol", "CENPE"), screen_id=4, screen_name="s4"),
        )
    )

    (hit,) = search.search("gene", " cenpe", cancel=NEVER)

    assert hit.container.id == 3


def test_plates_are_counted_from_images_with_ids_that_may_be_floats():
    gene = ("Gene Symbol", "CDC20")
    search, _ = engine(
        stored_in(
            image(1, gene, screen_id=3, plate_id=30.0, plate_name="b"),
            image(2, gene, screen_id=3, plate_id=30, plate_name="b"),
            image(3, gene, screen_id=3, plate_id=29, plate_name="c"),
        )
    )

    hits = search.search_plates("gene", "CDC20", ScreenId(3), cancel=NEVER)

    assert hits == (
        PlateHit(plate=Plate(id=PlateId(30), name="b"), image_count=2),
        PlateHit(plate=Plate(id=PlateId(29), name="c"), image_count=1),
    )


def test_pages_are_turned_by_bookmark_until_the_last():
    pages = {None: (1, 2), 2: (3, 4), 4: (5,)}

    def answer(path: str, body: dict[str, Any]) -> Any:
        after = body.get("bookmark", [None])[0]
        return page(*[image(n) for n in pages[after]], size=5, pages=3)

    search, transport = engine(answer)

    images = search.search_images("gene", "CDC20", cancel=NEVER)
    first = next(images)
    asked_for_one = len(transport.asked)
    rest = list(images)

    assert asked_for_one == 1
    assert [first.image_id, *(one.image_id for one in rest)] == [1, 2, 3, 4, 5]
    assert len(transport.asked) == 3


def test_no_bookmark_is_sent_with_the_first_page():
    search, transport = engine(stored_in())

    list(search.search_images("gene", "x", plate_id=PlateId(7), cancel=NEVER))

    assert "bookmark" not in transport.asked[0][1]
    assert transport.asked[0][1]["main_attributes"] == {
        "and_main_attributes": [{"name": "plate_id", "value": 7, "operator": "equals"}]
    }


def rows(**counts: int) -> dict[str, Any]:
    return {"data": [{"Value": v, "Number of images": n} for v, n in counts.items()]}


def test_suggestions_follow_the_case_that_was_typed():
    search, _ = engine(lambda *_: rows(cdc20=5, hcdc2=3, cdc2b=9))

    found = search.autocomplete("Gene Symbol", "CDC2", cancel=NEVER)

    assert [one.value for one in found] == ["CDC20", "CDC2B", "HCDC2"]


def test_a_count_of_all_spellings_is_not_that_of_the_one_that_is_offered():
    search, _ = engine(lambda *_: rows(cdc20=35, cdc20b=1))

    found = search.autocomplete("Gene Symbol", "cdc2", cancel=NEVER)

    assert found == (Suggestion(value="cdc20"), Suggestion(value="cdc20b"))


def test_a_whole_value_is_suggested_in_all_its_spellings():
    images = [
        image(1, ("Gene Symbol", "CDC20"), screen_id=3),
        image(2, ("Gene Symbol", "CDC20"), screen_id=3),
        image(3, ("Gene Symbol", "cdc20"), screen_id=4),
    ]
    hits = stored_in(*images)

    def answer(path: str, asked: dict[str, Any]) -> Any:
        return rows(cdc20=3, cdc20b=1) if "searchvalues" in path else hits(path, asked)

    search, _ = engine(answer)

    found = search.autocomplete("Gene Symbol", "cdc20", cancel=NEVER)

    assert found == (
        Suggestion(value="CDC20", image_count=2),
        Suggestion(value="cdc20", image_count=1),
        Suggestion(value="cdc20b"),
    )


def test_spellings_of_more_than_a_page_are_counted_one_by_one():
    """The first page has the frequent spelling alone; the typed one is asked for."""
    stored = {"CDC20": 2400, "cdc20": 1}

    def answer(path: str, body: dict[str, Any]) -> Any:
        details = body["query_details"]
        [asked] = details["and_filters"]
        if path == "submitquery/containers/":
            assert details["case_sensitive"]
            count = stored.get(asked["value"][0], 0)
            study = {"id": 3, "type": "screen", "name": "s", "image count": count}
            return {"Error": "none", "results": {"results": [study] if count else []}}
        images = [image(n, ("Gene Symbol", "CDC20")) for n in range(1000)]
        return page(*images, size=2401, pages=3)

    search, _ = engine(answer)

    of_rare = search.spellings("Gene Symbol", "cdc20", cancel=NEVER)
    of_none = search.spellings("Gene Symbol", "Cdc20", cancel=NEVER)

    assert of_rare == (
        Suggestion(value="CDC20", image_count=2400),
        Suggestion(value="cdc20", image_count=1),
    )
    assert of_none == (Suggestion(value="CDC20", image_count=2400),)


def test_an_image_with_a_value_under_both_attributes_counts_once_as_a_spelling():
    both = image(1, ("Phenotype", '"a"'), ("Phenotype Term Accession", '"a"'))
    search, _ = engine(stored_in(both))

    found = search.spellings("phenotype", '"A"', cancel=NEVER)

    assert found == (Suggestion(value='"a"', image_count=1),)


def test_a_text_with_a_backslash_is_completed_without_sending_it():
    search, transport = engine(
        lambda *_: rows(**{"c:\\reagents": 2, "reagents": 1, "": 4})
    )

    found = search.autocomplete("Comments", "C:\\reag", cancel=NEVER)

    assert [one.value for one in found] == ["C:\\reagents"]
    assert transport.asked[0][1]["value"] == "reag"


def test_an_empty_text_has_no_suggestions():
    search, transport = engine(lambda *_: rows())

    assert search.autocomplete("gene", "  ", cancel=NEVER) == ()
    assert search.autocomplete("gene", "\\", cancel=NEVER) == ()
    assert transport.asked == []


def test_keys_are_those_of_mapr_and_then_the_others():
    stored = ["Organism", "Gene Symbol", "Comments", "PubChem CID", "Phenotype"]
    common = ["PubChem CID", "Phenotype", "Gene Symbol"]

    def answer(path: str, params: dict[str, Any]) -> Any:
        if params.get("mode") == "searchterms":
            return {"image": common}
        return [{"data_source": "idr", "image": stored}]

    search, _ = engine(answer)

    keys = search.keys(cancel=NEVER)

    assert [key.name for key in keys] == [
        "gene",
        "phenotype",
        "organism",
        "PubChem CID",
    ]
    assert keys[0].attributes == ("Gene Symbol", "Gene Identifier")


def test_an_empty_value_is_refused_at_the_door():
    search, transport = engine(stored_in())

    for value in ("", " \n"):
        with pytest.raises(ValueError, match="empty"):
            search.search("gene", value, cancel=NEVER)
        with pytest.raises(ValueError, match="empty"):
            search.search_plates("gene", value, ScreenId(1), cancel=NEVER)
        with pytest.raises(ValueError, match="empty"):
            search.search_images("gene", value, cancel=NEVER)

    assert transport.asked == []


def test_a_very_long_value_is_posted_but_not_completed():
    search, transport = engine(stored_in())

    found = search.search("gene", "x" * 10_000, cancel=NEVER)

    assert found == ()
    with pytest.raises(ValueError, match="too long"):
        search.autocomplete("gene", "x" * 10_000, cancel=NEVER)
    assert {path for path, _ in transport.asked} == {"submitquery/containers/"}


@pytest.mark.parametrize(
    "answer",
    [
        {"Error": "none"},
        {"Error": "None is not of type 'array'"},
        {},
        "'all' is not a data source",
        {"Error": "none", "results": [{"id": 1}]},
        {"Error": None, "results": {"results": {}}},
        7,
    ],
)
def test_what_is_no_result_is_an_error_that_says_so(answer):
    with pytest.raises(ResponseFormatError):
        wire.image_page(Node(answer))
    with pytest.raises(ResponseFormatError):
        wire.studies(Node(answer))


@given(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), st.data())
def test_a_suggestion_differs_from_what_is_stored_by_case_alone(value, data):
    start = data.draw(st.integers(0, len(value) - 1))
    text = data.draw(st.sampled_from([value[start:], value[start:].upper()]))

    assert as_typed(value, text).lower() == value
    assert text in as_typed(value, text)
