"""Search against a real OMERO.web with mapr, and one behind a proxy without."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from napari_idr.api.capabilities import capabilities
from napari_idr.api.json_client import JsonClient
from napari_idr.api.search.mapr import Mapr
from napari_idr.cancel import NEVER
from napari_idr.errors import NotFoundError, ResponseFormatError
from napari_idr.model import (
    Condition,
    DatasetId,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
)
from napari_idr.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.api.node import Node


def served(variable: str) -> Iterator[JsonClient]:
    if not (url := os.environ.get(variable)):
        pytest.skip(f"{variable} names no server")
    transport = HttpTransport(url)
    yield JsonClient(transport)
    transport.close()


@pytest.fixture
def ask() -> Iterator[JsonClient]:
    """A plain OMERO.web with mapr."""
    yield from served("IDR_CONFORMANCE_URL")


@pytest.fixture
def proxied() -> Iterator[JsonClient]:
    """The same behind a proxy like the IDR's."""
    yield from served("IDR_CONFORMANCE_PROXY_URL")


@pytest.fixture
def facts(ask: JsonClient) -> Node:
    return ask.json("__harness__/facts", cancel=NEVER)


@pytest.fixture
def search(ask: JsonClient) -> Mapr:
    return Mapr(ask)


def test_mapr_is_found_and_drawing_is_lossy(ask):
    found = capabilities(ask, cancel=NEVER)

    assert (found.json_api, found.mapr, found.search_engine) == (True, True, False)
    assert (found.rendering, found.lossless) == (True, False)


def test_mapr_behind_the_proxy_is_off(proxied):
    found = capabilities(proxied, cancel=NEVER)

    assert (found.json_api, found.mapr, found.search) == (True, False, False)
    assert "302" in dict(found.evidence)["mapr"]


def test_a_search_behind_the_proxy_is_a_wrong_answer(proxied):
    with pytest.raises(ResponseFormatError, match="302"):
        Mapr(proxied).search("gene", "CDC20", cancel=NEVER)


def test_keys_are_mapr_s_menu(search):
    keys = search.keys(cancel=NEVER)

    assert [key.name for key in keys][:4] == ["gene", "sirna", "omap", "phenotype"]
    assert keys[0].attributes == ("Gene Symbol", "Gene Identifier")
    assert all("supplementary" not in key.name for key in keys)


def test_the_studies_of_a_gene(search, facts):
    hits = search.search("gene", "CDC20", cancel=NEVER)

    by_id = {(type(hit.container), hit.container.id): hit for hit in hits}
    assert {key: hit.image_count for key, hit in by_id.items()} == {
        (Screen, 102): 48,
        (Screen, 1202): 2,
        (Project, 51): 1,
    }
    for number in ("102", "1202"):
        named = facts.child("screens").child(number).get("name", str)
        assert by_id[Screen, int(number)].container.name == named


def test_a_gene_is_found_by_its_identifier_too(search):
    by_symbol = search.search("gene", "CDC20", cancel=NEVER)
    by_identifier = search.search("gene", "ENSG00000117399", cancel=NEVER)

    assert by_identifier == by_symbol


def test_case_tells_genes_apart(search):
    (hit,) = search.search("gene", "cdc20", cancel=NEVER)

    assert (hit.container.id, hit.image_count) == (1202, 1)


def test_a_spelling_that_is_not_stored_finds_the_others(search):
    hits = search.search("gene", "Cdc20", cancel=NEVER)

    assert {hit.container.id: hit.image_count for hit in hits} == {
        102: 48,
        1202: 3,
        51: 1,
    }


def test_a_part_of_a_gene_finds_the_gene_and_whatever_has_it_inside(search):
    part = [Condition("Gene Symbol", "contains", "CDC2")]

    exact = search.search("gene", "CDC20", cancel=NEVER)
    hits = search.search(None, None, conditions=part, cancel=NEVER)
    images = search.search_images(
        None, None, conditions=part, screen_id=ScreenId(102), cancel=NEVER
    )

    counts = {hit.container.id: hit.image_count or 0 for hit in hits}
    for hit in exact:
        assert counts[hit.container.id] >= (hit.image_count or 0)
    assert len(list(images)) >= 48


def test_what_mapr_cannot_be_asked_is_refused(search):
    two = [
        Condition("Gene Symbol", "is", "CDC20"),
        Condition("Organism", "is", "Homo sapiens"),
    ]

    with pytest.raises(ValueError, match="takes one condition"):
        search.search(None, None, conditions=two, cancel=NEVER)


def test_studies_and_values_are_counted_at_once(search):
    (facets,) = search.facets("gene", "CDC20", cancel=NEVER)

    values = {
        facet.key: {one.value: one.image_count for one in facet.values}
        for facet in facets.facets
    }
    assert values["Gene Symbol"] == {"CDC20": 51}
    assert sum(values["Study"].values()) == facets.total == 51


def test_spellings_come_with_counts(search):
    found = search.spellings("gene", "cDc20", cancel=NEVER)

    assert [(one.value, one.image_count) for one in found] == [
        ("CDC20", 51),
        ("cdc20", 1),
    ]


def test_the_plates_of_a_gene(search, facts):
    hits = search.search_plates("gene", "CDC20", ScreenId(102), cancel=NEVER)

    named = facts.child("screens").child("102").child("plates")
    assert [(hit.plate.id, hit.image_count) for hit in hits] == [(2551, 36), (2553, 12)]
    for hit in hits:
        assert hit.plate.name == named.child(str(hit.plate.id)).get("name", str)


def test_the_datasets_of_a_gene(search):
    (hit,) = search.search_datasets("gene", "CDC20", ProjectId(51), cancel=NEVER)

    assert (hit.dataset.id, hit.dataset.name, hit.image_count) == (
        501,
        "kinds of image",
        1,
    )


def test_the_images_of_a_plate_are_as_many_as_its_count(search, facts):
    images = list(
        search.search_images("gene", "CDC20", plate_id=PlateId(2551), cancel=NEVER)
    )

    plate = facts.child("screens").child("102").child("plates").child("2551")
    first = plate.get("first_image", int)
    ids = [image.image_id for image in images]
    assert len(ids) == 36
    assert ids == sorted(set(ids))
    assert ids[0] == first
    assert {image.plate_id for image in images} == {2551}
    assert images[0].name == "LT0001_02 [Well A1; Field #1]"


def test_all_images_of_a_gene_are_those_of_its_studies(search):
    everywhere = {
        image.image_id for image in search.search_images("gene", "CDC20", cancel=NEVER)
    }
    in_screens = {
        image.image_id
        for number in (102, 1202)
        for image in search.search_images(
            "gene", "CDC20", screen_id=ScreenId(number), cancel=NEVER
        )
    }
    in_project = {
        image.image_id
        for image in search.search_images(
            "gene", "CDC20", dataset_id=DatasetId(501), cancel=NEVER
        )
    }

    assert everywhere == in_screens | in_project
    assert in_project == {9001}
    assert len(everywhere) == 48 + 2 + 1


@pytest.mark.parametrize(
    "value", ["NOSUCHGENE", "CDC20'; --", '"quoted"', "C:\\x", "50%", "<b>CDC20</b>"]
)
def test_a_value_that_is_not_stored_finds_nothing(search, value):
    assert search.search("gene", value, cancel=NEVER) == ()
    assert search.search_plates("gene", value, ScreenId(102), cancel=NEVER) == ()
    assert list(search.search_images("gene", value, cancel=NEVER)) == []


def test_a_value_of_many_letters_is_found(search):
    (hit,) = search.search("gene", "\u03b1-tubulin (TUBA1A)", cancel=NEVER)

    assert (hit.container.id, hit.image_count) == (102, 123)


def test_completions_begin_with_what_begins_so(search):
    begin = search.autocomplete("gene", "cdc", cancel=NEVER)
    inside = search.autocomplete("phenotype", "delay", cancel=NEVER)

    assert [one.value for one in begin] == ["CDC20", "cdc20", "CDC20B"]
    assert [one.value for one in inside][-1] == "mitotic delay phenotype"
    assert search.autocomplete("gene", "zzz", cancel=NEVER) == ()


def test_a_key_that_the_server_does_not_have_is_not_found(search):
    with pytest.raises(NotFoundError):
        search.search("nosuch", "CDC20", cancel=NEVER)
