"""Sessions of a browser that are saved, as a file or as a script in Python."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog

from napari_idr._qt.layers.saved import (
    image_parts,
    mosaic_parts,
    saved_layers,
    saved_view,
    strip_parts,
)
from napari_idr._qt.wells.dock import WellsDock
from napari_idr._version import __version__
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.search.catalog import counted
from napari_idr.services.session_file.collect import (
    Collector,
    saved_look,
    saved_search,
)
from napari_idr.services.session_file.file import ENDING, save_session
from napari_idr.services.session_file.record import SavedImage, SavedSession
from napari_idr.services.session_file.script import script

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels

FILES = f"Sessions (*{ENDING});;All files (*)"


class SessionSaver(QObject):
    """Makes a record of what is shown, and writes it down or copies it as a script."""

    def __init__(
        self,
        panels: Panels,
        finder: Finder,
        jobs: Jobs,
        scene: ViewerScene,
        viewer: Viewer,
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._finder = finder
        self._scene = scene
        self._viewer: Viewer = getattr(viewer, "__wrapped__", viewer)
        self._state = BrowserState()
        self._slot: JobSlot[None, Path] = jobs.slot(self._on_saved)
        panels.all_shown.saveWanted.connect(self._ask_where_to_save)
        panels.all_shown.scriptWanted.connect(self.copy_script)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state

    def collect(self) -> SavedSession:
        """Return all that is shown of archives as a record."""
        viewer, scene, collector = self._viewer, self._scene, Collector()
        dock: WellsDock | None = scene.window.findChild(WellsDock)
        mosaics = []
        for shown in scene.plates.all_shown:
            look = None
            if dock is not None:
                look = saved_look(dock.look_of(shown.key), dock.own_files)
            one = collector.mosaic(
                shown,
                look=look,
                selected=scene.plates.chosen_on(shown.key),
                layers=saved_layers(viewer, mosaic_parts(scene, shown.key)),
            )
            mosaics += [] if one is None else [one]
        strips = []
        for number in scene.strips.numbers:
            compared = scene.strips.comparison(number)
            if compared is not None:
                layers = saved_layers(viewer, strip_parts(scene, number))
                strips.append(collector.strip(compared.plan.wish, layers))
        images = [
            SavedImage(
                image=collector.ref(shown.opened.details.request),
                regions=any(one in viewer.layers for one in shown.regions),
                projection=any(one in viewer.layers for one in shown.projections),
                layers=saved_layers(viewer, image_parts(shown)),
            )
            for shown in scene.images.all_shown
        ]
        session, active = self._state.session, viewer.layers.selection.active
        return SavedSession(
            server="" if session is None else session.url,
            search=saved_search(self._finder.asker.query),
            studies=collector.studies,
            mosaics=tuple(mosaics),
            strips=tuple(strips),
            images=tuple(images),
            view=saved_view(viewer),
            active=None if active is None else viewer.layers.index(active),
            wells=dock is not None and dock.isVisible(),
            plugin_version=__version__,
            saved_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def _ask_where_to_save(self) -> None:
        session = self.collect()
        if session.is_empty and session.search is None:
            self._panels.status.say(
                "There is nothing to save yet: show a plate or an image first."
            )
            return
        dialog = QFileDialog(self._panels, "Save session", _file_name(session), FILES)
        dialog.setObjectName("idr_save_session_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(self.save)
        open_dialog(dialog)

    def save(self, path: str | Path) -> None:
        """Write what is shown into a file."""
        path = Path(path)
        self._slot.start(f"Writing {path.name} …", save_session, path, self.collect())

    def _on_saved(self, path: Path) -> None:
        own = {id(layer) for layer in self._own_layers()}
        others = [one for one in self._viewer.layers if id(one) not in own]
        note = ""
        if others:
            layers = counted(len(others), "layer", "layers")
            note = f" Without {layers} that no archive has."
        self._panels.status.say(f"Saved: {path}.{note}")

    def _own_layers(self) -> list[Layer]:
        scene = self._scene
        parts = [
            *(mosaic_parts(scene, one.key) for one in scene.plates.all_shown),
            *(image_parts(one) for one in scene.images.all_shown),
        ]
        return [*(layer for one in parts for _, _, layer in one), *scene.strips.layers]

    def copy_script(self) -> None:
        """Copy a script that shows the same again."""
        session = self.collect()
        if session.is_empty:
            self._panels.status.say(
                "There is nothing to copy yet: show a plate or an image first."
            )
            return
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(script(session))
            self._panels.status.say("Copied: a Python script that shows this again.")


def _file_name(session: SavedSession) -> str:
    """Return a name for the file of a session: what was searched, or is shown."""
    told = "session"
    if session.images:
        image = session.images[-1].image
        told = image.well_label or image.name or told
    if session.mosaics:
        first = session.mosaics[0]
        told = first.name if first.kind == "plate" else first.title
    if session.search is not None and session.search.value:
        told = session.search.value
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in told)[:60]
    return f"{name or 'session'}{ENDING}"


def open_dialog(dialog: QFileDialog) -> None:
    """Show a dialog and go on; it goes when it is closed."""
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
