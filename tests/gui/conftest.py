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
from support.wells_desk import MITOSIS, PLATE, Desk, close

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

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


@pytest.fixture
def desk(
    classic: demo.Archive, make_person: MakePerson, qtbot: QtBot
) -> Iterator[Desk]:
    person = make_person(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    desk = Desk(person, qtbot)
    yield desk
    close(desk.dock)
