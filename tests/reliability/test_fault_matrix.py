"""Each question, put to a server with each fault: never a lie, a hang or a loss."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr import IDRClient, threads
from napari_idr.api import client as client_module
from napari_idr.api import downloads
from napari_idr.api.pixels import render_requests, sources
from support.reliability.cell import run_cell
from support.reliability.fault_kinds import FAULTS, FaultKind
from support.reliability.operations import OPERATIONS, Operation, plain
from support.reliability.remote_archive import RemoteArchive, remote_archive
from support.reliability.report import write_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = os.environ.get("IDR_FAULTS")
"""Where cells are written when every one is tried; without it a subset is."""

EVERY = 13
"""Of the whole matrix so many-th cells belong to the subset."""
SHIFT = 5
"""By so many faults the subset moves from a question to the next: each meets several of
them, and each fault several questions."""

CELLS = [
    (operation, kind)
    for row, operation in enumerate(OPERATIONS)
    for column, kind in enumerate(FAULTS)
    if FOLDER or (row * SHIFT + column) % EVERY == 0
]


@pytest.fixture(scope="module")
def archives() -> Iterator[dict[str, RemoteArchive]]:
    with remote_archive("idr") as idr, remote_archive("classic") as classic:
        yield {"idr": idr, "classic": classic}


@pytest.fixture(scope="module")
def right_answers(
    archives: dict[str, RemoteArchive], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What each question is answered by a server that is well; asked when wanted."""
    return {}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked again after a while is asked again at once."""
    monkeypatch.setattr(client_module, "ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(render_requests, "REFUSES_FOR_S", 0.0)
    monkeypatch.setattr(sources, "GONE_FOR_S", 0.0)
    monkeypatch.setattr(threads, "IDLE_S", 0.1)
    monkeypatch.setattr(downloads, "PACE_S", 2.0)


@pytest.mark.parametrize(
    ("operation", "kind"), CELLS, ids=lambda one: one.name.replace(" ", "-")
)
def test_cell(
    operation: Operation,
    kind: FaultKind,
    archives: dict[str, RemoteArchive],
    right_answers: dict[str, Any],
    tmp_path,
) -> None:
    archive = archives[operation.face]
    if operation.name not in right_answers:
        (tmp_path / "right").mkdir()
        # A patient one: the archive makes its index when it is first asked.
        with IDRClient(archive.url, cache=False) as client:
            answer = operation.ask(client, tmp_path / "right")
        assert not operation.told(answer)
        right_answers[operation.name] = plain(answer)
    folder = tmp_path / "cell"
    folder.mkdir()

    cell = run_cell(operation, kind, archive, folder, right_answers[operation.name])

    if FOLDER:
        write_cell(cell, Path(FOLDER))
    assert not cell.wrong
