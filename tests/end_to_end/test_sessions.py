"""Servers that were left long ago: nothing is kept of them that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
from platformdirs import user_cache_path

from napari_idr._qt.layers.scene import scene_of
from napari_idr.services.session import ConnectionSettings
from support.guards import our_threads
from support.holdings import open_under

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


def connections(*archives: demo.Archive) -> int:
    """Return how many connections to these archives are open."""
    ports = {urlsplit(archive.url).port for archive in archives}
    return sum(
        bool(one.raddr) and one.raddr.port in ports and one.status == "ESTABLISHED"
        for one in psutil.Process().net_connections("tcp")
    )


def test_five_changes_of_server_leave_one_session(
    classic: demo.Archive, idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    scene = scene_of(person.viewer)
    person.search("CDC20")
    person.until(lambda: len(our_threads()) <= 1, timeout=20_000)
    threads, before = len(our_threads()), connections(classic, idr)

    for archive in (idr, classic, idr, classic, classic):
        person.connect_to(archive.url)
        person.until_status("Type a gene")
        person.search("CDC20")

    assert scene.session_count == 1
    person.until(lambda: connections(classic, idr) <= max(before, 4))
    person.until(lambda: connections(idr) == 0)
    person.until(lambda: len(our_threads()) <= threads)


def test_the_session_of_a_plate_is_kept_until_the_plate_is_removed(
    classic: demo.Archive, idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    scene = scene_of(person.viewer)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    person.connect_to(idr.url)
    person.until_status("Type a gene")
    assert scene.session(classic.url) is not None

    person.viewer.layers.clear()

    person.until(lambda: scene.session(classic.url) is None)
    assert scene.session(idr.url) is not None
    person.until(lambda: connections(classic) == 0)


def test_ten_connections_anew_hold_no_more_open_than_one(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()

    for _ in range(10):
        person.connect_to(classic.url)
        person.until_status("Type a gene")

    one_pool = ConnectionSettings().at_once
    person.until(lambda: connections(classic) <= one_pool)
    caches = user_cache_path("napari-idr")
    person.until(lambda: len(open_under(caches)) <= 2)  # answers, pixels
    person.find_plate("CDC20", SCREEN, PLATE)
    person.choose("idr_field", "2 / 4")
    person.show_plate()
    assert "96" in person.status


def test_a_browser_that_is_closed_leaves_no_session(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    scene = scene_of(person.viewer)
    assert scene.session_count == 1

    person.browser.deleteLater()

    person.until(lambda: scene.session_count == 0)
