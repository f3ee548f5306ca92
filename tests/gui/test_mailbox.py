"""Threads that tell their news while a window is closed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_idr._qt.mailbox import Mailbox
from napari_idr._qt.task_slot import TaskSlot, Workers
from support.guards import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr.cancel import CancelToken

ROUNDS = 60
"""A signal that a thread emits while its object is deleted crashed within a few."""


def chatter(*, cancel: CancelToken) -> Iterator[int]:
    while True:
        yield 1
        cancel.sleep(0.0002)


def test_an_owner_is_deleted_while_its_jobs_have_news(
    guards: None, qtbot: QtBot
) -> None:
    heard: list[object] = []
    for _ in range(ROUNDS):
        owner, workers = QObject(), Workers()
        for slot in (TaskSlot(workers, owner), TaskSlot(workers, owner)):
            slot.stepped.connect(heard.append)
            slot.submit(chatter)
        qtbot.wait(4)
        owner.deleteLater()
        settle()
        so_far = len(heard)
        time.sleep(0.001)
        settle()
        assert len(heard) == so_far
        workers.close()
    assert heard


def test_a_closed_mailbox_reads_nothing(qtbot: QtBot) -> None:
    read: list[str] = []
    box = Mailbox(read.append)

    box.send("first")
    qtbot.waitUntil(lambda: read == ["first"])
    box.send("late")
    box.close()
    box.send("later")
    settle()

    assert read == ["first"]
