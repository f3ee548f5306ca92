"""The demo search engine, held against recorded answers of the real service's code.

The recordings hold some of the documents of the index they came from. A world made
of those must give the same hits wherever both know the document.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from napari_idr.demo import Request, Site, answer
from napari_idr.demo.world import (
    Dataset,
    Image,
    MapAnnotation,
    Plate,
    Project,
    Screen,
    Well,
    WellSample,
    World,
)

FOLDER = Path(__file__).parents[5] / "shared" / "captures" / "searchengine_run"
PREFIX = "/searchengine/api/v1/resources/"
PAGE_SIZE = 20
"""Of the service that was recorded."""

UNCOMPARED = {
    "003": "the Host header of the real proxy",
    "067": "an old endpoint asked for names, in a form of its own",
    "096": "an operator that is documented nowhere",
    "075": "a source that the demo doesn't have",
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here")


def recordings() -> list[Any]:
    if not FOLDER.is_dir():
        return []
    return [
        pytest.param(json.loads(path.read_text()), id=path.stem)
        for path in sorted(FOLDER.glob("*.json"))
        if ".v082" not in path.name and path.name[:3] not in UNCOMPARED
    ]


def documents(node: Any) -> list[dict[str, Any]]:
    """Collect the documents anywhere in an answer."""
    if isinstance(node, dict):
        inner = [one for value in node.values() for one in documents(value)]
        return [*inner, node] if "doc_type" in node else inner
    if isinstance(node, list):
        return [one for value in node for one in documents(value)]
    return []


def studies(node: Any) -> list[dict[str, Any]]:
    """Collect the studies with their pairs anywhere in an answer."""
    if isinstance(node, dict):
        inner = [one for value in node.values() for one in studies(value)]
        return [*inner, node] if "image count" in node and "type" in node else inner
    if isinstance(node, list):
        return [one for value in node for one in studies(value)]
    return []


def recorded_world() -> World:
    """Make a world of the images and studies that the recordings hold."""
    answers = [one.values[0].get("json") for one in recordings()]
    images = {
        one["id"]: one
        for one in documents(answers)
        if one["doc_type"].startswith("image") and one["data_source"] == "idr"
    }
    found = {
        (one["type"], one["id"]): one
        for wanted in (False, True)
        for one in studies(answers)
        if one["data_source"] == "idr" and ("key_values" in one) == wanted
    }
    annotations: dict[int, MapAnnotation] = {}
    links: dict[Any, tuple[int, ...]] = {}
    shared: dict[Any, int] = {}

    def hang(kind: str, number: int, pairs: list[dict[str, Any]], key: str) -> None:
        kept = tuple((one[key], one["value"]) for one in pairs if one[key] is not None)
        if kept:
            annotation_id = shared.setdefault(kept, len(shared) + 1)
            annotations[annotation_id] = MapAnnotation(
                id=annotation_id, ns=None, pairs=kept
            )
            links[kind, number] = (annotation_id,)

    for (kind, number), one in found.items():
        hang(kind, number, one.get("key_values", []), "key")
    wells: dict[int, dict[int, list[WellSample]]] = defaultdict(
        lambda: defaultdict(list)
    )
    screens_of: dict[int, int] = {}
    datasets: dict[int, tuple[int, str, list[int]]] = {}
    names: dict[int, str] = {}
    for one in images.values():
        hang("image", one["id"], one["key_values"], "name")
        if one["plate_id"] is not None:
            plate_id = int(one["plate_id"])
            names[plate_id] = one["plate_name"]
            screens_of[plate_id] = int(one["screen_id"])
            sample = WellSample(
                id=int(one["wellsample_id"]), image_id=one["id"], run_id=None,
                x_um=0.0, y_um=0.0,
            )  # fmt: skip
            well_id = int(one["well_id"])
            wells[plate_id][well_id].append(sample)
            if ("image", one["id"]) in links:
                links["well", well_id] = links["image", one["id"]]
        else:
            dataset = (int(one["project_id"]), one["dataset_name"], list[int]())
            datasets.setdefault(int(one["dataset_id"]), dataset)[2].append(one["id"])
    return World(
        screens={
            number: Screen(id=number, name=one["name"], description="")
            for (kind, number), one in found.items()
            if kind == "screen"
        },
        projects={
            number: Project(id=number, name=one["name"], description="")
            for (kind, number), one in found.items()
            if kind == "project"
        },
        datasets={
            number: Dataset(
                id=number, project_id=project, name=name, image_ids=tuple(ids)
            )
            for number, (project, name, ids) in datasets.items()
        },
        plates={
            plate_id: Plate(
                id=plate_id, screen_id=screens_of[plate_id], name=names[plate_id],
                rows=8, columns=12,
                wells=tuple(
                    Well(
                        id=well_id, plate_id=plate_id, row=0, column=column,
                        samples=tuple(samples),
                    )
                    for column, (well_id, samples) in enumerate(of_plate.items())
                ),
            )
            for plate_id, of_plate in wells.items()
        },
        images={
            number: Image(
                id=number, name=one["name"], description=one["description"] or ""
            )
            for number, one in images.items()
        },
        annotations=annotations,
        links=links,
        search_page_size=PAGE_SIZE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(recorded_world(), "idr", "http://idr.example")


def asked(site: Site, request: dict[str, Any]) -> Any:
    url = urlsplit(request["url"])
    body = request["body"]
    sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return answer(
        site,
        Request(url.path, url.query, request["method"], body=sent if body else b""),
    )


def other_sources(request: dict[str, Any]) -> bool:
    return any(text in request["url"] for text in ("bia", "data_source=all"))


@pytest.mark.parametrize("recording", recordings())
def test_status_type_and_form_are_the_recorded_ones(site, recording):
    got = asked(site, recording["request"])

    recorded_type = recording["headers"].get("Content-Type", "")
    assert got.status == recording["status"]
    assert got.content_type.split(";")[0] == recorded_type.split(";")[0]
    if "json" in recording:
        value, recorded = json.loads(got.body), recording["json"]
        assert form(value) == form(recorded)
        if isinstance(recorded, dict) and "query_details" in recorded:
            assert set(value["query_details"]) == set(recorded["query_details"])
        if isinstance(recorded, str) or list(recorded) == ["Error"]:
            assert value == recorded


@pytest.mark.parametrize(
    "recording",
    [
        one
        for one in recordings()
        if isinstance(one.values[0].get("json"), dict)
        and isinstance(one.values[0]["json"].get("results"), dict)
        and "bookmark" in one.values[0]["json"]["results"]
        and one.values[0]["json"]["resource"] == "image"
        and "random_results" not in one.values[0]["request"]["url"]
        and not other_sources(one.values[0]["request"])
    ],
)
def test_hits_are_the_recorded_ones_as_far_as_both_know_them(site, recording):
    recorded = recording["json"]["results"]

    value = json.loads(asked(site, recording["request"]).body)["results"]

    assert value.keys() == recorded.keys()
    hits = [one for one in value["results"] if one["id"] <= recorded["bookmark"][0]]
    assert [one["id"] for one in hits] == [one["id"] for one in recorded["results"]]
    for hit, real in zip(hits, recorded["results"], strict=True):
        assert hit.keys() == real.keys()
        assert hit["plate_id"] == real["plate_id"]
        assert hit["dataset_name"] == real["dataset_name"]
        assert [(one["name"], one["value"]) for one in hit["key_values"]] == [
            (one["name"], one["value"]) for one in real["key_values"]
        ]


@pytest.mark.parametrize(
    "recording",
    [
        one
        for one in recordings()
        if studies(one.values[0].get("json"))
        and not other_sources(one.values[0]["request"])
    ],
)
def test_studies_are_among_the_recorded_ones(site, recording):
    got = studies(json.loads(asked(site, recording["request"]).body))

    known = {(one["type"], one["id"]) for one in studies(recording["json"])}
    assert got
    assert {(one["type"], one["id"]) for one in got} <= known
    assert got[0].keys() == studies(recording["json"])[0].keys()


def form(value: Any) -> Any:
    """Return an answer's form: its keys, and what kinds of values they hold.

    Of a list it is that of its first item; hits and studies have tests of their own.
    """
    if isinstance(value, dict):
        left_out = ("raw_elasticsearch_query", "query_details", "bookmark", "results")
        inner = {key: form(one) for key, one in value.items() if key not in left_out}
        return inner | {key: kind(value[key]) for key in left_out if key in value}
    if isinstance(value, list) and value:
        return [form(value[0])]
    return kind(value)


def kind(value: Any) -> str:
    """Return the kind of a JSON value; numbers are one kind."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
