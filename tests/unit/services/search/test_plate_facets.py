"""Facets from the tables of plates, where mapr tells none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_idr import IDRClient
from napari_idr.cancel import NEVER
from napari_idr.model import Condition, Facets, Screen, SearchKey, Table
from napari_idr.services.search.catalog import Query
from napari_idr.services.search.plate_facets import (
    load_plate_facets,
    plan_tables_order,
    table_counts,
    tells_facets,
)

if TYPE_CHECKING:
    from conftest import Routes

GENE = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
PHENOTYPE = SearchKey(name="phenotype", label="Phenotype", attributes=("Phenotype",))
DELAY = "mitotic delay phenotype"

TABLE = Table(
    columns=("Well", "Gene Symbol", "Phenotype 1", "Phenotype 2", "Control Type"),
    column_types=(),
    rows=(
        (1, "CDC20", "delay", "large", ""),
        (1, "CDC20", "delay", "", ""),
        (2, "CDC20", "", None, "positive"),
        (3, "PLK1", "delay", "", "negative"),
    ),
)


def test_a_well_counts_once_for_each_value_and_images_are_shared_among_wells() -> None:
    found = table_counts(TABLE, ("Gene Symbol",), "CDC20", image_count=6)

    assert found == {
        "Gene Symbol": Counter(CDC20=6),
        "Phenotype": Counter(delay=3, large=3),
        "Control Type": Counter(positive=3),
    }


def test_a_phenotype_in_any_of_its_columns_leads_to_genes() -> None:
    found = table_counts(TABLE, ("Phenotype",), "delay", image_count=2)

    assert found is not None
    assert found["Gene Symbol"] == Counter(CDC20=1, PLK1=1)


def test_other_spellings_count_where_none_is_as_written() -> None:
    assert table_counts(TABLE, ("Gene Symbol",), "plk1", image_count=1) is not None
    part = table_counts(TABLE, ("Gene Symbol",), "lk", contains=True, image_count=1)
    assert part is not None
    assert part["Gene Symbol"] == Counter(PLK1=1)


def test_a_table_that_does_not_tell_what_was_found_is_none() -> None:
    assert table_counts(TABLE, ("siRNA Identifier",), "s1", image_count=1) is None
    assert table_counts(TABLE, ("Gene Symbol",), "NOSUCH", image_count=1) is None


def test_tables_tell_of_one_value_alone() -> None:
    part = Condition(GENE, "contains", "CDC")
    assert tells_facets(Query(key=GENE, value="CDC20"))
    assert tells_facets(Query(key=GENE, conditions=(part,)))
    assert not tells_facets(Query(key=GENE, value="CDC20", conditions=(part,)))


def test_each_plate_costs_one_request(quick: IDRClient, routes: Routes) -> None:
    query = Query(key=PHENOTYPE, value=DELAY)
    studies = [hit.container for hit in quick.search(*query.asked)]
    screens = [one for one in studies if isinstance(one, Screen)]
    [*_, facets] = quick.facets(*query.asked)
    before = len(routes.asked)

    order = plan_tables_order(quick, query, screens, cancel=NEVER)
    found = len(routes.asked)
    steps = list(load_plate_facets(quick, order, facets, cancel=NEVER))

    assert found - before == len(screens)
    assert len(routes.asked) - found == len(order.plates) == len(steps)
    told = {one.key: one for one in steps[-1].facets.facets}
    assert {"Study", "Phenotype", "Gene Symbol", "Control Type"} <= set(told)
    assert "CDC20" in [one.value for one in told["Gene Symbol"].values]
    assert steps[-1].facets.facets[: len(facets.facets)] == facets.facets
    assert "of" in steps[0].message


def test_tables_that_tell_nothing_more_are_said_to(quick: IDRClient) -> None:
    query = Query(key=PHENOTYPE, value=DELAY)
    screens = [
        one
        for one in (hit.container for hit in quick.search(*query.asked))
        if isinstance(one, Screen)
    ]
    [*_, facets] = quick.facets(*query.asked)
    order = plan_tables_order(quick, query, screens, cancel=NEVER)
    [*_, first] = load_plate_facets(quick, order, facets, cancel=NEVER)
    of_the_value = Facets(
        facets=tuple(one for one in first.facets.facets if one.key != "Phenotype"),
        counted=first.facets.counted,
        matching=first.facets.matching,
        total=first.facets.total,
        exact=True,
    )

    [*_, again] = load_plate_facets(quick, order, first.facets, cancel=NEVER)
    [*_, alone] = load_plate_facets(quick, order, of_the_value, cancel=NEVER)

    assert first.tells_more
    assert "; the tables of " in first.message
    assert first.message.endswith(" plates are counted")
    assert not again.tells_more
    assert "tell no more of them" in again.message
    # under a key that isn't told yet, but nothing except what was searched
    assert not alone.tells_more
