"""mapr's lists become one row per study, plate, dataset and image."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr import IDRClient
from napari_idr.api.json_client import JsonClient
from napari_idr.api.node import Node
from napari_idr.api.search import mapr as wire
from napari_idr.api.search.base import merge_studies, order_suggestions
from napari_idr.api.search.keys import mapr_name
from napari_idr.api.search.mapr import PAGE_ROWS, Mapr
from napari_idr.cancel import NEVER
from napari_idr.errors import NotFoundError, ResponseFormatError
from napari_idr.model import (
    ContainerHit,
    PlateId,
    ProjectId,
    Screen,
    ScreenId,
    SearchKey,
    Suggestion,
)
from napari_idr.transport import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr import demo
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Request

CAPTURES = Path(__file__).parents[5] / "shared" / "captures"


class Answers:
    """A transport that answers by a function of path and parameters."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Any]) -> None:
        self._answer = answer
        self.asked: list[Request] = []

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        self.asked.append(request)
        value = self._answer(request.path, dict(request.params))
        return Response(
            url=f"http://archive/{request.path}",
            status=200,
            headers={"content-type": "application/json"},
            body=json.dumps(value).encode(),
        )


def mapr(answer: Callable[[str, dict[str, Any]], Any]) -> tuple[Mapr, Answers]:
    transport = Answers(answer)
    return Mapr(JsonClient(transport)), transport  # type: ignore[arg-type]


def study(number: int, name: str, counter: int, value: str = "CDC20") -> dict[str, Any]:
    extra = {"counter": counter, "value": value}
    return {
        "id": number,
        "name": f"{name} ({counter})",
        "childCount": 1,
        "extra": extra,
    }


def plate(number: int, name: str, count: int) -> dict[str, Any]:
    return {"id": number, "name": name, "childCount": count, "extra": {"node": "plate"}}


def studies(*screens: dict[str, Any], projects: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"maps": [], "screens": list(screens), "projects": list(projects)}


def test_a_study_has_its_name_without_the_counter():
    search, _ = mapr(lambda *_: studies(study(102, "idr0002/screenA", 24)))

    (hit,) = search.search("gene", "CDC20", cancel=NEVER)

    assert hit == ContainerHit(
        container=Screen(id=ScreenId(102), name="idr0002/screenA"), image_count=24
    )


def test_a_screen_that_comes_once_for_each_value_is_one_row():
    search, _ = mapr(
        lambda *_: studies(study(102, "idr", 5), study(102, "idr", 5, "cdc20"))
    )

    (hit,) = search.search("gene", "CDC20", cancel=NEVER)

    assert hit.image_count == 10


def test_a_screen_and_a_project_of_one_number_are_two_rows():
    search, _ = mapr(
        lambda *_: studies(study(51, "a", 2), projects=(study(51, "b", 9),))
    )

    hits = search.search("gene", "CDC20", cancel=NEVER)

    assert [(hit.container.name, hit.image_count) for hit in hits] == [
        ("b", 9),
        ("a", 2),
    ]


def test_a_full_page_is_followed_by_the_next():
    rows = [plate(n, f"plate {n:04}", 1) for n in range(PAGE_ROWS + 3)]

    def answer(path: str, params: dict[str, Any]) -> dict[str, Any]:
        start = (params["page"] - 1) * params["limit"]
        return {"plates": rows[start : start + params["limit"]]}

    search, transport = mapr(answer)

    hits = search.search_plates("gene", "CDC20", ScreenId(1), cancel=NEVER)

    assert len(hits) == PAGE_ROWS + 3
    assert len(transport.asked) == 2


def test_a_page_that_is_not_full_is_the_last():
    search, transport = mapr(lambda *_: {"plates": [plate(1, "one", 3)]})

    search.search_plates("gene", "CDC20", ScreenId(1), cancel=NEVER)

    assert len(transport.asked) == 1


def test_a_server_that_does_not_turn_pages_is_not_asked_for_ever():
    rows = [plate(n, f"plate {n}", 1) for n in range(PAGE_ROWS)]
    search, transport = mapr(lambda *_: {"plates": rows})

    hits = search.search_plates("gene", "CDC20", ScreenId(1), cancel=NEVER)

    assert len(hits) == PAGE_ROWS
    assert all(hit.image_count == 1 for hit in hits)
    assert len(transport.asked) == 2


def test_a_value_not_stored_so_finds_its_other_spellings():
    stored = {"CDC20": 4, "cdc20": 2}

    def answer(path: str, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("orphaned") == "true":
            maps = [{"id": v, "extra": {"counter": n}} for v, n in stored.items()]
            return {"maps": maps, "screens": [], "projects": []}
        count = stored.get(params["value"])
        return studies(*[study(1, "idr", count)] if count else [])

    search, _ = mapr(answer)

    as_typed = search.search("gene", "cdc20", cancel=NEVER)
    otherwise = search.search("gene", "Cdc20", cancel=NEVER)

    assert [hit.image_count for hit in as_typed] == [2]
    assert [hit.image_count for hit in otherwise] == [6]


def test_a_value_stored_elsewhere_does_not_stand_for_its_other_spellings():
    def answer(path: str, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("orphaned") == "true":
            maps = [{"id": v, "extra": {"counter": 1}} for v in ("CDC20", "cdc20")]
            return {"maps": maps}
        return {"plates": [plate(1, "one", 3)] if params["value"] == "CDC20" else []}

    search, _ = mapr(answer)

    assert search.search_plates("gene", "cdc20", ScreenId(1), cancel=NEVER) == ()


def test_images_are_asked_for_when_they_are_wanted():
    search, transport = mapr(lambda *_: {"images": [{"id": 7, "name": "seven"}]})

    images = search.search_images("gene", "CDC20", plate_id=PlateId(3), cancel=NEVER)
    asked_before = len(transport.asked)
    (image,) = images

    assert asked_before == 0
    assert (image.image_id, image.name, image.plate_id) == (7, "seven", 3)


def test_the_images_of_a_screen_are_those_of_its_plates_each_once():
    def answer(path: str, params: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("/plates/"):
            return {"plates": [plate(1, "a", 2), plate(2, "b", 1)]}
        return {"images": [{"id": 9}, {"id": 8}]}

    search, _ = mapr(answer)

    images = search.search_images("gene", "CDC20", screen_id=ScreenId(5), cancel=NEVER)

    assert [image.image_id for image in images] == [8, 9]


def test_what_mapr_would_take_for_html_finds_nothing():
    search, transport = mapr(lambda *_: studies(study(102, "idr", 24)))

    hits = search.search("gene", "<b>CDC20</b>", cancel=NEVER)

    assert hits == ()
    assert transport.asked == []


@pytest.mark.parametrize("value", ["", "  ", "\t\n"])
def test_an_empty_value_is_refused_at_the_door(value):
    search, transport = mapr(lambda *_: studies())

    with pytest.raises(ValueError, match="empty"):
        search.search("gene", value, cancel=NEVER)
    with pytest.raises(ValueError, match="empty"):
        search.search_images("gene", value, cancel=NEVER)

    assert transport.asked == []


def test_a_value_that_is_no_text_is_refused_before_it_is_sent():
    search, transport = mapr(lambda *_: studies())

    with pytest.raises(ValueError, match="half of a character"):
        search.search("gene", "\ud800", cancel=NEVER)

    assert transport.asked == []


def test_a_value_too_long_for_an_address_is_refused_before_it_is_sent():
    search, transport = mapr(lambda *_: studies())

    with pytest.raises(ValueError, match="too long"):
        search.search("gene", "x" * 10_000, cancel=NEVER)
    with pytest.raises(ValueError, match="too long"):
        search.autocomplete("gene", "x" * 10_000, cancel=NEVER)

    assert transport.asked == []


def test_a_name_that_leaves_its_place_in_the_address_is_no_key():
    search, _ = mapr(lambda *_: studies())

    with pytest.raises(ValueError, match="not the name of a key"):
        search.search("gene/../../x", "CDC20", cancel=NEVER)


def test_two_places_to_look_in_are_refused():
    search, _ = mapr(lambda *_: {"images": []})

    with pytest.raises(ValueError, match="screen_id and project_id"):
        search.search_images(
            "gene", "x", screen_id=ScreenId(1), project_id=ProjectId(2), cancel=NEVER
        )


def test_keys_without_attributes_are_left_out_and_genes_come_first():
    config = {
        "sirna": {"default": ["siRNA Identifier"], "all": ["siRNA Identifier"]},
        "gene": {"default": ["Gene Symbol"], "all": ["Gene Identifier", "Gene Symbol"]},
        "genesupplementary": {"default": [], "all": [], "label": "Gene supplementary"},
    }
    search, _ = mapr(lambda *_: config)

    keys = search.keys(cancel=NEVER)

    assert keys == (
        SearchKey(
            name="gene", label="gene", attributes=("Gene Symbol", "Gene Identifier")
        ),
        SearchKey(name="sirna", label="sirna", attributes=("siRNA Identifier",)),
    )


def test_a_list_where_an_object_is_due_says_where():
    search, _ = mapr(lambda *_: {"screens": [{"id": "102"}], "projects": []})

    with pytest.raises(ResponseFormatError, match=r"\$\.screens\[0\]"):
        search.search("gene", "CDC20", cancel=NEVER)


@given(name=st.text(), counter=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_only_the_counter_is_cut_from_a_name(name, counter, other):
    assert wire.without_counter(f"{name} ({counter})", counter) == name
    if other != counter:
        suffixed = f"{name} ({other})"
        assert wire.without_counter(suffixed, counter) == suffixed


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 99)), max_size=20))
def test_merged_studies_keep_every_image_and_fall_in_number(rows):
    hits = [
        ContainerHit(container=Screen(id=ScreenId(n), name=f"s{n}"), image_count=count)
        for n, count in rows
    ]

    merged = merge_studies(hits)

    counts = [hit.image_count or 0 for hit in merged]
    assert sum(counts) == sum(count for _, count in rows)
    assert counts == sorted(counts, reverse=True)
    assert len({hit.container.id for hit in merged}) == len(merged)


@given(st.lists(st.text(min_size=1, max_size=4)), st.text(min_size=1, max_size=2))
def test_suggestions_that_begin_with_the_text_come_first(values, text):
    ordered = order_suggestions([Suggestion(value=v) for v in values], text)

    begins = [one.value.lower().startswith(text.lower()) for one in ordered]
    assert begins == sorted(begins, reverse=True)
    assert {one.value for one in ordered} == set(values)


@given(
    st.lists(
        st.tuples(st.sampled_from(["CDC20", "cdc20"]), st.none() | st.integers(1, 3))
    )
)
def test_a_suggestion_keeps_a_count_that_nobody_contradicts(told):
    ordered = order_suggestions(
        [Suggestion(value=value, image_count=count) for value, count in told], "cdc"
    )

    for one in ordered:
        counts = {count for value, count in told if value == one.value}
        assert {one.image_count} == counts or one.image_count is None
        assert (one.image_count is None) == (len(counts) > 1 or counts == {None})


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 99)), max_size=20))
def test_plates_of_mapr_are_counted_in_one_step(rows):
    by_id = {number: plate(number, f"p{number}", count) for number, count in rows}
    search, _ = mapr(lambda *_: {"plates": list(by_id.values()), "maps": []})

    [step] = search.search_plates_steps("gene", "x", ScreenId(1), cancel=NEVER)

    assert step.exact
    assert step.counted == step.total == sum(hit.image_count for hit in step.hits)
    assert step.hits == search.search_plates("gene", "x", ScreenId(1), cancel=NEVER)


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures of the live site")
def test_the_screens_of_cdc20_as_the_site_named_them():
    text = (CAPTURES / "mapr_gene" / "CDC20_screens_2016.txt").read_text()
    rows = [literal_eval(line) for line in text.splitlines() if line.startswith("(")]

    def row(number: int, name: str) -> dict[str, Any]:
        counter = re.search(r"\((\d+)\)$", name)
        return {"id": number, "name": name, "extra": {"counter": int(counter[1])}}

    answer = Node({"screens": [row(*one) for one in rows]})
    hits = merge_studies(wire.read_screens(answer))

    assert len(hits) == 11
    assert (hits[0].container.name, hits[0].image_count) == (
        "idr0020-barr-chtog/screenA",
        120,
    )
    assert not any(hit.container.name.endswith(")") for hit in hits)


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures of the live site")
def test_plates_keep_the_brackets_in_their_names():
    text = (CAPTURES / "mapr_gene_plates" / "CDC20_screen1204_plates.txt").read_text()
    rows = [literal_eval(line) for line in text.splitlines() if line.startswith("(")]

    answer = Node({"plates": [plate(*one, 30) for one in rows]})
    names = [hit.plate.name for hit in wire.read_plates(answer)]

    assert "200972432 NS[2668]" in names
    assert len(names) == 4


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures of the live site")
@pytest.mark.parametrize("folder", ["mapr_gene_images", "mapr_compound", "mapr_gene"])
def test_every_study_name_of_the_site_loses_its_counter(folder):
    for file in (CAPTURES / folder).glob("*.txt"):
        for name, counter in re.findall(
            r"(idr\d{4}-[\w/-]+) \((\d+)\)", file.read_text()
        ):
            cut = wire.without_counter(f"{name} ({counter})", int(counter))
            assert cut == name


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures of the live site")
def test_completions_of_odd_texts_are_read():
    file = CAPTURES / "mapr_gene" / "RECONSTRUCTED_count_maps_autocomplete.json"
    answers = json.loads(file.read_text())["autocomplete"]

    values = [
        one.value for a in answers for one in wire.read_suggestions(Node(a["body"]))
    ]

    assert values == ["Homo sapiens", "beta'Cop", "123 (abc%def)"]


@pytest.mark.parametrize("key", ["genes", "No_Such"])
def test_a_key_that_the_server_has_not_is_told_with_those_it_has(
    archive: demo.Archive, key: str
) -> None:
    name = mapr_name(key)
    with IDRClient(archive.url, cache=False) as client:
        keys = client.keys()
        there = ", ".join(one.name for one in keys)
        for ask in (
            lambda: client.search(key, "CDC20"),
            lambda: client.search_plates(key, "CDC20", ScreenId(3101)),
            lambda: list(client.search_images(key, "CDC20")),
            lambda: client.spellings(key, "CDC20"),
            lambda: client.autocomplete(name, "CDC"),
        ):
            with pytest.raises(NotFoundError) as caught:
                ask()
            assert (
                caught.value.message == f"the server has no key {name!r}, but {there}"
            )
