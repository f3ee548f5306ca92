"""The same question gives the same models, whichever back end answers it.

Both faces of the demo archive tell of one world: one by mapr, one by the search
engine.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from napari_idr import demo
from napari_idr.api.json_client import JsonClient
from napari_idr.api.search.engine import SearchEngine
from napari_idr.api.search.mapr import Mapr
from napari_idr.cancel import NEVER
from napari_idr.demo.studies import default_world
from napari_idr.model import ProjectId, Screen, ScreenId
from napari_idr.transport import Response

if TYPE_CHECKING:
    from napari_idr.api.search.base import Search
    from napari_idr.cancel import CancelToken
    from napari_idr.demo.world import World
    from napari_idr.transport import Request

VALUES_OF_A_KEY = 8


class Demo:
    """A transport to the demo archive's answers, without a socket."""

    def __init__(self, world: World, face: str) -> None:
        self._site = demo.Site(world=world, face=face)  # type: ignore[arg-type]

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        asked = demo.Request(
            path=f"/{request.path}",
            query=urlencode(request.params),
            method=request.method,
            body=(request.json or "").encode(),
        )
        answer = demo.answer(self._site, asked)
        assert isinstance(answer.body, bytes)
        return Response(
            url=f"http://demo/{request.path}",
            status=answer.status,
            headers={"content-type": answer.content_type},
            body=answer.body,
        )


@pytest.fixture(scope="module")
def world() -> World:
    return default_world()


@pytest.fixture(scope="module")
def mapr(world: World) -> Search:
    return Mapr(JsonClient(Demo(world, "classic")))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def engine(world: World) -> Search:
    return SearchEngine(JsonClient(Demo(world, "idr")))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def small_pages(world: World) -> Search:
    """The engine where a few hits are many pages, so that it counts by name."""
    paged = replace(world, search_page_size=5)
    return SearchEngine(JsonClient(Demo(paged, "idr")))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def stored(world: World, mapr: Search) -> dict[str, list[str]]:
    """Some values of each key, as they are stored, the odd ones among them."""
    attributes = {
        one: key.name for key in mapr.keys(cancel=NEVER) for one in key.attributes
    }
    found: dict[str, set[str]] = {}
    for image_id in world.images:
        for annotation in world.maps_of("image", image_id):
            for name, value in annotation.pairs:
                if name in attributes and value.strip():
                    found.setdefault(attributes[name], set()).add(value)
    return {
        key: sorted(values, key=lambda one: (one.replace(" ", "").isalnum(), one))[
            :VALUES_OF_A_KEY
        ]
        for key, values in found.items()
    }


def test_keys_of_one_name_look_at_the_same_attributes(mapr, engine):
    of_mapr = {key.name: key for key in mapr.keys(cancel=NEVER)}

    of_engine = [key for key in engine.keys(cancel=NEVER) if key.name in of_mapr]

    assert "gene" in [key.name for key in of_engine]
    assert of_engine == [of_mapr[key.name] for key in of_engine]


def test_every_value_has_the_same_studies(mapr, engine, stored):
    for key, values in stored.items():
        for value in values:
            expected = mapr.search(key, value, cancel=NEVER)

            assert expected, (key, value)
            assert engine.search(key, value, cancel=NEVER) == expected, (key, value)


def test_every_value_has_the_same_plates_datasets_and_images(mapr, engine, stored):
    for key, values in stored.items():
        for value in islice(values, 3):
            for hit in mapr.search(key, value, cancel=NEVER)[:2]:
                assert within(mapr, key, value, hit.container) == within(
                    engine, key, value, hit.container
                )


def test_counts_by_name_are_those_of_mapr(mapr, small_pages, stored):
    for key, values in stored.items():
        for value in islice(values, 2):
            for hit in mapr.search(key, value, cancel=NEVER)[:2]:
                study = hit.container
                look = (
                    "search_plates" if isinstance(study, Screen) else "search_datasets"
                )
                expected = getattr(mapr, look)(key, value, study.id, cancel=NEVER)

                found = getattr(small_pages, look)(key, value, study.id, cancel=NEVER)

                assert found == expected, (key, value, study)


def within(search: Search, key: str, value: str, study: object) -> object:
    if isinstance(study, Screen):
        plates = search.search_plates(key, value, ScreenId(study.id), cancel=NEVER)
        place = {"plate_id": plates[0].plate.id}
        return plates, images(search, key, value, place)
    datasets = search.search_datasets(key, value, ProjectId(study.id), cancel=NEVER)
    return datasets, images(search, key, value, {"dataset_id": datasets[0].dataset.id})


def images(search: Search, key: str, value: str, place: dict) -> list[object]:
    found = search.search_images(key, value, **place, cancel=NEVER)
    return [(one.image_id, one.name, one.plate_id, one.dataset_id) for one in found]


@pytest.mark.parametrize("value", ["CDC20", "cdc20", "Cdc20", "NOSUCH", "CDC20'; --"])
def test_case_means_the_same(mapr, engine, value):
    of_mapr = mapr.search("gene", value, cancel=NEVER)

    assert engine.search("gene", value, cancel=NEVER) == of_mapr


def test_a_spelling_has_the_same_count(mapr, engine):
    of_mapr = mapr.spellings("gene", "cDC20", cancel=NEVER)

    assert [one.value for one in of_mapr] == ["CDC20", "cdc20"]
    assert engine.spellings("gene", "cDC20", cancel=NEVER) == of_mapr


@pytest.mark.parametrize("text", ["CDC", "cdc20", "KIF", "a", "zzz"])
def test_the_same_values_complete_a_text_but_for_case(mapr, engine, text):
    of_mapr = [one.value for one in mapr.autocomplete("gene", text, cancel=NEVER)]
    of_engine = [one.value for one in engine.autocomplete("gene", text, cancel=NEVER)]

    assert {one.lower() for one in of_engine} == {one.lower() for one in of_mapr}


def test_each_suggestion_finds_something(mapr, engine):
    for text in ("CDC", "cdc", "kif"):
        for search in (mapr, engine):
            for one in search.autocomplete("gene", text, cancel=NEVER):
                assert search.search("gene", one.value, cancel=NEVER), one


def test_images_of_a_gene_everywhere_are_the_same(mapr, engine):
    of_mapr = {one.image_id for one in mapr.search_images("gene", "PLK1", cancel=NEVER)}
    of_engine = [
        one.image_id for one in engine.search_images("gene", "PLK1", cancel=NEVER)
    ]

    assert of_engine == sorted(of_mapr)
    assert of_mapr
