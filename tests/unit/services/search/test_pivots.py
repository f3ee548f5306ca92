"""What can be done with a value is what the server can be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_idr.model import AnyOf, Condition, SearchKey
from napari_idr.services.search.catalog import Query
from napari_idr.services.search.conditions import (
    ConditionDraft,
    drafts_of,
    wanted_of_drafts,
)
from napari_idr.services.search.pivots import Asker, best_facets, pivots

GENE = SearchKey(
    name="gene", label="Gene", attributes=("Gene Symbol", "Gene Identifier")
)
PHENOTYPE = SearchKey(name="phenotype", label="Phenotype", attributes=("Phenotype",))
ENGINE = Asker(
    keys=(GENE, PHENOTYPE),
    takes_conditions=True,
    query=Query(key=GENE, value="CDC20"),
)
MAPR = replace(ENGINE, takes_conditions=False)


def labels(*args, **more):
    return [one.label for one in pivots(*args, **more)]


def test_a_search_engine_is_asked_for_a_phenotype_in_every_way():
    found = pivots("Phenotype", "binuclear", asker=ENGINE, url="https://x.org/1")

    assert [one.label for one in found] == [
        "Search for binuclear",
        "Narrow to binuclear",
        "Without binuclear",
        "Same phenotype, other genes",
        "Copy binuclear",
        "Open the page",
    ]
    other_genes = found[3]
    assert other_genes.facet == "Gene Symbol"
    assert other_genes.query == Query(
        key=PHENOTYPE,
        value="binuclear",
        conditions=(Condition("Gene Symbol", "has another value", "CDC20"),),
    )


def test_the_gene_beside_a_phenotype_is_the_one_that_is_left_out():
    found = pivots(
        "Phenotype", "binuclear", asker=ENGINE, beside={"Gene Symbol": "PLK1"}
    )

    [query] = [one.query for one in found if "other genes" in one.label]
    assert query is not None
    assert query.labels == ("Gene Symbol has another value PLK1",)


def test_mapr_is_asked_for_one_value():
    assert labels("Gene Identifier", "ENSG1", asker=MAPR) == [
        "Search for ENSG1",
        "Copy ENSG1",
    ]


@pytest.mark.parametrize(
    ("attribute", "of_images"), [("Comments", True), ("Phenotype", False)]
)
def test_what_no_image_can_be_searched_by_is_copied_alone(attribute, of_images):
    assert labels(attribute, "x", asker=ENGINE, is_of_images=of_images) == ["Copy x"]


def test_what_is_searched_already_does_not_narrow():
    assert "Narrow to CDC20" not in labels("Gene Symbol", "CDC20", asker=ENGINE)
    human = Condition("Phenotype", "is", "binuclear")
    assert ENGINE.query is not None
    narrowed = replace(ENGINE, query=replace(ENGINE.query, conditions=(human,)))
    assert "Narrow to binuclear" not in labels("Phenotype", "binuclear", asker=narrowed)


def test_an_empty_value_offers_nothing():
    assert pivots("Gene Symbol", "", asker=ENGINE) == ()


def test_facets_that_can_be_searched_come_first():
    keys = ("Study", "Channels", "Phenotype", "Gene Symbol", "Gene Identifier")

    assert best_facets(keys, ENGINE)[:3] == ("Gene Symbol", "Phenotype", "Study")


def test_rows_are_what_is_wanted_and_back():
    wanted = (
        Condition(GENE, "in a list", ["CDC20", "PLK1"]),
        AnyOf(
            Condition("Phenotype", "is", "binuclear"),
            Condition("Phenotype", "contains", "round"),
        ),
        Condition("Organism", "begins with", "Homo"),
    )

    assert wanted_of_drafts(drafts_of(wanted)) == wanted


def test_a_first_row_is_no_alternative_to_anything():
    drafts = [ConditionDraft(join="or", key="Organism", text="Homo sapiens")]

    assert wanted_of_drafts(drafts) == (Condition("Organism", "is", "Homo sapiens"),)


def test_an_alternative_that_cannot_be_asked_is_refused():
    drafts = [
        ConditionDraft(key="Organism", text="a"),
        ConditionDraft(join="or", key="Organism", operator="begins with", text="b"),
    ]

    with pytest.raises(ValueError, match="can't be one of several"):
        wanted_of_drafts(drafts)
