"""Queries to the search engine as JSON, and the reading of its answers.

The forms of its answers were learnt from the service's public code: an `Error` of
"none" or null is no error, a list stands where there are no hits, ids may be
floats, and pairs of studies have `key` where those of images have `name`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from napari_idr.api.search.base import fold
from napari_idr.model import (
    ContainerHit,
    Dataset,
    DatasetId,
    ImageHit,
    ImageId,
    ImageRef,
    Plate,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    WellId,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.api.node import Node
    from napari_idr.api.search.conditions import Row, Term
    from napari_idr.model import Study

Details = dict[str, object]
Pair = tuple[str, str]

MAX_QUESTIONS: Final = 16
"""Questions for one search; each has pages of its own."""

WILD: Final = frozenset("*?")
"""What stands for any letters in a group of conditions, and nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePage:
    """One page of images; `size` counts the hits of all `page_count` pages."""

    images: tuple[ImageHit, ...] = ()
    size: int = 0
    page_count: int = 0
    bookmark: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One structured query.

    Where `loose`, the engine finds more than was asked for, and the hits have to
    be looked through.
    """

    details: Details
    loose: bool = False

    def body(
        self, places: Mapping[str, int] | None = None, bookmark: int | None = None
    ) -> Details:
        """Return what is posted, restricted to images with these ids of places."""
        body: Details = {"query_details": self.details}
        if places:
            body["main_attributes"] = {
                "and_main_attributes": [
                    {"name": name, "value": number, "operator": "equals"}
                    for name, number in places.items()
                ]
            }
        if bookmark is not None:
            body["bookmark"] = [bookmark]
        return body


def questions(rows: Sequence[Row], *, any_case: bool = False) -> tuple[Question, ...]:
    """Return what to ask for images that meet some rows of terms.

    The hits are those of all questions together. A value with quotes or backslashes
    is safe in a list alone, and a list is refused inside a group: then each term of
    a row is asked for by itself. A value with blanks around it is found by a part of
    it alone. Parts of values are compared rightly only where case is ignored.

    Raises
    ------
    ValueError
        They can't be asked: too many questions, or a text of backslashes alone.

    Examples
    --------
    >>> from napari_idr.api.search.conditions import rows_of
    >>> from napari_idr.model import Condition
    >>> len(questions(rows_of([Condition("gene", "is", "CDC20")])))
    1
    >>> len(questions(rows_of([Condition("phenotype", "is", 'the "grape"')])))
    2
    """
    terms = [term for row in rows for term in row]
    case_sensitive = not any_case and all(_heeds_case(term) for term in terms)
    ways = list(product(*(_alternatives(row) for row in rows)))
    if len(ways) > MAX_QUESTIONS:
        raise ValueError(
            "too many conditions with quotes: each would be asked for by itself"
        )
    return tuple(
        _question(way, case_sensitive, any_case=any_case) for way in dict.fromkeys(ways)
    )


def _alternatives(row: Row) -> list[Row]:
    """Return the parts of a row that can be asked for in one filter or group."""
    if len(row) == 1:
        return [row]
    together = tuple(term for term in row if _fits_group(term))
    alone: list[Row] = [(term,) for term in row if not _fits_group(term)]
    return [together, *alone] if together else alone


def _question(way: Sequence[Row], case_sensitive: bool, *, any_case: bool) -> Question:
    singles = [_single_filter(row[0]) for row in way if len(row) == 1]
    groups = [[_group_filter(one) for one in row] for row in way if len(row) > 1]
    details = _details(*singles, case_sensitive=case_sensitive)
    if groups:
        details["or_filters"] = groups
    unheeded = not case_sensitive and not any_case
    loose = any(
        _is_loose(term, grouped=len(row) > 1) or (unheeded and _has_case(term))
        for row in way
        for term in row
    )
    return Question(details=details, loose=loose)


def _heeds_case(term: Term) -> bool:
    """Whether the engine compares it rightly when it heeds case."""
    if term.operator in ("contains", "begins with"):
        return False
    return all(one.strip() == one for one in term.texts)


def _has_case(term: Term) -> bool:
    """Whether case decides what meets the term."""
    exact = term.operator in ("is", "in a list")
    return exact and any(one.lower() != one.upper() for one in term.texts)


def _is_plain(text: str) -> bool:
    """Whether the engine, which pastes a text into JSON, reads it as it is."""
    return json.dumps(text, ensure_ascii=False) == f'"{text}"'


def _fits_group(term: Term) -> bool:
    return term.operator in ("is", "contains", "begins with") and _is_plain(term.text)


def _is_loose(term: Term, *, grouped: bool) -> bool:
    """Whether the engine finds more than meets the term."""
    if term.operator in ("in a list", "has another value"):
        return False
    if term.operator == "begins with" or term.text.strip() != term.text:
        return True
    if term.operator == "is":
        return False
    # In a group asterisks and question marks stand for anything.
    return "\\" in term.text or (grouped and not WILD.isdisjoint(term.text))


def _group_filter(term: Term) -> Details:
    bare = term.text.strip()
    exact = term.operator == "is" and bare == term.text
    return _filter(term.attribute, bare, "equals" if exact else "contains")


def _single_filter(term: Term) -> Details:
    if term.operator == "in a list":
        return _filter(term.attribute, list(term.texts), "in")
    if term.operator == "has another value":
        if _is_plain(term.text):
            return _filter(term.attribute, term.text, "not_equals")
        return _filter(term.attribute, [term.text], "not_in")
    bare = term.text.strip()
    if term.operator == "is" and bare == term.text:
        return _filter(term.attribute, [term.text], "in")
    # Backslashes match in lists alone: the engine is asked for what has none.
    part = max(bare.split("\\"), key=len)
    if not part.strip():
        raise ValueError("a text of backslashes alone can't be looked for")
    return _filter(term.attribute, part, "contains")


def _details(*filters: Details, case_sensitive: bool = False) -> Details:
    return {"and_filters": list(filters), "case_sensitive": case_sensitive}


def _filter(attribute: str, value: object, operator: str) -> Details:
    return {
        "name": attribute,
        "value": value,
        "operator": operator,
        "resource": "image",
    }


def image_page(answer: Node) -> ImagePage:
    """Read a page of images.

    Raises
    ------
    ResponseFormatError
        When the engine didn't understand the query, or said something unknown.
    """
    results = _results(answer)
    if results.is_list:
        _require_empty(results)
        return ImagePage()
    return ImagePage(
        images=tuple(found_image(node) for node in results.rows("results")),
        size=results.int_like("size"),
        page_count=results.int_like("total_pages"),
        bookmark=_bookmark(results),
    )


def found_image(node: Node) -> ImageHit:
    """Read an image and where it lies; it is in a screen or in a project."""
    plate_id = node.find_int_like("plate_id")
    dataset_id = node.find_int_like("dataset_id")
    well_id = node.find_int_like("well_id")
    return ImageHit(
        ref=ImageRef(
            image_id=ImageId(node.int_like("id")),
            name=node.find("name", str) or "",
            well_id=None if well_id is None else WellId(well_id),
            plate_id=None if plate_id is None else PlateId(plate_id),
            dataset_id=None if dataset_id is None else DatasetId(dataset_id),
        ),
        plate=(
            None
            if plate_id is None
            else Plate(id=PlateId(plate_id), name=node.find("plate_name", str) or "")
        ),
        dataset=(
            None
            if dataset_id is None
            else Dataset(
                id=DatasetId(dataset_id), name=node.find("dataset_name", str) or ""
            )
        ),
        study=_study_of_image(node),
        pairs=_pairs(node),
    )


def studies(answer: Node) -> tuple[ContainerHit, ...]:
    """Read studies and how many images match in each; errors as in `image_page`.

    A study that the index doesn't know comes without an id, and is left out.
    """
    results = _results(answer)
    if results.is_list:
        _require_empty(results)
        return ()
    return tuple(
        ContainerHit(container=_study(node), image_count=node.int_like("image count"))
        for node in results.children("results")
        if "id" in node and "type" in node
    )


def values(answer: Node) -> tuple[str, ...]:
    """Read the values that hold a text, in lower case.

    Their counts aren't read: they are of pairs, of which an image may have the same
    twice, and of all spellings together.
    """
    _refuse_error(answer)
    return tuple(
        value for node in answer.children("data") if (value := node.find("Value", str))
    )


def named_counts(answer: Node, kind: str) -> tuple[tuple[str, int], ...]:
    """Read the names of plates or datasets, and how many images match in each.

    `kind` is "plate" or "dataset"; rows of other kinds (wells) are left out.
    """
    results = _results(answer)
    return tuple(
        (node.get("name", str), node.int_like("image count"))
        for node in results.children("results")
        if node.get("resource", str) == kind
    )


def attributes(answer: Node, *, resource: str = "image") -> tuple[str, ...]:
    """Read the map keys of a kind of object, from the short list or the whole one.

    The short list names one kind an element, and not each of them the kind.
    """
    _refuse_error(answer)
    if answer.is_list:
        lists = [node.find_children(resource) for node in answer.elements()]
    else:
        lists = [answer.children(resource)]
    names = [one.read(str) for nodes in lists for one in nodes]
    return tuple(dict.fromkeys(names))


def data_sources(answer: Node) -> tuple[str, ...]:
    """Read the names of what is indexed."""
    return tuple(node.read(str) for node in answer.elements())


def stored_spellings(
    image: ImageHit, wanted: tuple[str, ...], value: str
) -> frozenset[str]:
    """Return how an image writes a value, among what differs by case alone."""
    names = {fold(one) for one in wanted}
    return frozenset(
        stored
        for name, stored in image.pairs
        if fold(name) in names and fold(stored) == fold(value)
    )


def _results(answer: Node) -> Node:
    """Return the results of an answer that holds some.

    "none" and null are what good answers have as their error. A query that
    couldn't be read may say "none" too, and has no results.
    """
    _refuse_error(answer)
    if "results" not in answer:
        raise answer.error_here("the search engine could not read the query")
    return answer.child("results")


def _refuse_error(answer: Node) -> None:
    if isinstance(answer.value, str):
        raise answer.error_here(f"the search engine says: {_one_line(answer.value)}")
    said = answer.value.get("Error") if isinstance(answer.value, dict) else None
    if isinstance(said, str) and said != "none":
        raise answer.error_here(f"the search engine says: {_one_line(said)}")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _require_empty(results: Node) -> None:
    if results.elements():
        raise results.error_here("a list with hits, where an object is due")


def _bookmark(results: Node) -> int | None:
    marks = results.find_children("bookmark")
    return marks[0].read(int) if len(marks) == 1 else None


def _study(node: Node) -> Study:
    kind = node.get("type", str)
    name = node.find("name", str) or ""
    if kind == "screen":
        return Screen(id=ScreenId(node.int_like("id")), name=name)
    if kind == "project":
        return Project(id=ProjectId(node.int_like("id")), name=name)
    raise node.error_here(f"{kind!r} is no kind of study")


def _study_of_image(node: Node) -> Study | None:
    if (screen := node.find_int_like("screen_id")) is not None:
        return Screen(id=ScreenId(screen), name=node.find("screen_name", str) or "")
    if (project := node.find_int_like("project_id")) is not None:
        return Project(id=ProjectId(project), name=node.find("project_name", str) or "")
    return None


def _pairs(node: Node) -> tuple[Pair, ...]:
    """Read key-value pairs; an image without any has one that is null."""
    return tuple(
        (name, pair.find("value", str) or "")
        for pair in node.find_children("key_values")
        if (name := pair.find("name", str)) is not None
    )
