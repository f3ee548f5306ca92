"""What the browsers of a viewer show in it, and what people do with it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtWidgets import QApplication, QWidget

from napari_idr._qt.layers.adding import LayersComing, TurnQueue, add_no_more
from napari_idr._qt.layers.aside import LayersAside
from napari_idr._qt.layers.far import FarLayers
from napari_idr._qt.layers.framing import Framing
from napari_idr._qt.layers.freeing import MemoryReturn, OwnContext, keep_little_memory
from napari_idr._qt.layers.images import ImageLayers
from napari_idr._qt.layers.plates import MosaicLayers
from napari_idr._qt.layers.refresher import LayerRefresher
from napari_idr._qt.layers.strips import StripLayers
from napari_idr._qt.layers.units import SceneUnits
from napari_idr._qt.layers.walking import WellWalker
from napari_idr._qt.layers.well_colors import WellColors
from napari_idr._qt.layers.well_status import set_status
from napari_idr._qt.settings import view_defaults
from napari_idr.services.details import ImageRequest
from napari_idr.services.image.open import OpenedImage
from napari_idr.services.mosaic import MosaicShown
from napari_idr.services.plate.view import PlateShown
from napari_idr.threads import call_later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr.model import GridCell, ImageId
    from napari_idr.services.compare.load import CompareShown
    from napari_idr.services.details import (
        MosaicKey,
        PlateDetails,
        Subject,
    )
    from napari_idr.services.mosaic import CellId
    from napari_idr.services.plate.mosaic import MosaicSummary
    from napari_idr.services.session import Session
    from napari_idr.tiles import TileViewing

LOOKING = "pan_zoom"
"""The mode of a layer with which a person looks round; with all others they draw."""


def scene_of(viewer: Viewer) -> ViewerScene:
    """Return the scene of a viewer, made when first asked for.

    It belongs to the window, not to a browser: what is shown stays whole when the
    browser's dock widget is closed, and a browser opened later finds it.
    """
    # Plugins are given a proxy of the viewer, and napari has no public way to hear
    # of the end of its window.
    viewer = getattr(viewer, "__wrapped__", viewer)
    window = viewer.window._qt_window
    scene: ViewerScene | None = window.findChild(ViewerScene)
    if scene is None:
        scene = ViewerScene(viewer, window)
        window.installEventFilter(scene)
        window.destroyed.connect(scene.close)
    return scene


class ViewerScene(QObject):
    """Shows plates and images in a viewer; touches only layers of its own."""

    wellClicked = Signal(object, object)  # MosaicShown, GridCell
    wellActivated = Signal(object, object)
    imageClicked = Signal(object)  # ImageRequest: of an image in a strip
    imageActivated = Signal(object)
    compareWanted = Signal()  # of what is selected
    windowClosed = Signal()  # for good; Qt deletes it a little later
    activeChanged = Signal()  # another layer is the one that one works with
    removed = Signal()  # layers were: what was told of them may be of nothing now

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._own_context, self._far = OwnContext(viewer), FarLayers(viewer)
        framing = self._framing = Framing(viewer)
        self.refresher = LayerRefresher(viewer, self, is_ours=lambda: framing.is_moving)
        self._units = SceneUnits(viewer)
        turns = TurnQueue(self)
        self.coming = LayersComing(turns, self)
        self.plates = MosaicLayers(
            viewer, self.refresher, self._units, self._framing, turns, self
        )
        self.images = ImageLayers(viewer, self.refresher, self._units, self.coming)
        self.strips = StripLayers(
            viewer,
            self.refresher,
            self._units,
            self.coming,
            self._framing,
            lambda: self.images.bottom,
            self,
        )
        self.colors = WellColors(viewer, self.plates, self._units, self)
        self.walker = WellWalker(viewer, self.plates, self.plate_of, self)
        self.walker.opened.connect(self.wellActivated)
        self.walker.rested.connect(self.wellClicked)
        self.walker.compareWanted.connect(self.compareWanted)
        # A click is told from the first half of a double click by waiting for it.
        self._click = QTimer(self)
        self._click.setSingleShot(True)
        self._click.setInterval(QApplication.doubleClickInterval())
        self._click.timeout.connect(self._on_clicked)
        self._clicked: tuple[Any, Any] | ImageRequest | None = None
        self._gone = QTimer(self)
        self._gone.setSingleShot(True)
        self._gone.timeout.connect(self._on_gone)
        keep_little_memory()
        self._memory = MemoryReturn(self)
        self._closing = False
        self.aside = LayersAside(viewer, self, turns)
        self._sessions: list[Session] = []
        self._servers: dict[int, str] = {}
        viewer.mouse_double_click_callbacks.insert(0, self._on_double_click)
        viewer.mouse_drag_callbacks.append(self._on_press)
        viewer.layers.events.removed.connect(self._on_layers_removed)
        viewer.layers.selection.events.active.connect(self._on_active)

    @property
    def window(self) -> QWidget:
        """The window of the viewer."""
        window = self.parent()
        assert isinstance(window, QWidget)
        return window

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Notice that the window is closed: it hides after it was told to close.

        A window that asks whether to close may stay; a script may hide one for a while.
        """
        kind = None if event is None else event.type()
        if kind == QEvent.Type.Close:
            self._closing = True
        elif kind == QEvent.Type.Show:
            self._closing = False
        elif kind == QEvent.Type.Hide and self._closing:
            add_no_more(self._viewer)
            self.windowClosed.emit()
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """Let go of the viewer and end the pixel threads; touches nothing of Qt's."""
        self._viewer.mouse_double_click_callbacks.remove(self._on_double_click)
        self._viewer.mouse_drag_callbacks.remove(self._on_press)
        self._viewer.layers.events.removed.disconnect(self._on_layers_removed)
        self._viewer.layers.selection.events.active.disconnect(self._on_active)
        self._own_context.close()
        self._far.close()
        self.aside.close()
        self.colors.close()
        self.walker.close()
        self.strips.close()
        self.images.close()
        self.plates.close()
        self._framing.close()
        self._units.close()
        self.refresher.close()
        for session in self._sessions:
            session.close()
        self._sessions.clear()

    # Sessions: what is shown still reads by that of a server which a browser has left.

    def keep(self, session: Session) -> None:
        """Close a session when no browser and no layer needs it any more."""
        self._sessions.append(session)

    @property
    def session_count(self) -> int:
        """How many sessions are open."""
        return len(self._sessions)

    def _on_layers_removed(self, _: Any = None) -> None:
        # Once all who hear of the removal have.
        self._gone.start()
        self.give_back_soon()

    def give_back_soon(self) -> None:
        """Give memory back to the system once nothing has come or gone for a while."""
        self._memory.start()

    def _on_gone(self) -> None:
        self._close_unused()
        self.removed.emit()

    def _close_unused(self) -> None:
        """Close the sessions of servers that nobody is on and nothing is shown of.

        Of two for one server the older is of use to layers alone; it holds nothing
        open but while they read.
        """
        shown = self.plates.servers | self.refresher.servers
        visited = set(self._servers.values())
        newest = {session.url: session for session in self._sessions}
        for session in tuple(self._sessions):
            is_current = session.url in visited and newest[session.url] is session
            if session.url not in shown and not is_current:
                self._sessions.remove(session)
                call_later(0.0, session.close)
            elif not is_current:
                call_later(0.0, session.rest)

    def session(self, server: str) -> Session | None:
        """Return what asks the server that something shown comes from."""
        found = (one for one in reversed(self._sessions) if one.url == server)
        return next(found, None)

    def session_of(self, shown: MosaicShown) -> Session | None:
        """Return what asks where a mosaic came from: packs of one server differ."""
        newest = self.session(shown.server)
        made = next((one for one in self._sessions if one.has_made(shown)), None)
        if newest is None or made is None or made.is_same_as(newest):
            return newest
        return made

    def session_for(self, request: ImageRequest) -> Session | None:
        """Return what asks for an image: what its mosaic came from, if that is here."""
        cell = request.cell
        shown = None if cell is None else self.shown(cell[0])
        if shown is None:
            return self.session(request.server)
        return self.session_of(shown)

    def server_of(self, url: str) -> str | None:
        """Return the server that an address is of, None if it is of none."""
        found = (one.url for one in self._sessions if url.startswith(one.url))
        return next(found, None)

    # Several browsers may share a viewer, and one of them answers a click.

    def set_server(self, browser: QObject, server: str) -> None:
        """Let a browser answer clicks, first of all on the plates of its server."""
        self._servers.pop(id(browser), None)  # it goes to the end
        self._servers[id(browser)] = server
        self._close_unused()

    def remove_browser(self, browser_id: int) -> None:
        """Let a browser that is closed answer no more."""
        self._servers.pop(browser_id, None)
        self._close_unused()

    def is_answered_by(self, browser: QObject, server: str) -> bool:
        """Whether a browser is the one to answer a click on a plate of a server."""
        those = [one for one, of in self._servers.items() if of == server]
        return id(browser) in (those or list(self._servers))[-1:]

    # Plates

    def show_mosaic(self, shown: MosaicShown, *, look: bool = True) -> None:
        """Show a plate or a gallery, its canvas still blank; see `MosaicLayers`."""
        self.plates.show(shown, look=look)

    def paint(self, plate: MosaicKey) -> None:
        """Show what has been painted since."""
        self.plates.repaint(plate)

    def finish_mosaic(self, plate: MosaicKey, summary: MosaicSummary) -> None:
        """Show a mosaic whose load is over."""
        self.plates.finish(plate, summary)

    def legend(self, plate: MosaicKey) -> str:
        """Say what the marks on a plate mean."""
        shown = self.plates.shown(plate)
        return "" if shown is None else shown.legend

    def is_complete(self, plate: MosaicKey, run: object, field: int) -> bool:
        """Whether a plate is shown at this field, with nothing missing."""
        shown = self.plates.shown(plate)
        return isinstance(shown, PlateShown) and shown.is_complete(run, field)

    def go_to_mosaic(self, plate: MosaicKey) -> None:
        """Make a plate or a gallery visible and move the camera to it."""
        self.plates.bring_back(plate)

    def shown(self, plate: MosaicKey) -> MosaicShown | None:
        """Return what is shown of a plate, None if it isn't."""
        return self.plates.shown(plate)

    @property
    def plates_shown(self) -> tuple[PlateShown, ...]:
        """The plates that are in the viewer, without the galleries."""
        shown = self.plates.all_shown
        return tuple(one for one in shown if isinstance(one, PlateShown))

    def shows(self, plate: MosaicKey) -> bool:
        """Whether a plate is in the viewer."""
        return self.plates.shown(plate) is not None

    def mark_hits(self, details: PlateDetails) -> None:
        """Mark the wells of a plate that is shown by what is known of it now."""
        shown = self.plates.shown(details.key)
        if isinstance(shown, PlateShown) and shown.details is not details:
            self.plates.mark(shown.with_details(details))

    def plate_of(self, layer: Layer | None) -> MosaicKey | None:
        """Return the plate that a layer is of, None if it is of none that is shown."""
        return self.plates.key_of(layer) or self.colors.key_of(layer)

    def select_well(self, plate: MosaicKey | None, well: CellId | None) -> None:
        """Mark the well that is selected, on its plate if that is shown."""
        self.plates.select(plate, well)

    def select_image(self, server: str, image: ImageId | None) -> None:
        """Mark the image that is selected where it lies in a strip; None for none."""
        self.strips.select(server, image)

    @property
    def subjects(self) -> frozenset[Subject]:
        """The mosaics and images that are in the viewer, or about to be."""
        plates = (one.subject for one in self.plates.all_shown)
        return self.images.subjects.union(plates, self.strips.subjects)

    # Images

    def add_image(
        self, opened: OpenedImage, on_end: Callable[[str | None], None]
    ) -> None:
        """Put an image into the viewer, in front of the images opened before.

        Its layers come one by one; at last `on_end` is told why that failed, as a
        sentence, or None.
        """
        if (size := opened.image.pixel_size_x_um) is not None:
            self.plates.calibrate(size * opened.image.size_x, opened.plate)

        def look() -> None:
            if view_defaults().scale_bar:
                self._viewer.scale_bar.visible = True
            self.strips.make_room()
            self._follow_status(opened)
            self.look_at(self.images.layers(opened))

        self.images.add(opened, look, on_end)

    def go_to_image(self, image: ImageId, server: str) -> OpenedImage | None:
        """Bring an image that is open to front; return it, None if it isn't open."""
        opened = self.images.bring_back(image, server)
        if opened is not None:
            self._follow_status(opened)
            self.look_at(self.images.layers(opened))
        return opened

    # Images side by side

    def show_strip(
        self, shown: CompareShown, on_end: Callable[[str | None], None]
    ) -> None:
        """Show images side by side, their pixels on their way.

        At last `on_end` is told why that failed, as a sentence, or None.
        """
        for cell in shown.plan.cells:
            plate, size = cell.wish.request.plate, cell.image.pixel_size_x_um
            if plate is not None and size is not None:
                key = cell.wish.request.server, plate.id
                self.plates.calibrate(size * cell.image.size_x, key)
        self.strips.show(shown, on_end)

    def _on_active(self, _: Any = None) -> None:
        self.activeChanged.emit()

    @property
    def active(self) -> Layer | None:
        """The layer that one works with."""
        return self._viewer.layers.selection.active

    @property
    def selected_images(self) -> tuple[ImageRequest, ...]:
        """The images that are selected, in the cells of any mosaic and in strips.

        The well of an image of a strip is marked on its plate as well, at whichever
        field that is shown; it is no other image that was selected.
        """
        in_strips = self.strips.selected
        wells = {(one.server, one.ref.well_id) for one in in_strips if one.ref.well_id}
        in_mosaics = (
            shown.image_request(cell)
            for shown in self.plates.all_shown
            for one in self.plates.chosen_on(shown.key)
            if (place := shown.place_of(one)) is not None
            and (cell := shown.plan.grid.cells[place[0]][place[1]]) is not None
        )
        others = (o for o in in_mosaics if (o.server, o.ref.well_id) not in wells)
        return *others, *in_strips

    def _follow_status(self, opened: OpenedImage) -> None:
        """Let the status name the well under the pointer, if an image is active."""
        for layer in self.images.layers(opened):
            set_status(layer, self.plates.message_at)

    def look_at(self, layers: tuple[Layer, ...]) -> None:
        """Move the camera so that layers fill the canvas."""
        if not layers:
            return
        corners = np.array([layer.extent.world[:, -2:] for layer in layers])
        box = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
        self._framing.fit(lambda: box)

    # The mouse

    def _on_double_click(self, viewer: Viewer, event: Any) -> None:
        """Open the image of the well under the pointer; napari's zoom is undone.

        It is opened once that has happened: napari runs the event loop while it makes a
        bar for what runs, and an image may be there before this would return.
        """
        found = self._cell_at(event.position)
        request = self._image_at(event.position)
        if found is None and request is None:
            return
        self._take_click_back()
        camera = viewer.scene.camera
        zoom, center = camera.zoom, camera.center

        def undo_and_open() -> None:
            camera.zoom, camera.center = zoom, center
            if found is not None:
                self.wellActivated.emit(*found)
            else:
                self.imageActivated.emit(request)

        QTimer.singleShot(0, undo_and_open)

    def _on_press(self, viewer: Viewer, event: Any) -> Iterator[None]:
        """Tell a click on a well, or an image of a strip, from a drag's beginning."""
        self._take_click_back()
        found = self._cell_at(event.position) or self._image_at(event.position)
        if found is None or event.button != 1:
            return
        if isinstance(found, ImageRequest):
            self.strips.activate(found)
        else:
            self.plates.activate(found[0].key)
        yield
        while event.type == "mouse_move":
            return
        if "Shift" not in event.modifiers:
            self._clicked = found
            self._click.start()
        elif isinstance(found, ImageRequest):
            self.strips.toggle(found)
        else:
            shown, cell = found
            self.plates.toggle(shown.key, shown.id_of(cell))

    def _cell_at(self, position: Any) -> tuple[MosaicShown, GridCell] | None:
        """Return the plate and the cell at a position, unless somebody draws there."""
        return None if self._is_drawing else self.plates.cell_at(position)

    def _image_at(self, position: Any) -> ImageRequest | None:
        """Return the image of a strip at a position, unless somebody draws there."""
        return None if self._is_drawing else self.strips.request_at(position)

    @property
    def _is_drawing(self) -> bool:
        """Whether somebody draws on the active layer."""
        active = self._viewer.layers.selection.active
        return active is not None and active.mode != LOOKING

    def _on_clicked(self) -> None:
        clicked, self._clicked = self._clicked, None  # nothing is kept for it
        if isinstance(clicked, ImageRequest):
            self.plates.choose_none()
            self.strips.choose(clicked)
            self.imageClicked.emit(clicked)
        elif clicked is not None:
            self.wellClicked.emit(*clicked)

    def _take_click_back(self) -> None:
        self._click.stop()
        self._clicked = None

    @property
    def viewing(self) -> TileViewing:
        """The memory and the threads that serve the arrays of all images."""
        return self.refresher.viewing
