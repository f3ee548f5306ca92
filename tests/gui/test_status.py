"""What runs is told without a repaint for each piece of news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication

from napari_idr._qt.panels.status import StatusBar

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Paints(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint:
            self.count += 1
        return super().eventFilter(watched, event)


def test_progress_is_painted_with_the_rest_of_the_window(qtbot: QtBot) -> None:
    status = StatusBar()
    qtbot.addWidget(status)
    status.set_running("Loading …")
    status.set_progress(0, 1000, "thumbnails")
    status.show()
    qtbot.waitExposed(status)
    QApplication.processEvents()
    paints = Paints()
    status.bar.installEventFilter(paints)

    for done in range(0, 1001, 50):
        status.set_progress(done, 1000, "thumbnails")

    assert paints.count == 0
    assert status.bar.value() == 1000
    qtbot.waitUntil(lambda: paints.count > 0)
