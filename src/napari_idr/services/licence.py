"""Licences of studies: class, version, address, and what they forbid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from napari_idr.services.links import split_link

__all__ = ["Licence", "LicenceClass", "read_licence"]

LicenceClass = Literal[
    "CC0",
    "CC BY",
    "CC BY-SA",
    "CC BY-NC",
    "CC BY-NC-SA",
    "CC BY-ND",
    "CC BY-NC-ND",
    "other",
    "none",
]
"""Those of Creative Commons, `other` for any else, `none` where none is named."""

NO_LICENCE: Final = "No licence is named: ask the authors before you use the data."
NOT_COMMERCIAL: Final = "Not for commercial use."
NO_DERIVATIVES: Final = "What is changed may not be passed on."

# https://creativecommons.org/licenses/by-nc/4.0/, .../publicdomain/zero/1.0/
_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<letters>[a-z-]+)|publicdomain/(?P<zero>zero))"
    r"(?:/(?P<version>\d\.\d))?",
    re.IGNORECASE,
)
_COMMONS = re.compile(
    r"\bCC(?:\b|(?=BY|0))|creative\s+commons|^\s*BY(?:\b|-)|^\s*attribution\b",
    re.IGNORECASE,
)
_ZERO = re.compile(r"\bCC[\s-]?(?:0|zero)\b|public\s+domain", re.IGNORECASE)
_NC = re.compile(r"(?:\b|-)NC\b|non-?\s?commercial", re.IGNORECASE)
_SA = re.compile(r"(?:\b|-)SA\b|share-?\s?alike", re.IGNORECASE)
_ND = re.compile(r"(?:\b|-)ND\b|non?-?\s?deriv", re.IGNORECASE)
_VERSION = re.compile(r"(?<![\d.])\d\.\d(?![\d.])")
_NONE = re.compile(
    r"(?:none|no licen[cs]e|not (?:given|known|specified)|unknown|n/?a|-)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What a study's data may be used for, as far as its text says.

    Attributes
    ----------
    kind
        The class of the licence.
    version
        Of the licence ("4.0"), None if it isn't said.
    name
        What the study calls it, None where it names none.
    url
        Where its text is: the study's address, else that of the class and version.
    non_commercial, no_derivatives
        Whether it forbids commercial use, or passing on what was changed.
    """

    kind: LicenceClass
    version: str | None = None
    name: str | None = None
    url: str | None = None
    non_commercial: bool = False
    no_derivatives: bool = False

    @property
    def warning(self) -> str | None:
        """A sentence for people who use the data, None where none is needed."""
        if self.kind == "none":
            return NO_LICENCE
        said = [NOT_COMMERCIAL] * self.non_commercial
        said += [NO_DERIVATIVES] * self.no_derivatives
        return " ".join(said) or None


def read_licence(text: str | None, url: str | None = None) -> Licence:
    """Return the licence that a study names, from the text of its annotation.

    What either the words or the address forbid is forbidden.

    Parameters
    ----------
    text
        What the study says under *License*, with or without an address in it.
    url
        The address, where it is known apart from the text.

    Examples
    --------
    >>> found = read_licence("CC BY-NC-SA 3.0")
    >>> found.kind, found.version, found.warning
    ('CC BY-NC-SA', '3.0', 'Not for commercial use.')
    >>> read_licence("CC BY 4.0").url
    'https://creativecommons.org/licenses/by/4.0/'
    >>> read_licence("").kind, read_licence("ODbL 1.0").kind
    ('none', 'other')
    """
    words, inside = split_link(text or "")
    url = url or inside
    if _NONE.fullmatch(words) and url is None:
        return Licence(kind="none")
    address = _ADDRESS.search(url or "")
    # The letters of the address, as words.
    letters = "" if address is None else f"BY {address['letters'] or ''}"
    both = f"{words} {letters}"
    non_commercial = _NC.search(both) is not None
    no_derivatives = _ND.search(both) is not None
    kind: LicenceClass = "other"
    if address is not None or _COMMONS.search(words):
        is_zero = _ZERO.search(words) is not None or bool(address and address["zero"])
        named_by = bool(address and address["letters"]) or not is_zero
        kind = _kind(
            by=named_by,
            non_commercial=non_commercial,
            no_derivatives=no_derivatives,
            share_alike=_SA.search(both) is not None,
        )
    said = _VERSION.search(words)
    version = (address and address["version"]) or (said and said[0]) or None
    return Licence(
        kind=kind,
        version=version,
        name=words or url,
        url=url or _address(kind, version),
        non_commercial=non_commercial,
        no_derivatives=no_derivatives,
    )


def _kind(
    *, by: bool, non_commercial: bool, no_derivatives: bool, share_alike: bool
) -> LicenceClass:
    """Return the class that has these conditions; of SA and ND, ND forbids more."""
    if no_derivatives:
        return "CC BY-NC-ND" if non_commercial else "CC BY-ND"
    if share_alike:
        return "CC BY-NC-SA" if non_commercial else "CC BY-SA"
    if non_commercial:
        return "CC BY-NC"
    return "CC BY" if by else "CC0"


def _address(kind: LicenceClass, version: str | None) -> str | None:
    """Return where Creative Commons has the text of a licence."""
    if kind == "CC0":  # of which there is one version
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if version is None or not kind.startswith("CC "):
        return None
    letters = kind.removeprefix("CC ").lower()
    return f"https://creativecommons.org/licenses/{letters}/{version}/"
