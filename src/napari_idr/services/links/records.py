"""Records of links: the things they name, and the view that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_idr.model import AnyOf, Condition, ObjectRef, Wanted

__all__ = ["Link", "LinkView", "SearchLink", "StudyLink", "Thing", "spelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyLink:
    """A study by its accession ("idr0013") or its name ("idr0013-…/screenA")."""

    name: str

    @property
    def accession(self) -> str:
        """What the name begins with, in small letters.

        >>> StudyLink(name="idr0013-neumann-mitocheck/screenA").accession
        'idr0013'
        """
        return self.name.split("-")[0].split("/")[0].casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLink:
    """A search: the name of a key, a value, conditions.

    The keys of conditions are texts: the name of a key, or an attribute. Which key of
    a server is meant is found out there.
    """

    key: str = ""
    value: str = ""
    conditions: tuple[Wanted, ...] = ()


Thing = ObjectRef | StudyLink | SearchLink
"""What a link can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """How a thing is to be seen; None and "" stand for what a person sees first.

    `run` is the id of a run, or its place from 1 where no run has that id; `field`
    counts from 0, as in `layer.metadata["idr"]`. `wells` are the labels of those that
    are selected. `color` is the column that wells are coloured by, `style` how.
    `search` is what the plate was found by.
    """

    run: int | None = None
    field: int | None = None
    wells: tuple[str, ...] = ()
    color: str = ""
    style: str = ""
    hide_failed: bool = False
    search: SearchLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Things of one server, and how they are to be seen.

    `server` is its address, None for whichever is at hand.
    """

    things: tuple[Thing, ...]
    server: str | None = None
    view: LinkView = field(default_factory=LinkView)


def spelled(conditions: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    """Return conditions whose keys are texts, as links have them.

    >>> from napari_idr.model import SearchKey
    >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
    >>> spelled((Condition(gene, "is", "CDC20"),))
    (Condition(key='gene', operator='is', value='CDC20'),)
    """
    return tuple(
        AnyOf(*(_spelled(each) for each in one.conditions))
        if isinstance(one, AnyOf)
        else _spelled(one)
        for one in conditions
    )


def _spelled(one: Condition) -> Condition:
    key = one.key if isinstance(one.key, str) else one.key.name
    return Condition(key, one.operator, one.value)
