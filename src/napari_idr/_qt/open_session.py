"""Sessions opened from outside of the browser: by scripts, napari's menus and drops."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtWidgets import QDockWidget

from napari_idr._opening import SESSION_WAIT_S
from napari_idr._qt.browser import Browser
from napari_idr._qt.layers.scene import scene_of
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError
from napari_idr.services.session_file.file import load_session
from napari_idr.services.session_file.load import missing_message
from napari_idr.services.session_file.record import SavedSession

if TYPE_CHECKING:
    import os

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr.services.session_file.load import Missing

DOCK_NAME = "Browse the IDR (IDR)"
"""As napari calls it when it is opened from the menu."""


def open_session(
    viewer: Viewer,
    session: SavedSession | str | os.PathLike[str],
    *,
    wait: bool = True,
    timeout_s: float = SESSION_WAIT_S,
) -> list[Layer]:
    """Show in a viewer what a session was saved of: see `napari_idr.open_session`."""
    notes: tuple[str, ...] = ()
    folder = None
    if not isinstance(session, SavedSession):
        path = Path(session)
        session, notes = load_session(path, cancel=NEVER)
        folder = path.absolute().parent
    browser = browser_in(viewer, session.server or None)
    files = browser.session_files
    before = {id(layer) for layer in viewer.layers}
    loop = QEventLoop()
    told: list[tuple[Missing, ...]] = []

    def on_ended(missing: tuple[Missing, ...]) -> None:
        told.append(missing)
        loop.quit()

    if wait:
        files.ended.connect(on_ended)
        browser.destroyed.connect(loop.quit)
    files.open(session, notes, folder=folder)
    if not wait:
        return []
    if not told:
        QTimer.singleShot(round(timeout_s * 1000), loop.quit)
        loop.exec()
    with suppress(RuntimeError, TypeError):  # the window was closed meanwhile
        files.ended.disconnect(on_ended)
        browser.destroyed.disconnect(loop.quit)
    if told and (sentence := missing_message(told[-1])):
        show_warning(sentence)
    return [layer for layer in viewer.layers if id(layer) not in before]


def browser_in(viewer: Viewer, address: str | None = None) -> Browser:
    """Return the browser of a viewer, in sight; a new one begins with a server."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if not hasattr(viewer, "window"):
        raise IDRError("a session is opened in a window of napari, and there is none")
    window = scene_of(viewer).window
    browser: Browser | None = window.findChild(Browser)
    if browser is None:
        browser = Browser(viewer, address=address)
    dock = browser.parent()
    if isinstance(dock, QDockWidget):
        dock.show()
        dock.raise_()
    else:
        viewer.window.add_dock_widget(browser, name=DOCK_NAME, area="right")
    return browser
