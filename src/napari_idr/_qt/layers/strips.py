"""Layers of images side by side: a strip for each comparison, with captions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from napari.utils.theme import get_theme
from qtpy.QtCore import QObject, QTimer, Signal
from superqt.utils import qdebounced

from napari_idr._qt.jobs import QueuedSignal
from napari_idr._qt.layers.adding import add_layer, make_active, remove_layers
from napari_idr._qt.layers.framing import Box, Framing
from napari_idr._qt.layers.ground import Ground
from napari_idr._qt.layers.sight import is_upright
from napari_idr._qt.layers.strip_group import StripGroup, has_pixels
from napari_idr._qt.layers.well_status import set_status
from napari_idr.model import PixelSource
from napari_idr.services.compare.load import CellNews
from napari_idr.services.compare.plan import clear
from napari_idr.services.compare.wish import title_apart
from napari_idr.services.details import Subject
from napari_idr.services.image.metadata import idr_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from napari.viewer import Viewer

    from napari_idr._qt.layers.adding import LayersComing
    from napari_idr._qt.layers.refresher import LayerRefresher
    from napari_idr._qt.layers.units import SceneUnits
    from napari_idr.errors import IDRError
    from napari_idr.model import ImageId
    from napari_idr.services.compare.load import Compared, CompareShown
    from napari_idr.services.details import ImageRequest

    ServerImage = tuple[str, ImageId]

FOLLOW_MS = 80
"""Captions follow when the camera has rested for so long, as headings do."""


class StripLayers(QObject):
    """The layers of all comparisons in a viewer. Touches no other layers."""

    gone = Signal(int)  # the number of a comparison that a person has taken out
    changed = Signal()
    imagesSelected = Signal()  # others are

    def __init__(
        self,
        viewer: Viewer,
        refresher: LayerRefresher,
        units: SceneUnits,
        coming: LayersComing,
        framing: Framing,
        top: Callable[[], float | None],
        parent: QObject | None = None,
    ) -> None:
        """Make none yet; `top` tells where the images above end, None for no images."""
        super().__init__(parent)
        self._viewer = viewer
        self._refresher = refresher
        self._units = units
        self._coming = coming
        self._framing = framing
        self._ground = Ground(viewer)
        self._top = top
        self._strips: dict[int, StripGroup] = {}
        # Images of servers, the newest last; they are framed wherever they lie.
        self._selected: tuple[ServerImage, ...] = ()
        self._aside: dict[int, StripGroup] = {}
        self._news = QueuedSignal(self._on_news)
        # Takes what has become known of an image, from any thread.
        self.tell: Callable[[CellNews], None] = self._news.emit
        self.destroyed.connect(self._news.close)
        self._follow = qdebounced(self._write, timeout=FOLLOW_MS)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)
        viewer.canvas.events.size.connect(self._on_zoom)
        viewer.dims.events.order.connect(self._on_zoom)
        viewer.dims.events.ndisplay.connect(self._on_zoom)
        viewer.events.theme.connect(self._on_theme)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The comparisons that are in the viewer, the oldest first."""
        return tuple(self._strips)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of all comparisons, the frames of what is selected included."""
        return tuple(one for strip in self._strips.values() for one in strip.all_layers)

    def comparison(self, number: int) -> CompareShown | None:
        """Return what a strip shows, None if it's gone."""
        strip = self._strips.get(number)
        return None if strip is None else strip.shown

    def layers_of(self, number: int) -> tuple[Layer, ...]:
        """Return thumbnails, channels and captions of a comparison, () if it's gone."""
        strip = self._strips.get(number)
        return () if strip is None else strip.layers

    def title_of(self, number: int) -> str:
        """Return what a comparison is called, "" if it's gone."""
        strip = self._strips.get(number)
        return "" if strip is None else strip.title

    def sources_of(
        self, number: int
    ) -> Mapping[ImageId, PixelSource | IDRError] | None:
        """Return where the pixels of a comparison come from, None until it's whole."""
        strip = self._strips.get(number)
        return None if strip is None or strip.compared is None else strip.sources

    def look_of(
        self, number: int
    ) -> tuple[CompareShown, dict[ImageId, PixelSource | IDRError], list[Layer]] | None:
        """Return a comparison, where its pixels come from, and its channels."""
        strip = self._strips.get(number)
        if strip is None:
            return None
        return strip.shown, dict(strip.sources), list(strip.channels)

    def show(self, shown: CompareShown, on_end: Callable[[str | None], None]) -> None:
        """Show a comparison whose pixels are on their way, in place of an earlier try.

        At last `on_end` is told why that failed, as a sentence, or None.
        """
        before = self._strips.pop(shown.number, None)
        taken = {one.title for one in self._strips.values()}
        title = title_apart(shown.plan.title, shown.plan.wish, taken)
        strip = StripGroup(shown, title, _metadata(shown))
        strip.seen_before = self._view() if before is None else before.seen_before
        strip.color(get_theme(self._viewer.theme).text.as_hex())
        self._strips[shown.number] = strip
        self._place_all()
        self._caption(strip)
        for layer in strip.layers:
            set_status(layer, self.message_at)
        for layer in strip.all_layers:
            self._units.set(layer, layer.units)

        is_begun = False

        def put(layer: Layer) -> str | None:
            nonlocal is_begun
            if layer is strip.below and strip.is_bare:
                return None  # all pixels came sooner
            problem = self._put(strip, layer)
            if not is_begun:
                is_begun = True
                # Added first, removed after: an emptied canvas that is filled in the
                # same turn of the event loop crashes in OpenGL.
                if before is not None:
                    remove_layers(self._viewer, before.all_layers)
                self.look_at(shown.number)
            return problem

        def end(problem: str | None) -> None:
            if self._is_there(strip):
                if problem is None:
                    self._mark()
                else:
                    self._end(shown.number)
            on_end(problem)

        puts = [partial(put, one) for one in (strip.below, strip.captions)]
        self._coming.add(id(strip), f"Showing {title} …", puts, end)
        self.changed.emit()

    def _view(self) -> Callable[[], None]:
        """Return what brings back the camera and the active layer as they are now."""
        camera, active = self._viewer.scene.camera, self._viewer.layers.selection.active
        center, zoom = camera.center, camera.zoom

        def bring_back() -> None:
            camera.center, camera.zoom = center, zoom
            if active is not None:
                make_active(self._viewer, active)

        return bring_back

    def repaint(self, number: int) -> None:
        """Show what has been painted into the canvas since."""
        if (strip := self._strips.get(number)) is not None:
            strip.below.refresh(highlight=False, extent=False)

    def add(self, compared: Compared, on_end: Callable[[str | None], None]) -> None:
        """Lay the channels over the thumbnails, one by one.

        At last `on_end` is told why that failed, as a sentence, or None.
        """
        strip = self._strips.get(compared.number)
        if strip is None:
            compared.close()  # it was removed in the meantime
            on_end(None)
            return
        tiled = compared.mosaic.image
        plan = compared.mosaic.plan
        # A layer reads where the sliders are said to be as soon as it is made.
        tiled.set_current(plan.default_t, plan.default_z)
        strip.compared = compared
        strip.sources |= compared.sources
        strip.channels = [
            Layer.create(*spec.as_layer_data()) for spec in compared.specs
        ]
        for layer in strip.channels:
            layer.name = strip.title.join(layer.name.rsplit(strip.shown.plan.title, 1))
        if not strip.channels:
            compared.close()  # there are only thumbnails
        strip.place(strip.origin)
        for c, layer in enumerate(strip.channels):
            self._units.set(layer, layer.units)
            self._refresher.watch(
                layer,
                tiled,
                c,
                server=compared.shown.plan.wish.server,
                close=compared.close,
            )

        def end(problem: str | None) -> None:
            if problem is not None and self._is_there(strip):
                self._end(compared.number)
            if self._is_there(strip):
                self._lift(strip.frame)
                self._lift(strip.captions)
                make_active(self._viewer, (*strip.channels, strip.below)[0])
                self._caption(strip)
                self.changed.emit()
            else:
                self._refresher.unwatch(*strip.channels)
            on_end(problem)

        puts = [partial(self._put, strip, layer) for layer in strip.channels]
        self._coming.add(id(strip), f"Showing {strip.title} …", puts, end)

    def _put(self, strip: StripGroup, layer: Layer) -> str | None:
        """Put a layer of a comparison in, unless that was taken out."""
        if not self._is_there(strip):
            return None
        return add_layer(self._viewer, layer, activate=layer is strip.below)

    def _is_there(self, strip: StripGroup) -> bool:
        """Whether a comparison is one of those that are shown."""
        return any(one is strip for one in self._strips.values())

    def _lift(self, layer: Layer) -> None:
        """Put a layer on top of all others."""
        layers = self._viewer.layers
        if layer in layers:
            layers.move(layers.index(layer), len(layers))

    def put_aside(self) -> None:
        """Show no comparison any more; those that are whole are kept."""
        strips, self._strips = self._strips, {}
        self._aside = {number: one for number, one in strips.items() if one.compared}
        for number in strips:
            self.gone.emit(number)
        if strips:
            self.changed.emit()

    def put_back(self) -> None:
        """Show again what was put aside; its layers have come."""
        if self._aside:
            self._strips = {**self._aside, **self._strips}
            self._aside = {}
            self._place_all()
            self.changed.emit()

    def drop_aside(self) -> None:
        """Let go of the comparisons that were put aside."""
        self._aside.clear()

    def make_room(self) -> None:
        """Put the strips below the images, which may be larger now."""
        self._place_all()

    def _place_all(self) -> None:
        y = self._top()
        for strip in self._strips.values():
            y = 0.0 if y is None else y + strip.room_above
            if strip.origin != (y, 0.0):
                strip.place((y, 0.0))
            y = strip.bottom

    def look_at(self, number: int) -> None:
        """Move the camera so that a strip fills the canvas."""
        self._framing.fit(partial(self._box, number))

    def _box(self, number: int) -> Box | None:
        strip = self._strips.get(number)
        return None if strip is None else strip.box

    def message_at(self, position: Sequence[float] | None) -> str:
        """Say which image of which strip lies at a position in the world, "" for none.

        napari asks from a thread.
        """
        if position is None:
            return ""
        strips = tuple(self._strips.values())
        return next(filter(None, (one.message_at(position) for one in strips)), "")

    def request_at(self, position: Sequence[float]) -> ImageRequest | None:
        """Return how to ask for the image at a position in the world, None for none."""
        for strip in self._strips.values():
            if any(layer.visible for layer in strip.layers):
                request = strip.request_at(position)
                if request is not None:
                    return request
        return None

    # What is selected

    def select(self, server: str, image: ImageId | None) -> None:
        """Frame an image where it lies in a strip, and no other; None for none.

        Several that were selected stay, if it is one of them, or none.
        """
        if image is None:
            self._set_selected(self._selected if len(self._selected) > 1 else ())
        elif (server, image) not in self._selected:
            self._set_selected(((server, image),))

    def choose(self, request: ImageRequest) -> None:
        """Frame an image, and no other."""
        self._set_selected(((request.server, request.ref.image_id),))

    def toggle(self, request: ImageRequest) -> None:
        """Select an image beside those that are; or no longer."""
        which = request.server, request.ref.image_id
        others = tuple(one for one in self._selected if one != which)
        self._set_selected(others if which in self._selected else (*others, which))

    def activate(self, request: ImageRequest) -> None:
        """Make a layer of the strip of an image the active one.

        A layer of a person's own stays active: they are working on it.
        """
        which = request.server, request.ref.image_id
        active = self._viewer.layers.selection.active
        for strip in self._strips.values():
            shown = [one for one in strip.layers if one in self._viewer.layers]
            if not strip.has(*which) or active in shown or not shown:
                continue
            if active is None or "idr" in active.metadata:
                channels = (one for one in strip.channels if one in shown)
                make_active(self._viewer, next(channels, shown[0]))
            return

    @property
    def selected(self) -> tuple[ImageRequest, ...]:
        """How to ask for the images that are selected and in a strip."""
        found: dict[ServerImage, ImageRequest] = {}
        for strip in self._strips.values():
            for cell in strip.shown.plan.cells:
                request = cell.wish.request
                found.setdefault((request.server, cell.image_id), request)
        return tuple(found[one] for one in self._selected if one in found)

    @property
    def subjects(self) -> frozenset[Subject]:
        """The comparisons and the images in them, as what is in the viewer."""
        images = (
            Subject(kind="image", server=strip.shown.plan.wish.server, id=one.image_id)
            for strip in self._strips.values()
            for one in strip.shown.plan.cells
        )
        return frozenset(images).union(*map(self.subjects_of, self._strips))

    def subjects_of(self, number: int) -> frozenset[Subject]:
        """Return a comparison as something that is in the viewer, none if it's gone."""
        if (strip := self._strips.get(number)) is None:
            return frozenset()
        server = strip.shown.plan.wish.server
        return frozenset({Subject(kind="comparison", server=server, id=number)})

    def _set_selected(self, images: tuple[ServerImage, ...]) -> None:
        if images != self._selected:
            self._selected = images
            self._mark()
            self.imagesSelected.emit()

    def _mark(self) -> None:
        """Frame what is selected; where that is nothing there is no frame."""
        layers, zoom = self._viewer.layers, self._viewer.scene.camera.zoom
        for strip in self._strips.values():
            images = {one[1] for one in self._selected if strip.has(*one)}
            strip.mark(images, zoom)
            if not images:
                remove_layers(self._viewer, [strip.frame])
            elif strip.frame not in layers:
                # A person may be at work on another.
                add_layer(self._viewer, strip.frame, activate=False)
                self._lift(strip.captions)

    def _on_news(self, news: CellNews) -> None:
        """Take away the thumbnail of an image whose pixels came; say if none do."""
        number = news.shown.number
        strip = self._strips.get(number)
        known = news.source or news.error
        # Asked again, a comparison is shown as it was until it has come.
        if strip is None or strip.shown is not news.shown or known is None:
            return
        strip.sources[news.image_id] = known
        if has_pixels(known) and strip.shown.plan.wish.pictures is None:
            for cell in strip.shown.plan.cells:
                if cell.image_id == news.image_id:
                    clear(strip.shown.canvas, strip.shown.plan, cell)
            self.repaint(number)
            if strip.is_complete:
                self._remove_thumbnails(strip)
        self._caption(strip)
        self.changed.emit()

    def _remove_thumbnails(self, strip: StripGroup) -> None:
        strip.is_bare = True
        self._ground.fit(strip.channels)
        QTimer.singleShot(0, partial(remove_layers, self._viewer, [strip.below]))

    def _on_zoom(self, _: Any = None) -> None:
        if self._strips:
            self._follow()

    def _caption(self, strip: StripGroup) -> None:
        zoom = self._viewer.scene.camera.zoom
        strip.write(zoom, upright=is_upright(self._viewer))

    def _write(self) -> None:
        for strip in self._strips.values():
            self._caption(strip)
            strip.hide_thumbnails()
        if self._selected:
            self._mark()

    def _on_theme(self, _: Any = None) -> None:
        for strip in self._strips.values():
            strip.color(get_theme(self._viewer.theme).text.as_hex())
            if strip.is_bare:
                self._ground.fit(strip.channels)

    def _on_removed(self, event: Any) -> None:
        """End a strip of which no pixels are left; its other layers go too.

        They go later: who removes several layers counts on the others being there.
        """
        for number, strip in tuple(self._strips.items()):
            if event.value is strip.frame:
                self._set_selected(
                    tuple(one for one in self._selected if not strip.has(*one))
                )
            if event.value not in strip.layers:
                continue
            if strip.is_bare and event.value is strip.below:
                continue  # its pixels have come, or are about to
            shown: Iterable[Layer] = strip.channels or [strip.below]
            if self._coming.awaits(id(strip)):
                shown = strip.layers
            if not any(layer in self._viewer.layers for layer in shown):
                del self._strips[number]
                QTimer.singleShot(
                    0, partial(remove_layers, self._viewer, strip.all_layers)
                )
                self.gone.emit(number)
                self.changed.emit()

    def give_up(self, number: int) -> None:
        """Take a strip out whose pixels will not come; look at what one saw before."""
        strip = self._strips.get(number)
        if strip is not None and strip.compared is None:
            self._end(number)
            if strip.seen_before is not None:
                strip.seen_before()

    def _end(self, number: int) -> None:
        """Take a strip out, whatever of it is there."""
        strip = self._strips.pop(number)
        remove_layers(self._viewer, strip.all_layers)
        self.changed.emit()

    def close(self) -> None:
        """Stop listening to the viewer; what is shown stays."""
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        self._viewer.canvas.events.size.disconnect(self._on_zoom)
        self._viewer.dims.events.order.disconnect(self._on_zoom)
        self._viewer.dims.events.ndisplay.disconnect(self._on_zoom)
        self._viewer.events.theme.disconnect(self._on_theme)
        self._viewer.layers.events.removed.disconnect(self._on_removed)


def _metadata(shown: CompareShown) -> dict[str, Any]:
    plan = shown.plan
    return {
        "idr": idr_metadata(
            server=plan.wish.server,
            pixel_source=PixelSource.THUMBNAIL,
            title=plan.title,
        )
    }
