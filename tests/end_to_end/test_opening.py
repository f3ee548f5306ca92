"""What the browser costs to open, counted: times depend on the machine."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QWidget

from napari_idr._qt import browser as module
from napari_idr._qt.browser import Browser

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

TIMES = 2.2
"""How often a widget is made ready on average: to be shown, and for the window's look.
Few need it once more."""

WIDGETS = 380
"""In the browser at most; each is styled."""


class Styled(QObject):
    """Counts which widgets are styled."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[QObject] = Counter()

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        kinds = (QEvent.Type.Polish, QEvent.Type.StyleChange)
        if watched is not None and event is not None and event.type() in kinds:
            self.counts[watched] += 1
        return False


def test_each_widget_is_styled_once_as_the_browser_opens(
    window: Window, classic: demo.Archive
) -> None:
    window.preset(classic.url)
    styled, app = Styled(), QApplication.instance()
    assert app is not None

    app.installEventFilter(styled)
    window.choose_from_menu("Plugins", "IDR", "Browse the IDR")
    app.removeEventFilter(styled)

    browser = window.native.findChild(Browser)
    assert browser is not None
    widgets = browser.body.findChildren(QWidget)
    assert len(widgets) <= WIDGETS
    assert sum(styled.counts[one] for one in widgets) <= TIMES * len(widgets)


@pytest.mark.parametrize("is_shown", [True, False])
def test_all_parts_are_found_at_once(window: Window, is_shown: bool) -> None:
    window.native.setVisible(is_shown)

    _, browser = window.viewer.window.add_plugin_dock_widget("napari-idr")

    assert browser.findChild(QWidget, "idr_results") is not None


class FirstPaint(QObject):
    """Notices that a browser was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Event()

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        kind = None if event is None else event.type()
        if isinstance(watched, Browser) and kind == QEvent.Type.Paint:
            self.came.set()
        return False


def test_the_server_is_asked_once_the_browser_is_painted(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, app = FirstPaint(), QApplication.instance()
    assert app is not None
    painted: list[bool] = []

    def connect(*arguments: Any, **options: Any) -> object:
        painted.append(first.came.is_set())
        return before(*arguments, **options)

    before = module.connect
    monkeypatch.setattr(module, "connect", connect)
    monkeypatch.setattr(module, "SEEN_S", 60)  # however slow the machine is
    window.preset(classic.url)

    app.installEventFilter(first)
    person = window.browse(classic.url)
    app.removeEventFilter(first)

    person.until_idle()
    assert painted
    assert all(painted)
