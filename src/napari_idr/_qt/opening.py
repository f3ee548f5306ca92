"""Opening of links in the window of a viewer, by its browser; napari's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info, show_warning
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QInputDialog, QLineEdit

from napari_idr._qt.browser import Browser
from napari_idr._qt.links import NOT_A_LINK, Opened
from napari_idr.errors import Cancelled
from napari_idr.services.explain import explain
from napari_idr.services.links.reading import (
    LINK_HELP,
    is_link,
    is_same_server,
    read_link,
)
from napari_idr.services.links.writing import link_of_layer, write_link

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr.services.links.records import Link

DOCK = "napari-idr", "Browse the IDR"
"""The plugin and the display name of its widget, as napari docks it."""


def browser_for(viewer: Viewer, server: str | None) -> Browser:
    """Return the browser of a viewer, in sight; one that is there if there is any.

    A browser that is on the server is preferred. A new one begins with it, so that no
    other is asked.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    window = viewer.window._qt_window
    browsers = window.findChildren(Browser)
    found: Browser | None = None
    for one in browsers:
        if server is not None and is_same_server(one.links.server, server):
            found = one
    if found is None:
        found = next((one for one in browsers if type(one) is Browser), None)
    if found is None:
        found = Browser(viewer, window, address=server)
    if type(found) is Browser:
        # It docks the one that is there, and shows a dock that was closed.
        dock, _ = viewer.window.add_plugin_dock_widget(*DOCK)
        dock.show()
        dock.raise_()
    return found


def open_in(viewer: Viewer, link: Link, *, asks: bool = True) -> Browser:
    """Let the browser of a viewer open what a link names; it doesn't wait."""
    browser = browser_for(viewer, link.server)
    browser.links.open(link, asks=asks)
    return browser


def open_pack_in(viewer: Viewer, path: Path) -> None:
    """Let the browser of a viewer show what is in a pack, soon.

    napari may be in the middle of opening: the dock comes in a turn of its own.
    """

    def show() -> None:
        _, browser = viewer.window.add_plugin_dock_widget(*DOCK)
        browser.open_pack(path)

    QTimer.singleShot(0, show)


def open_and_wait(viewer: Viewer, link: Link) -> tuple[Layer, ...]:
    """Let the browser open what a link names, and return its layers.

    The window lives on while it waits.

    Raises
    ------
    IDRError, ValueError
        It can't be opened.
    Cancelled
        A person stopped it, or closed the window.
    """
    browser = browser_for(viewer, link.server)
    loop = QEventLoop()
    outcomes: list[Opened] = []

    def end(outcome: Any = None) -> None:
        if isinstance(outcome, Opened):
            if outcome.link is not link:
                return  # of another, which has given way
            outcomes.append(outcome)
        loop.quit()

    browser.links.opened.connect(end)
    browser.destroyed.connect(end)
    browser.links.open(link, asks=False)
    if not outcomes:
        loop.exec()
    if not outcomes:
        raise Cancelled("the window was closed")
    browser.links.opened.disconnect(end)
    browser.destroyed.disconnect(end)
    if (problem := outcomes[0].problem) is not None:
        raise problem
    return browser.links.layers(outcomes[0])


# Commands of the manifest


def ask_for_link(viewer: Viewer) -> None:
    """Ask for a link and open it; one on the clipboard is offered."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    dialog = QInputDialog(viewer.window._qt_window)
    dialog.setObjectName("idr_open_link_dialog")
    dialog.setWindowTitle("Open IDR link")
    dialog.setLabelText(f"A link or an id: {LINK_HELP}.")
    dialog.setInputMode(QInputDialog.InputMode.TextInput)
    clipboard = QGuiApplication.clipboard()
    text = "" if clipboard is None else clipboard.text().strip()
    if is_link(text):
        dialog.setTextValue(text)
    field = dialog.findChild(QLineEdit)
    if field is not None:
        field.setObjectName("idr_open_link")
        field.setAccessibleName("Link or id")
        field.setMinimumWidth(360)

    def open_text(text: str) -> None:
        try:
            link = read_link(text, numbers=True)
        except ValueError as error:
            show_warning(explain(error, host=""))
            return
        if link is None:
            show_warning(NOT_A_LINK)
        else:
            open_in(viewer, link)

    dialog.textValueSelected.connect(open_text)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def copy_layer_links(viewer: Viewer) -> None:
    """Copy the links of the images and plates that the selected layers are of."""
    layers = viewer.layers
    those = [layer for layer in layers if layer in layers.selection]
    found = (link_of_layer(layer.metadata) for layer in those)
    links = dict.fromkeys(write_link(*one) for one in found if one is not None)
    clipboard = QGuiApplication.clipboard()
    if links and clipboard is not None:
        clipboard.setText("\n".join(links))
        show_info(f"Copied: {next(iter(links))}")
    else:
        show_info("None of the selected layers is of the IDR.")
