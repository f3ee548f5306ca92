"""Fixtures of all tests with a window; a folder's conftest imports those it uses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from platformdirs import user_cache_path
from qtpy.QtCore import QSettings

from napari_idr import demo, threads
from napari_idr._qt.browser import Browser
from napari_idr._qt.layers import warming
from napari_idr._qt.layers.warming import read_units, use_units, warm_up
from napari_idr.cancel import NEVER
from support.canvasless import CanvaslessViewer
from support.guards import (
    collected_here,
    gui_thread_never_waits,
    nothing_left,
    only_on_the_gui_thread,
    settle,
)
from support.person import Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

__all__ = [
    "MakePerson",
    "classic",
    "clean_desk",
    "guards",
    "idr",
    "make_person",
    "never_waiting",
    "own_cache",
    "running_classic",
    "running_idr",
    "warm",
]

MakePerson = Callable[..., Person]


@pytest.fixture(scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for what napari draws once and what browsers remember."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def warm(qapp: object) -> None:
    """What napari loads for its first layers is there: the guards slow threads down."""
    use_units(read_units(cancel=NEVER))
    warm_up(cancel=NEVER)


@pytest.fixture
def clean_desk(
    own_cache: Path, warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server, answer or setting is remembered from another test, or a person."""
    # Each folder's conftest has such a place of its own; the newest is in use.
    shutil.rmtree(user_cache_path("napari-idr"), ignore_errors=True)
    monkeypatch.delenv("NAPARI_IDR_SERVER", raising=False)
    # Threads without work end soon, so that no test waits for those of another.
    monkeypatch.setattr(threads, "IDLE_S", 0.2)
    # Each test has a window of its own, for which they would be drawn anew.
    monkeypatch.setattr(warming, "LETTERS", "")
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path)
    )


@pytest.fixture(autouse=True)
def never_waiting() -> Iterator[None]:
    """The GUI thread waits for nothing: neither the network, nor a file or thread."""
    with gui_thread_never_waits():
        yield


@pytest.fixture
def guards(qtbot: QtBot, clean_desk: None) -> Iterator[None]:
    """Each test ends with nothing left, and no slot ran off the GUI thread."""
    with collected_here(), nothing_left(), only_on_the_gui_thread():
        yield


@pytest.fixture(scope="session")
def running_classic() -> Iterator[demo.Archive]:
    with demo.serve() as archive:
        yield archive


@pytest.fixture(scope="session")
def running_idr() -> Iterator[demo.Archive]:
    with demo.serve(face="idr") as archive:
        yield archive


@pytest.fixture
def classic(running_classic: demo.Archive) -> Iterator[demo.Archive]:
    """A plain OMERO.web with mapr, well and unasked; shared, as starting takes time."""
    yield from _as_new(running_classic)


@pytest.fixture
def idr(running_idr: demo.Archive) -> Iterator[demo.Archive]:
    """The IDR as it is today, well and unasked; shared as well."""
    yield from _as_new(running_idr)


def _as_new(archive: demo.Archive) -> Iterator[demo.Archive]:
    archive.requests.clear()
    yield archive
    archive.faults.clear()
    archive.delay_ms = archive.thumbnail_ms = 0.0


@pytest.fixture
def make_person(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, guards: None
) -> Iterator[MakePerson]:
    """Put a person in front of a browser; by default there is no canvas beside it."""
    opened: list[QWidget] = []

    def make(address: str, viewer: Any = None) -> Person:
        monkeypatch.setenv("NAPARI_IDR_SERVER", address)
        if viewer is None:
            viewer = CanvaslessViewer()
            opened.append(viewer.window._qt_window)
        browser = Browser(viewer)
        opened.append(browser)
        browser.resize(360, 900)
        browser.show()
        browser.activateWindow()
        person = Person(browser, viewer, qtbot)
        person.until_idle()
        return person

    yield make

    for widget in opened:
        with suppress(RuntimeError):  # a test has deleted it
            widget.close()
            widget.deleteLater()
    settle()
