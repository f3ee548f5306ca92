"""Rows of the annotation table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.services.links import split_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_idr.model import Annotation, ObjectRef

__all__ = [
    "AnnotationRow",
    "annotation_rows",
    "cells_as_text",
    "namespace_word",
    "no_annotations_message",
    "told_rows",
]

_MAPR = "openmicroscopy.org/mapr/"

_WORDS = {
    "idr.openmicroscopy.org/study/info": "study",
    "idr.openmicroscopy.org/study/components": "study parts",
    "idr/analysis/notebook": "notebook",
    "openmicroscopy.org/idr/analysis/notebook": "notebook",
    "openmicroscopy.org/omero/bulk_annotations": "other",
    "openmicroscopy.org/omero/client/mapAnnotation": "note",
}
"""Namespaces whose last part says little."""

_ORDER = (
    "study",
    "study parts",
    "gene",
    "gene, more",
    "phenotype",
    "compound",
    "compound, more",
    "sirna",
    "sirna, more",
    "antibody",
    "antibody, more",
    "protein",
    "protein, more",
    "orf",
    "orf, more",
    "cell line",
    "cell line, more",
    "organism",
)
"""What is read first; what isn't named follows in the server's order."""

_LAST = ("note", "", "other")
"""The bulk of what was loaded, which is long and read last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRow:
    """A pair and where it was written.

    `namespace` is a short word, "" where the annotation has none; `url` is an
    address that may be opened, None where the value has none.
    """

    namespace: str
    key: str
    value: str
    url: str | None = None
    parent: ObjectRef | None = None


def annotation_rows(annotations: Iterable[Annotation]) -> tuple[AnnotationRow, ...]:
    """Return a row for each pair: the study first, the bulk last.

    Pairs of one annotation stay together and in order, and a key that repeats has
    a row each time. An annotation that an image shares with its well counts once.
    """
    unique: dict[object, Annotation] = {}
    for one in annotations:
        unique.setdefault((one.id, one.namespace, one.pairs), one)
    ordered = sorted(unique.values(), key=lambda one: _rank(one.namespace))
    return tuple(
        AnnotationRow(
            namespace=namespace_word(annotation.namespace),
            key=key,
            value=value,
            url=split_link(value)[1],
            parent=annotation.parent,
        )
        for annotation in ordered
        for key, value in annotation.pairs
    )


def told_rows(told: Iterable[tuple[str, str]]) -> tuple[AnnotationRow, ...]:
    """Return a row for each name and value of a table of wells."""
    return tuple(
        AnnotationRow(namespace="", key=key, value=value, url=split_link(value)[1])
        for key, value in told
    )


def namespace_word(namespace: str | None) -> str:
    """Return a short word for a namespace.

    >>> namespace_word("openmicroscopy.org/mapr/gene")
    'gene'
    >>> namespace_word("openmicroscopy.org/mapr/cell_line/supplementary")
    'cell line, more'
    >>> namespace_word("example.org/lab/stains"), namespace_word(None)
    ('stains', '')
    """
    if not namespace:
        return ""
    if namespace in _WORDS:
        return _WORDS[namespace]
    if namespace.startswith(_MAPR):
        word, _, rest = namespace.removeprefix(_MAPR).partition("/")
        return _plain(word) + (", more" if rest else "")
    return _plain(namespace.rstrip("/").rpartition("/")[2])


def cells_as_text(cells: Mapping[tuple[int, int], str]) -> str:
    r"""Return cells of a table for the clipboard.

    One cell is its value. Several are a table: one row a line, tabs between columns,
    and line breaks within a value become blanks. Rows and columns of which nothing is
    there are left out.

    >>> cells_as_text({(4, 2): "two\nlines"})
    'two\nlines'
    >>> cells_as_text({(0, 1): "Gene", (0, 2): "CDC20", (2, 1): "a\nb"})
    'Gene\tCDC20\na b\t'
    """
    if len(cells) == 1:
        return next(iter(cells.values()))
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    return "\n".join(
        "\t".join(" ".join(cells.get((row, column), "").split()) for column in columns)
        for row in rows
    )


def no_annotations_message(*, plate: bool, read: bool = True) -> str:
    """Return what to say of something without annotations.

    Those of the IDR are mostly of the wells and their images, not of the plate.

    >>> no_annotations_message(plate=False)
    'Nothing was written about it.'
    >>> no_annotations_message(plate=False, read=False)
    "What was written about it couldn't be read."
    """
    if not read:
        return "What was written about it couldn't be read."
    if plate:
        return (
            "Nothing was written about the plate itself. Click a well, or open the "
            "wells table."
        )
    return "Nothing was written about it."


def _plain(word: str) -> str:
    return word.replace("_", " ").strip().lower()


def _rank(namespace: str | None) -> int:
    word = namespace_word(namespace)
    if word in _ORDER:
        return _ORDER.index(word)
    if word in _LAST:
        return len(_ORDER) + 1 + _LAST.index(word)
    return len(_ORDER)
