"""Where a saved image comes from, for the files: key-values and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_idr._version import __version__
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from napari_idr.services.image.metadata import Json

__all__ = ["NAMESPACE", "provenance_pairs", "provenance_text"]

NAMESPACE = "napari-idr/provenance"
"""Of the key-values in files, which tells them from others."""


def provenance_pairs(origin: Mapping[str, Json] | None) -> tuple[tuple[str, str], ...]:
    """Return where an image comes from as key-values; what isn't known is left out.

    >>> provenance_pairs({"server": "https://idr.org", "image": {"id": 7, "name": "a"}})
    ... # doctest: +NORMALIZE_WHITESPACE
    (('Server', 'https://idr.org'), ('Image', 'a (7)'),
     ('Written by', 'napari-idr 0.1.0'))
    """
    if origin is None:
        return ()
    named = (
        *(("Study", "study"), ("Dataset", "dataset"), ("Plate", "plate")),
        *(("Run", "run"), ("Image", "image")),
    )
    pairs: list[tuple[str, str]] = [("Server", _text(origin.get("server")))]
    pairs += [(title, _named(origin.get(key))) for title, key in named]
    well = origin.get("well")
    if isinstance(well, Mapping):
        pairs.append(("Well", _text(well.get("label"))))
    field = origin.get("field")
    pairs.append(("Field", str(field + 1) if isinstance(field, int) else ""))
    pairs += [
        ("Page", _text(origin.get("web_url"))),
        ("Pixels", _text(origin.get("pixel_source_words"))),
        ("Licence", _text(origin.get("licence"))),
        ("Licence text", _text(origin.get("licence_url"))),
        ("Licence note", _text(origin.get("licence_warning"))),
        ("Paper", _text(origin.get("doi"))),
        ("Data", _text(origin.get("data_doi"))),
        ("Written by", f"napari-idr {__version__}"),
    ]
    return tuple((key, value) for key, value in pairs if value)


def provenance_text(origin: Mapping[str, Json] | None) -> str:
    """Return where an image comes from in lines, "" for a person's own."""
    return "\n".join(f"{key}: {value}" for key, value in provenance_pairs(origin))


def _named(value: Json) -> str:
    """Return name and number of an object, "" for none."""
    if not isinstance(value, Mapping):
        return ""
    name, number = _text(value.get("name")), value.get("id")
    return f"{name} ({number})" if number is not None else name


def _text(value: Json) -> str:
    return plain_text(value) if isinstance(value, str) else ""
