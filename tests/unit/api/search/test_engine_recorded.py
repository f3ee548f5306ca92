"""Recorded answers: the public code of the search engine, over an index of our own."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from napari_idr.api.json_client import read_json
from napari_idr.api.node import Node
from napari_idr.api.search import engine_answers as wire
from napari_idr.api.search.engine import MENU
from napari_idr.errors import IDRError, NotFoundError, ResponseFormatError, ServerError
from napari_idr.model import (
    ContainerHit,
    Project,
    ProjectId,
    Screen,
    ScreenId,
)
from napari_idr.transport import Response

RUN = Path(__file__).parents[5] / "shared" / "captures" / "searchengine_run"

needs_run = pytest.mark.skipif(
    not RUN.is_dir(), reason="no recorded answers of the search engine"
)


def recorded(name: str) -> tuple[dict[str, Any], Response]:
    record = json.loads((RUN / name).read_text())
    body = json.dumps(record["json"]) if "json" in record else record.get("text", "")
    headers = {key.lower(): value for key, value in record.get("headers", {}).items()}
    response = Response(
        url=record["request"]["url"],
        status=record["status"],
        headers=headers,
        body=body.encode(),
    )
    return record, response


def node_of(name: str) -> Node:
    return read_json(recorded(name)[1])


def names() -> list[str]:
    return sorted(file.name for file in RUN.glob("*.json")) if RUN.is_dir() else []


READERS = (
    wire.image_page,
    wire.studies,
    wire.values,
    wire.attributes,
    wire.data_sources,
    partial(wire.named_counts, kind="plate"),
)


@needs_run
@pytest.mark.parametrize("name", names())
def test_every_recorded_answer_is_read_or_refused(name):
    _, response = recorded(name)

    for reader in READERS:
        try:
            reader(read_json(response))
        except IDRError as error:
            assert str(error)  # noqa: PT017 - no other exception may come


@needs_run
@pytest.mark.parametrize("name", names())
def test_every_good_answer_to_our_kind_of_question_is_read(name):
    record, response = recorded(name)
    path = record["request"]["url"].partition("?")[0]
    value = record.get("json")
    posted = path.endswith(("/submitquery/", "/submitquery/containers/"))
    if not (posted and isinstance(value, dict) and "results" in value):
        return
    if path.endswith("/containers/"):
        hits = wire.studies(read_json(response))
        rows = value["results"] and value["results"]["results"]
        assert [hit.image_count for hit in hits] == [one["image count"] for one in rows]
    else:
        found = wire.image_page(read_json(response))
        rows = value["results"] and value["results"]["results"]
        assert [one.ref.image_id for one in found.images] == [r["id"] for r in rows]


@needs_run
def test_an_error_of_none_is_no_error():
    found = wire.image_page(node_of("155-submit-and-one.json"))

    assert (found.size, found.page_count, found.bookmark) == (32, 2, 1884842)
    assert found.images[0].ref.plate_id == 422
    assert found.images[0].study == Screen(
        id=ScreenId(3), name="idr0001-graml-sysgro/screenA"
    )


@needs_run
def test_floats_become_ids():
    found = wire.image_page(node_of("079-search-mixed-block-floats.json"))

    for one in found.images:
        for number in (one.ref.image_id, one.ref.plate_id, one.ref.well_id):
            assert number is None or type(number) is int


@needs_run
def test_an_image_of_a_project_has_its_dataset():
    found = wire.image_page(node_of("206-submit-project-id.json"))

    one = found.images[0]
    assert one.dataset is not None
    assert (one.dataset.id, one.dataset.name) == (52, '\u03b3-tubulin, "interphase"')
    assert one.study == Project(
        id=ProjectId(51), name="idr0021-lawo-pericentriolarmaterial/experimentA"
    )
    assert one.plate is None


@needs_run
def test_a_page_without_hits_is_empty():
    assert wire.image_page(node_of("176-submit-no-hit.json")).images == ()
    assert wire.image_page(node_of("159-submit-past-end-bookmark.json")).images == ()
    assert wire.studies(node_of("240-submit-containers-no-hit.json")) == ()


@needs_run
def test_a_query_that_was_not_read_is_an_error_though_it_says_none():
    with pytest.raises(ResponseFormatError, match="could not read the query"):
        wire.image_page(node_of("168-submit-list-with-equals.json"))


@needs_run
@pytest.mark.parametrize(
    "name",
    [
        "165-submit-or-in.json",
        "177-submit-quote.json",
        "219-submit-data-source-all.json",
        "221-submit-bad-json.json",
        "226-submit-bad-operator.json",
        "231-submit-bookmark-null.json",
        "235-submit-case-sensitive-text.json",
        "248-submit-containers-quote.json",
    ],
)
def test_a_refused_query_is_an_error(name):
    reader = wire.studies if "containers" in name else wire.image_page

    with pytest.raises(ResponseFormatError):
        reader(node_of(name))


@needs_run
def test_crashes_and_unknown_paths_are_what_their_status_says():
    with pytest.raises(ServerError):
        node_of("047-values-backslash-odd.json")
    with pytest.raises(NotFoundError, match="No data for table gene"):
        node_of("055-values-unknown-resource.json")
    with pytest.raises(ResponseFormatError):
        node_of("002-no-trailing-slash.json")


@needs_run
def test_studies_come_with_their_counts():
    hits = wire.studies(node_of("236-submit-containers.json"))

    assert hits[0] == ContainerHit(
        container=Screen(id=ScreenId(1101), name="idr0013-neumann-mitocheck/screenA"),
        image_count=16,
    )
    assert sum(hit.image_count or 0 for hit in hits) == 32


@needs_run
def test_completions_keep_leading_blanks():
    (one,) = wire.values(node_of("032-values-gene-leading-blank.json"))

    assert one == " cenpe"
    assert wire.values(node_of("033-values-gene-no-hit.json")) == ()
    with pytest.raises(ResponseFormatError, match="No value is provided"):
        wire.values(node_of("053-values-missing-value.json"))


@needs_run
def test_counts_by_name_are_read():
    plates = wire.named_counts(node_of("293-sub-containers-query.json"), "plate")
    datasets = wire.named_counts(node_of("291-sub-containers-project.json"), "dataset")

    name = "LT0001_02--ex2005_11_16--sp2005_02_17--tt17--c3"
    assert (plates[0], sum(count for _, count in plates)) == ((name, 4), 16)
    assert datasets[-1] == ('\u03b3-tubulin, "interphase"', 18)
    assert not wire.named_counts(node_of("291-sub-containers-project.json"), "plate")
    none = node_of("294-sub-containers-query-no-hit.json")
    assert wire.named_counts(none, "plate") == ()


@needs_run
@pytest.mark.parametrize(
    "name", ["296-sub-containers-unknown", "298-sub-containers-bad-json"]
)
def test_what_the_engine_does_not_count_is_an_error(name):
    with pytest.raises(ResponseFormatError, match="the search engine says"):
        wire.named_counts(node_of(f"{name}.json"), "plate")


@needs_run
def test_keys_are_read_from_both_forms():
    short = wire.attributes(node_of("010-keys-image-searchterms.json"))
    whole = wire.attributes(node_of("013-keys-image.json"))

    assert "Gene Symbol" in short
    assert set(short) <= set(whole)
    assert wire.attributes(node_of("017-keys-unknown-resource.json")) == ()
    with pytest.raises(ResponseFormatError):
        wire.attributes(node_of("018-keys-bad-mode.json"))


@needs_run
def test_an_image_without_annotation_has_no_pairs():
    found = wire.image_page(node_of("214-submit-unannotated-images.json"))

    assert any(one.pairs == () for one in found.images)


def test_every_name_of_the_menu_is_used_once():
    assert MENU[0].name == "gene"
    assert len({key.name for key in MENU}) == len(MENU)
    assert all(key.attributes for key in MENU)
