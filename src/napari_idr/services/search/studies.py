"""All studies of a server: filtered by what is written about them, and in an order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from napari_idr.model import Screen
from napari_idr.services.search.catalog import Entry, filter_studies
from napari_idr.services.study import study_card

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model import Annotation, ObjectRef, Study
    from napari_idr.services.licence import LicenceClass

__all__ = [
    "KINDS",
    "ORDERS",
    "StudyChoices",
    "StudyFacts",
    "StudyFilter",
    "study_choices",
    "study_facts",
    "wanted_studies",
]

Kind = Literal["screen", "project"]
"""A screen has plates, a project datasets."""

Order = Literal["name", "largest", "smallest"]
"""By name, or by how many plates or datasets a study has."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What is written about a study and studies are filtered by.

    `licence` is its class, "none" where none is named; `organisms` are those named.
    """

    licence: LicenceClass = "none"
    organisms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFilter:
    """Which studies a person wants to see, "" for all, and in which order.

    Every word of `text` must occur in the name or the description.
    """

    text: str = ""
    kind: str = ""
    licence: str = ""
    organism: str = ""
    order: Order = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyChoices:
    """The licences and organisms of studies, each with how many studies have it."""

    licences: tuple[tuple[str, int], ...] = ()
    organisms: tuple[tuple[str, int], ...] = ()


def study_facts(
    studies: Iterable[Study], annotations: Iterable[Annotation]
) -> dict[ObjectRef, StudyFacts]:
    """Return for each study what its annotations say of licence and organism."""
    of: defaultdict[tuple[str, int], list[Annotation]] = defaultdict(list)
    for one in annotations:
        if one.parent is not None:
            of[one.parent.kind, one.parent.id].append(one)
    facts = {}
    for study in studies:
        card = study_card(study, of[study.ref.kind, study.ref.id])
        named = (card.organism or "").split(", ")
        organisms = tuple(sorted({one.strip() for one in named} - {""}))
        facts[study.ref] = StudyFacts(card.terms.kind, organisms)
    return facts


def wanted_studies(
    entries: Sequence[Entry],
    facts: Mapping[ObjectRef, StudyFacts],
    wanted: StudyFilter,
) -> tuple[Entry, ...]:
    """Return the lines of the studies that a person wants to see, in their order.

    As long as nothing is known of a study it has no licence and no organism.

    >>> from napari_idr.model import Project, ProjectId, ScreenId
    >>> lines = [
    ...     Entry(item=Screen(id=ScreenId(1), name="a"), count=3),
    ...     Entry(item=Project(id=ProjectId(1), name="b"), count=9),
    ... ]
    >>> [one.name for one in wanted_studies(lines, {}, StudyFilter(kind="screen"))]
    ['a']
    >>> [one.name for one in wanted_studies(lines, {}, StudyFilter(order="largest"))]
    ['b', 'a']
    """
    nothing = StudyFacts()
    kept = []
    for entry in filter_studies(entries, wanted.text):
        study = entry.study
        known = nothing if study is None else facts.get(study.ref, nothing)
        kind: Kind = "screen" if isinstance(study, Screen) else "project"
        if (
            wanted.kind in ("", kind)
            and wanted.licence in ("", known.licence)
            and (not wanted.organism or wanted.organism in known.organisms)
        ):
            kept.append(entry)
    if wanted.order != "name":
        # Sorting keeps equals in their order, which is that of names.
        kept.sort(key=lambda one: one.count or 0, reverse=wanted.order == "largest")
    return tuple(kept)


def study_choices(facts: Mapping[ObjectRef, StudyFacts]) -> StudyChoices:
    """Return by what studies can be filtered: the most frequent first.

    >>> study_choices({1: StudyFacts("CC0"), 2: StudyFacts("CC0", ("Homo sapiens",))})
    StudyChoices(licences=(('CC0', 2),), organisms=(('Homo sapiens', 1),))
    """
    licences: defaultdict[str, int] = defaultdict(int)
    organisms: defaultdict[str, int] = defaultdict(int)
    for one in facts.values():
        licences[one.licence] += 1
        for organism in one.organisms:
            organisms[organism] += 1
    return StudyChoices(licences=_ranked(licences), organisms=_ranked(organisms))


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0].casefold())))
