"""The habits of the demo's search engine, on the default world."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from napari_idr.demo import Request, Site, answer
from napari_idr.demo.search.query import QueryRefused, unescaped, wildcard
from napari_idr.demo.studies import default_world

SITE = Site(default_world(), "idr")
PREFIX = "/searchengine/api/v1/resources/"


def got(path: str, site: Site = SITE, /, **asked: Any) -> Any:
    return answer(site, Request(PREFIX + path, urlencode(asked)))


def read(path: str, site: Site = SITE, /, **asked: Any) -> Any:
    return json.loads(got(path, site, **asked).body)


def sent(path: str, body: Any, /, **asked: Any) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(PREFIX + path, urlencode(asked), "POST", body=text)
    return json.loads(answer(SITE, request).body)


def filtered(value: Any, name: str = "Gene Symbol", operator: str = "equals") -> Any:
    one = {"name": name, "value": value, "operator": operator, "resource": "image"}
    return {"query_details": {"and_filters": [one]}}


def test_a_gene_is_found_in_every_study_that_carries_it_whatever_its_case():
    found = read("image/search/", key="Gene Symbol", value="cdc20")["results"]

    studies = {one["screen_name"] or one["project_name"] for one in found["results"]}
    spelled = {
        pair["value"]
        for one in found["results"]
        for pair in one["key_values"]
        if pair["name"] == "Gene Symbol" and pair["value"].lower() == "cdc20"
    }
    assert found["size"] == len(found["results"])
    assert len(studies) >= 3
    assert spelled == {"CDC20", "cdc20"}


def test_hits_are_the_images_of_the_wells_that_carry_a_value():
    world = SITE.world
    wells = {
        well.id: well
        for well in world.wells.values()
        for one in world.maps_of("well", well.id)
        if ("Gene Symbol", "PLK1") in one.pairs
    }

    hits = read("image/search/", key="Gene Symbol", value="PLK1")["results"]["results"]

    expected = {s.image_id for well in wells.values() for s in well.samples}
    assert expected
    assert {one["id"] for one in hits if one["well_id"]} == expected


def test_studies_come_with_counts_projects_first():
    reply = read(
        "image/search/", key="Gene Symbol", value="CDC20", return_containers="true"
    )

    rows = reply["results"]["results"]
    kinds = [one["type"] for one in rows]
    screens = [one["image count"] for one in rows if one["type"] == "screen"]
    assert reply["Error"] == "none"
    assert kinds == sorted(kinds)
    assert screens == sorted(screens, reverse=True)
    assert set(rows[0]["key_values"][0]) == {"key", "value", "index"}


def test_pages_follow_each_other_by_bookmark_until_a_list_comes():
    site = Site(replace(SITE.world, search_page_size=7), "idr")
    asked = {"key": "Gene Symbol", "value": "CDC20"}
    whole = read("image/search/", **asked)["results"]["results"]
    pages, bookmark = [], {}

    while isinstance(
        found := read("image/search/", site, **asked, **bookmark)["results"], dict
    ):
        pages.append(found)
        bookmark = {"bookmark": found["bookmark"][0]}

    assert len(pages) == pages[0]["total_pages"] > 2
    assert [one for page in pages for one in page["results"]] == whole
    assert pages[0]["pagination"]["next_page"] == 2
    assert "pagination" not in pages[1]
    assert found == []


def test_numbers_are_floats_where_the_indexer_mixed_in_nulls():
    hits = read("image/search/", key="Gene Symbol", value="CDC20")["results"]["results"]

    kinds = {type(one["screen_id"]) for one in hits}
    assert kinds == {float, int, type(None)}
    assert {type(one["id"]) for one in hits} == {int}


def test_an_image_without_annotation_has_one_pair_of_nulls():
    body = {
        "query_details": {},
        "main_attributes": {
            "and_main_attributes": [{"name": "id", "value": 9204, "operator": "equals"}]
        },
    }

    (hit,) = sent("submitquery/", body)["results"]["results"]

    assert hit["key_values"] == [{"name": None, "value": None, "index": None}]


def test_no_hit_is_a_list_in_place_of_an_object():
    asked = {"key": "Gene Symbol", "value": "NOSUCH"}

    assert read("image/search/", **asked)["results"] == []
    assert read("image/search/", **asked, return_containers="true")["results"] == {
        "results": []
    }


def test_an_unknown_operator_brings_the_whole_source():
    reply = read("image/search/", key="Gene Symbol", value="CDC20", operator="like")

    assert reply["results"]["size"] == len(SITE.world.places)


def test_a_double_quote_breaks_a_search_in_three_ways():
    value = 'say "no"'

    by_get = got("image/search/", key="Gene Symbol", value=value)
    by_post = sent("submitquery/", filtered(value))
    of_studies = sent("submitquery/containers/", filtered(value))

    assert (by_get.status, by_get.content_type[:9]) == (500, "text/html")
    assert by_post["Error"].startswith("Something went wrong")
    assert of_studies == {}


def test_a_list_of_one_takes_any_value():
    reply = sent("submitquery/", filtered(['say "no", 5%'], operator="in"))

    assert (reply["Error"], reply["results"]) == ("none", [])


def test_a_list_where_a_text_belongs_is_hidden():
    assert sent("submitquery/", filtered(["PLK1"])) == {"Error": "none"}


def test_any_text_switches_case_on_in_a_link_but_not_false_in_a_body():
    asked = {"key": "Gene Symbol", "value": "CDC20"}
    body = filtered("cdc20")
    body["query_details"]["case_sensitive"] = False

    loose = read("image/search/", **asked)["results"]["size"]
    strict = read("image/search/", **asked, case_sensitive="false")["results"]["size"]

    assert strict == loose - 1
    assert sent("submitquery/", body)["results"]["size"] == loose


def test_a_plate_narrows_a_search_and_a_study_beside_it_empties_it():
    body = filtered("CDC20")
    body["main_attributes"] = {
        "and_main_attributes": [
            {"name": "plate_id", "value": 7101, "operator": "equals"}
        ]
    }
    study = {
        "name": "name",
        "value": "idr0901-demo-mitosis/screenA",
        "operator": "equals",
        "resource": "container",
    }

    alone = sent("submitquery/", body)["results"]
    body["query_details"]["and_filters"].append(study)
    both = sent("submitquery/", body)["results"]

    assert {one["plate_id"] for one in alone["results"]} == {7101}
    assert both == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"bookmark": None}, "None is not of type 'array'"),
        ({"bookmark": ["a"]}, "'a' is not of type 'integer'"),
        ({"query_details": {"or_filters": [{}]}}, "{} is not of type 'array'"),
        ({"query_details": {"and_filters": [{}]}}, "'value' is a required property"),
    ],
)
def test_a_wrong_body_is_told_in_the_words_of_the_schema(change, text):
    assert sent("submitquery/", filtered("CDC20") | change) == {"Error": text}


def test_completions_are_lower_cased_short_first_and_count_pairs():
    reply = read("image/searchvalues/", key="Gene Symbol", value="CDC")

    values = [row["Value"] for row in reply["data"]]
    assert values == ["cdc20", "cdc20b"]
    assert reply["total_number_of_buckets"] == 2
    assert reply["total_number_of_image"] == sum(
        row["Number of images"] for row in reply["data"]
    )


def test_completions_of_any_key_leave_organisms_out_and_say_so_with_a_bookmark():
    reply = read("image/searchvalues/", value="homo")
    after = read(
        "image/searchvalues/",
        value="homo",
        bookmark=",".join(map(str, reply["bookmark"] or [0, 0, "x"])),
    )

    assert [row["Key"] for row in reply["data"]] == []
    assert reply["total_number_of_all_buckets"] == 1
    assert after["data"] == []
    assert after["bookmark"] is None


def test_no_completion_has_oddly_named_totals():
    assert read("image/searchvalues/", key="Gene Symbol", value="zzz") == {
        "data": [],
        "total_number_of_None": 0,
        "total_number_of_buckets": 0,
    }


def test_keys_come_short_or_all():
    short = read("all/keys/", mode="searchterms")
    (every,) = read("image/keys/")

    assert set(short) == {"image", "project", "screen"}
    assert "Gene Symbol" in short["image"]
    assert "Comment" in every["image"]
    assert read("gene/keys/") == [{"data_source": "idr"}]


def test_values_of_a_study_are_spelled_as_stored():
    (element,) = read(
        "image/container_keyvalues/", container_name="idr0904", key="gene symbol"
    )

    spelled = {row["value"] for row in element["results"]}
    assert {"CDC20", "cdc20"} <= spelled
    assert {row["key"] for row in element["results"]} == {"gene symbol"}


def test_plates_that_hold_hits_come_by_name_without_ids():
    body = filtered("CDC20")

    reply = sent("sub_container_images/", body, container_name="idr0901")

    rows = reply["results"]["results"]
    assert reply["Error"] is None
    assert rows[0].keys() == {"name", "resource", "image count", "data_source"}
    assert "DM0001_01" in {row["name"] for row in rows}


def plates_of(body: Any) -> dict[str, int]:
    reply = sent("sub_container_images/", body, container_name="idr0901")
    rows = reply["results"]["results"]
    assert [row["image count"] for row in rows] == sorted(
        (row["image count"] for row in rows), reverse=True
    )
    return {row["name"]: row["image count"] for row in rows}


def test_hits_by_plate_heed_case_as_they_are_told():
    asked = filtered("cdc20")

    either = plates_of(asked)
    asked["query_details"]["case_sensitive"] = True
    one = plates_of(asked)

    assert sum(one.values()) < sum(either.values())


def test_hits_by_plate_hear_the_main_attributes_of_the_query_alone():
    one = {"name": "screen_id", "value": 1, "operator": "equals"}
    nowhere = {"main_attributes": {"and_main_attributes": [one]}}
    asked = filtered("CDC20")

    assert plates_of(asked | nowhere) == plates_of(asked)
    asked["query_details"] |= nowhere
    assert plates_of(asked) == {}


def test_what_can_not_be_run_makes_a_count_by_plate_fall():
    request = Request(
        PREFIX + "sub_container_images/",
        "container_name=idr0901",
        "POST",
        body=json.dumps(filtered('a "quote"')).encode(),
    )

    assert answer(SITE, request).status == 500


def test_all_studies_are_listed_those_without_images_too():
    rows = read("container_images/")["results"]["results"]

    counts = {row["name"]: row["image count"] for row in rows}
    assert counts["idr0905-demo-umbrella"] == 0
    assert len(rows) == len(SITE.world.screens) + len(SITE.world.projects)


def test_a_missing_last_slash_leads_to_a_path_that_names_the_service_twice():
    reply = got("image/search", key="Gene Symbol", value="CDC20")

    assert reply.status == 308
    assert reply.headers["Location"] == (
        f"{SITE.url}/searchengine{PREFIX}image/search/?key=Gene+Symbol&value=CDC20"
    )


def test_the_wrong_method_is_refused_and_a_preflight_answered():
    path = PREFIX + "submitquery/"

    refused = answer(SITE, Request(path))
    preflight = answer(SITE, Request(path, method="OPTIONS"))

    assert refused.status == 405
    assert preflight.status == 200
    assert preflight.headers["Allow"] == "POST, OPTIONS"


def test_json_is_compact_and_sorted_and_never_cached():
    reply = got("data_sources/")

    assert reply.body == b'["idr"]\n'
    assert dict(reply.headers) == {"Access-Control-Allow-Headers": "*"}


def test_a_source_in_capitals_is_accepted_and_finds_nothing():
    asked = {"key": "Gene Symbol", "value": "CDC20"}

    assert read("image/search/", **asked, data_source="IDR")["results"] == []
    assert read("image/search/", **asked, data_source="x") == "'x' is not a data source"


def test_people_find_documentation():
    page = answer(SITE, Request("/searchengine/apidocs/"))

    assert page.status == 200
    assert page.content_type.startswith("text/html")


@pytest.mark.parametrize("path", ["image/search/", "data_sources/", "nosuch/"])
def test_a_plain_server_has_no_search_engine(path):
    assert got(path, Site(SITE.world, "classic")).status == 404


def test_escapes_are_read_as_json_reads_them():
    assert unescaped(r"a \"b\" c") == 'a "b" c'
    assert unescaped(r"C:\x") is None
    with pytest.raises(QueryRefused):
        unescaped('a "b" c')


def test_wild_cards_stand_for_any_characters_in_groups():
    assert wildcard("a*c").search("xabbcx")
    assert wildcard("a?c").search("abc")
    assert not wildcard("a.c").search("abc")
