"""Facets in words and lines: what was found, counted by key."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from napari_idr.services.search.pivots import best_facets

if TYPE_CHECKING:
    from napari_idr.model import Facet, Facets
    from napari_idr.services.search.pivots import Asker

__all__ = ["FacetLine", "facet_lines", "facet_title", "facets_message", "ordered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetLine:
    """A value of a facet, its images, and their share of what is counted."""

    key: str
    value: str
    image_count: int
    share: float


def ordered(facets: Facets, asker: Asker) -> tuple[Facet, ...]:
    """Return facets in the order in which they are offered."""
    by_key = {facet.key: facet for facet in facets.facets}
    return tuple(by_key[key] for key in best_facets(tuple(by_key), asker))


def facet_lines(
    facet: Facet, facets: Facets, text: str = "", *, most: int | None = None
) -> tuple[FacetLine, ...]:
    """Return the values that hold a text, the frequent first; case is ignored."""
    wanted = text.strip().casefold()
    whole = max(facets.matching, 1)
    return tuple(
        FacetLine(
            key=facet.key,
            value=one.value,
            image_count=one.image_count,
            share=one.image_count / whole,
        )
        for one in islice(
            (one for one in facet.values if wanted in one.value.casefold()), most
        )
    )


def facet_title(facet: Facet) -> str:
    """Return the name of a facet with the number of its values.

    >>> from napari_idr.model import Facet, FacetValue
    >>> one = FacetValue(value="CDC20", image_count=3)
    >>> facet_title(Facet(key="Gene Symbol", values=(one,), value_count=1))
    'Gene Symbol (1)'
    """
    return f"{facet.key} ({facet.value_count:,})"


def facets_message(facets: Facets) -> str:
    """Say how much of what was found is counted.

    >>> from napari_idr.model import Facets
    >>> facets_message(Facets(
    ...     facets=(), counted=1000, matching=1000, total=2310, exact=False))
    '1,000 of 2,310 images counted …'
    >>> facets_message(Facets(facets=(), counted=34, matching=34, total=34, exact=True))
    '34 images'
    """
    fit = ""
    if facets.matching != facets.counted:
        fit = f", {facets.matching:,} of them fit"
    if facets.exact:
        images = "image" if facets.matching == 1 else "images"
        return f"{facets.matching:,} {images}"
    if facets.total is None:
        return f"{facets.counted:,} images counted{fit} …"
    return f"{facets.counted:,} of {facets.total:,} images counted{fit} …"
