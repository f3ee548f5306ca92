"""A browser and a person in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.fixtures import (
    classic,
    clean_desk,
    guards,
    idr,
    make_person,
    never_waiting,
    own_cache,
    running_classic,
    running_idr,
    warm,
)

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

__all__ = [
    "classic",
    "clean_desk",
    "guards",
    "idr",
    "make_person",
    "never_waiting",
    "own_cache",
    "person",
    "running_classic",
    "running_idr",
    "warm",
]


@pytest.fixture
def person(classic: demo.Archive, make_person: MakePerson) -> Person:
    """A person who has reached a plain OMERO.web with mapr."""
    return make_person(classic.url)
