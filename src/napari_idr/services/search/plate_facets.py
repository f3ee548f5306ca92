"""Genes, phenotypes and controls from the tables of plates, where mapr tells none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from napari_idr.api import CONTROL_KEYS, column_key, is_missing
from napari_idr.errors import IDRError
from napari_idr.model import Condition, Facet, FacetValue, SearchKey
from napari_idr.services.search.catalog import counted
from napari_idr.services.search.pivots import GENE, PHENOTYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.api import IDRClient
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Facets, PlateHit, Screen, Table
    from napari_idr.services.search.catalog import Query

__all__ = [
    "CONTROL",
    "PlateFacets",
    "TablesOrder",
    "load_plate_facets",
    "plan_tables_order",
    "table_counts",
    "tells_facets",
]

CONTROL: Final = "Control Type"
"""Under which controls are counted, as most studies call them."""

WELL_KEYS: Final = ("well", "well name")
"""What tells a table's wells apart, the best first (see `column_key`)."""

MAX_TOLD: Final = 300
"""Values of a facet, the frequent ones: more than a person reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesOrder:
    """The plates whose tables are asked for, one request each."""

    query: Query
    plates: tuple[PlateHit, ...]

    @property
    def cost(self) -> str:
        """What it takes, as the words of a button.

        >>> from napari_idr.services.search.catalog import Query
        >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
        >>> TablesOrder(query=Query(key=gene, value="CDC20"), plates=()).cost
        'Read the tables of 0 plates (0 requests)'
        """
        count = len(self.plates)
        plates = counted(count, "plate", "plates")
        return f"Read the tables of {plates} ({counted(count, 'request', 'requests')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateFacets:
    """Facets with those of the tables that are read: `read` of so many `plates`.

    `silent` plates have no table, or one that doesn't tell which wells were found.
    `tells_more` is whether tables tell any value besides the one that was searched.
    """

    facets: Facets
    read: int
    plates: int
    silent: int = 0
    tells_more: bool = True

    @property
    def message(self) -> str:
        """Say how far tables are read, and of what the numbers are.

        >>> from napari_idr.model import Facets
        >>> facets = Facets(facets=(), counted=34, matching=34, total=34, exact=True)
        >>> PlateFacets(facets=facets, read=3, plates=14).message
        'tables of 3 of 14 plates read …'
        >>> PlateFacets(facets=facets, read=14, plates=14, silent=2).message
        '34 images; the tables of 12 of 14 plates are counted'
        >>> PlateFacets(facets=facets, read=3, plates=3, tells_more=False).message
        '34 images; the tables of 3 of 3 plates tell no more of them'
        """
        if self.read < self.plates:
            return f"tables of {self.read} of {self.plates} plates read …"
        telling = self.read - self.silent
        of = counted(self.plates, "plate", "plates")
        images = counted(self.facets.matching, "image", "images")
        if not self.tells_more:
            return f"{images}; the tables of {telling:,} of {of} tell no more of them"
        return f"{images}; the tables of {telling:,} of {of} are counted"


@dataclass(slots=True)
class _Tally:
    """Images by facet and value, as tables are read."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, counts: dict[str, Counter[str]]) -> None:
        for key, values in counts.items():
            self.counts.setdefault(key, Counter()).update(values)

    def tells_more(self, known: Facets, value: str) -> bool:
        """Tell whether there is a value beside one, under a key that isn't known."""
        keys = {one.key for one in known.facets}
        return any(
            text.casefold() != value.casefold()
            for key, values in self.counts.items()
            if key not in keys
            for text in values
        )

    def joined(self, facets: Facets) -> Facets:
        """Return facets with these, except under keys that they have already."""
        known = {one.key for one in facets.facets}
        more = tuple(
            Facet(
                key=key,
                values=tuple(
                    FacetValue(value=value, image_count=count)
                    for value, count in sorted(
                        values.items(), key=lambda one: (-one[1], one[0].casefold())
                    )[:MAX_TOLD]
                ),
                value_count=len(values),
            )
            for key, values in self.counts.items()
            if key not in known and values
        )
        return replace(facets, facets=(*facets.facets, *more))


def tells_facets(query: Query) -> bool:
    """Whether tables can tell which wells a search found: those of one value."""
    return _sought(query) is not None


def plan_tables_order(
    client: IDRClient,
    query: Query,
    screens: Sequence[Screen],
    *,
    cancel: CancelToken,
) -> TablesOrder:
    """Return the plates on which a search found images, a request for each screen."""
    key, value = query.asked
    plates = [
        hit
        for screen in screens
        for hit in client.search_plates(
            key, value, screen.id, conditions=query.conditions, cancel=cancel
        )
    ]
    return TablesOrder(query=query, plates=tuple(plates))


def load_plate_facets(
    client: IDRClient, order: TablesOrder, facets: Facets, *, cancel: CancelToken
) -> Iterator[PlateFacets]:
    """Yield facets with what the tables of plates tell, after each table.

    A plate without a table, or with one that can't be read, is passed over.

    Raises
    ------
    IDRError
        A table didn't come, which may pass.
    """
    tally = _Tally()
    silent = 0
    sought = _sought(order.query)
    for done, hit in enumerate(order.plates, 1):
        try:
            table = client.table(plate=hit.plate.id, cancel=cancel)
        except IDRError as error:
            if error.may_pass:
                raise
            counts = None
        else:
            counts = (
                None
                if sought is None
                else table_counts(table, *sought, image_count=hit.image_count)
            )
        if counts is None:
            silent += 1
        else:
            tally.add(counts)
        yield PlateFacets(
            facets=tally.joined(facets),
            read=done,
            plates=len(order.plates),
            silent=silent,
            tells_more=tally.tells_more(facets, "" if sought is None else sought[1]),
        )


def table_counts(
    table: Table,
    attributes: tuple[str, ...],
    value: str,
    contains: bool = False,
    *,
    image_count: int,
) -> dict[str, Counter[str]] | None:
    """Count genes, phenotypes and controls of the wells of a plate that were found.

    A table tells wells, and not how many images each has: the images that were found
    on the plate are shared among its wells, which is exact where all have as many
    fields.

    Parameters
    ----------
    table
        Rows of the plate.
    attributes
        The keys of the search: wells were found by one of these columns.
    value, contains
        What was searched, and whether it may be a part of what the column says.
    image_count
        The images that were found on the plate.

    Returns
    -------
    dict or None
        The numbers of images by facet and value; None where the table doesn't tell
        which wells were found.

    Examples
    --------
    >>> from napari_idr.model import Table
    >>> table = Table(
    ...     columns=("Well", "Gene Symbol", "Phenotype 1"),
    ...     column_types=(),
    ...     rows=((1, "CDC20", "delay"), (2, "CDC20", ""), (3, "PLK1", "delay")),
    ... )
    >>> found = table_counts(table, ("Gene Symbol",), "CDC20", image_count=4)
    >>> found["Phenotype"]
    Counter({'delay': 2})
    """
    about = [column_key(name) for name in table.columns]
    wanted = {attribute.casefold() for attribute in attributes}
    searched = [place for place, key in enumerate(about) if key in wanted]
    keys = {GENE.casefold(): GENE, PHENOTYPE.casefold(): PHENOTYPE}
    keys |= dict.fromkeys(CONTROL_KEYS, CONTROL)
    told = [(place, keys[key]) for place, key in enumerate(about) if key in keys]
    rows = [(row, _texts(row, searched)) for row in table.rows]
    matching = [row for row, texts in rows if value in texts]
    folded = value.casefold()
    if contains:
        matching = [
            row for row, texts in rows if any(folded in one.casefold() for one in texts)
        ]
    elif not matching:  # mapr finds other spellings where this isn't stored
        matching = [
            row for row, texts in rows if folded in [one.casefold() for one in texts]
        ]
    if not matching:
        return None
    names = [
        place for key in WELL_KEYS for place, one in enumerate(about) if one == key
    ]
    wells: dict[object, set[tuple[str, str]]] = {}
    for number, row in enumerate(matching):
        well = row[names[0]] if names else number
        pairs = wells.setdefault(well, set())
        pairs.update(
            (key, text) for place, key in told for text in _texts(row, [place])
        )
    counts: dict[str, Counter[str]] = {key: Counter() for key in keys.values()}
    for key, text in (pair for pairs in wells.values() for pair in pairs):
        counts[key][text] += 1
    return {
        key: Counter(
            {text: round(image_count * n / len(wells)) for text, n in values.items()}
        )
        for key, values in counts.items()
    }


def _texts(row: Sequence[object], places: Sequence[int]) -> list[str]:
    return [str(row[one]).strip() for one in places if not is_missing(row[one])]


def _sought(query: Query) -> tuple[tuple[str, ...], str, bool] | None:
    """Return the attributes that are searched, the value, and whether it may be a part.

    None for what isn't one value.
    """
    if query.value and not query.conditions:
        return query.key.attributes, query.value, False
    if query.value or len(query.conditions) != 1:
        return None
    [one] = query.conditions
    if not isinstance(one, Condition) or one.operator not in ("is", "contains"):
        return None
    key = one.key
    attributes = key.attributes if isinstance(key, SearchKey) else (key,)
    return attributes, one.text, one.operator == "contains"
