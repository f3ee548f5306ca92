"""Each question, put to a server with each fault: never a lie, a hang or a loss."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr import threads
from napari_idr.api import client as client_module
from napari_idr.api.pixels import render_requests, sources
from support.reliability.cell import open_client, run_cell
from support.reliability.fault_kinds import FAULTS, FaultKind
from support.reliability.operations import OPERATIONS, Operation, plain
from support.reliability.remote_archive import RemoteArchive, remote_archive
from support.reliability.report import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.reliability.cell import Cell

WHOLE = bool(os.environ.get("IDR_FAULTS"))
"""Whether every cell is tried, and the table written."""

EVERY = 13
"""Of the whole matrix so many-th cells belong to the subset."""
SHIFT = 5
"""By so many faults the subset moves from a question to the next: each meets several of
them, and each fault several questions."""

CELLS = [
    (operation, kind)
    for row, operation in enumerate(OPERATIONS)
    for column, kind in enumerate(FAULTS)
    if WHOLE or (row * SHIFT + column) % EVERY == 0
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


@pytest.fixture(scope="module")
def cells() -> Iterator[list[Cell]]:
    """What became of each; the whole table is written at the end."""
    done: list[Cell] = []
    yield done
    if WHOLE and len(done) == len(CELLS):
        write_report(done)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked again after a while is asked again at once."""
    monkeypatch.setattr(client_module, "ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(render_requests, "REFUSES_FOR_S", 0.0)
    monkeypatch.setattr(sources, "GONE_FOR_S", 0.0)
    monkeypatch.setattr(threads, "IDLE_S", 0.1)


@pytest.mark.parametrize(
    ("operation", "kind"), CELLS, ids=lambda one: one.name.replace(" ", "-")
)
def test_cell(
    operation: Operation,
    kind: FaultKind,
    archives: dict[str, RemoteArchive],
    right_answers: dict[str, Any],
    cells: list[Cell],
    tmp_path,
) -> None:
    archive = archives[operation.face]
    if operation.name not in right_answers:
        (tmp_path / "right").mkdir()
        with open_client(archive.url, tmp_path / "right-cache") as client:
            answer = operation.ask(client, tmp_path / "right")
        assert not operation.told(answer)
        right_answers[operation.name] = plain(answer)
    folder = tmp_path / "cell"
    folder.mkdir()

    cell = run_cell(operation, kind, archive, folder, right_answers[operation.name])

    cells.append(cell)
    assert not cell.wrong
