"""Exports of a browser: figures of what is shown, and images as files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_idr._qt.figures import FIGURE_ENDINGS, write_figure
from napari_idr._qt.jobs import QueuedSignal
from napari_idr._qt.panels.focus import FocusMarker
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import MosaicKey
from napari_idr.services.export import (
    ASKED_BYTES,
    TIFF_ENDINGS,
    ZARR_ENDING,
    complete_name,
)
from napari_idr.services.figure import (
    ChannelLook,
    FigureWish,
    MosaicWish,
    SelectionWish,
    StripWish,
)
from napari_idr.services.files import DownloadProgress, bytes_text
from napari_idr.services.saving import file_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.cancel import CancelToken
    from napari_idr.services.details import ImageDetails
    from napari_idr.services.session import Session

FIGURE_FILES = "PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"
IMAGE_FILES = f"OME-TIFF (*{TIFF_ENDINGS[0]});;OME-Zarr (*{ZARR_ENDING})"

TABLE_STEPS = 256
"""Colours of a channel in a figure."""

SELECTED = "selected"


class Exports(QObject):
    """Wires the buttons that save figures and images to the session and the scene."""

    def __init__(
        self, panels: Panels, jobs: Jobs, scene: ViewerScene, viewer: Viewer
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._scene = scene
        self._viewer = viewer
        self._state = BrowserState()
        self._figure: JobSlot[None, Path] = jobs.slot(self._on_written)
        self._image: JobSlot[None, Path] = jobs.slot(self._on_written)
        self._news: QueuedSignal[DownloadProgress] = QueuedSignal(self._on_progress)
        self.destroyed.connect(self._news.close)
        panels.figure.figureWanted.connect(self._on_figure_wanted)
        panels.image.saveWanted.connect(self._on_save_wanted)
        # Once a selection is through: several signals tell of one.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.offer)
        scene.plates.changed.connect(self._offer_soon)
        scene.plates.wellsSelected.connect(self._offer_soon)
        scene.strips.changed.connect(self._offer_soon)
        active = viewer.layers.selection.events.active
        active.connect(self._offer_soon)
        self.destroyed.connect(partial(_disconnect, active, self._offer_soon))

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._offer_soon()

    def _offer_soon(self, *_: object) -> None:
        self._soon.start()

    # Figures

    def offer(self) -> None:
        """Offer what could be a figure, first what one looks at."""
        scene, active = self._scene, self._scene.active
        key = scene.plate_of(active)
        found: list[tuple[bool, str, object]] = [
            (active in scene.strips.layers_of(number), title, number)
            for number in reversed(scene.strips.numbers)
            if (title := scene.strips.title_of(number))
        ]
        found += [
            (shown.key == key, shown.name, shown.key)
            for shown in reversed(scene.plates.all_shown)
        ]
        found.sort(key=lambda one: not one[0])
        offered = [(title, what) for _, title, what in found]
        if count := len(scene.selected_images):
            words = "the selected image" if count == 1 else f"{count} selected images"
            offered.append((words, SELECTED))
        self._panels.figure.offer(offered)

    def _on_figure_wanted(self, what: object) -> None:
        wish = self._wish(what)
        if wish is None:
            self._panels.status.say("It isn't shown any more.")
            return
        name = f"{file_name(wish.title)}.pdf"
        dialog = QFileDialog(self._panels, "Export figure", name, FIGURE_FILES)
        dialog.setObjectName("idr_figure_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(partial(self._on_figure_file, dialog, wish))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_figure_file(self, dialog: QFileDialog, wish: FigureWish, path: str) -> None:
        file = Path(path)
        if file.suffix.lower() not in FIGURE_ENDINGS:
            chosen = dialog.selectedNameFilter().rpartition("*")[2].strip(")")
            file = file.with_name(f"{file.name}{chosen or '.pdf'}")
        if self._may_write(file, path):
            self.write_figure(wish, file)

    def _may_write(self, file: Path, path: str) -> bool:
        """Whether nothing is lost: the dialog has asked about what was typed alone."""
        if str(file) == path or not file.exists():
            return True
        self._panels.status.say(f"{file.name} is there already; choose another name.")
        return False

    def write_figure(self, wish: FigureWish, path: Path) -> None:
        """Write a figure into a file, in a thread."""
        session = self._scene.session(wish.server)
        if session is not None:
            message = f"Drawing {path.name} …"
            self._figure.start(message, _draw, session, wish, path)

    def _wish(self, what: object) -> FigureWish | None:
        """Return what is to be drawn as it is looked at now, None if it is gone."""
        if what == SELECTED:
            return self._selection_wish()
        if isinstance(what, int):
            return self._strip_wish(what)
        key: MosaicKey = what  # type: ignore[assignment]
        shown = self._scene.shown(key)
        if shown is None:
            return None
        colors = self._scene.colors.layer(key)
        return MosaicWish(
            shown=shown,
            colors=None
            if colors is None or not colors.visible
            else np.array(colors.data, np.uint8),
            legend=self._scene.plates.legend_of(key),
            cell_um=self._scene.plates.width_of(key),
        )

    def _selection_wish(self) -> SelectionWish | None:
        requests, pictures, widths = [], [], []
        for shown in self._scene.plates.all_shown:
            height, width = shown.plan.cell_shape
            for one in self._scene.plates.chosen_on(shown.key):
                place = shown.place_of(one)
                cell = (
                    None if place is None else shown.plan.grid.cells[place[0]][place[1]]
                )
                if place is None or cell is None:
                    continue
                y, x = shown.plan.origin(*place)
                requests.append(shown.image_request(cell))
                pictures.append(shown.canvas[y : y + height, x : x + width].copy())
                widths.append(self._scene.plates.width_of(shown.key))
        if not requests:
            return None
        # those of other servers would be named as of this one
        here = [n for n, one in enumerate(requests) if one.server == requests[0].server]
        return SelectionWish(
            requests=tuple(requests[n] for n in here),
            pictures=tuple(pictures[n] for n in here),
            widths_um=tuple(widths[n] for n in here),
        )

    def _strip_wish(self, number: int) -> StripWish | None:
        look = self._scene.strips.look_of(number)
        if look is None:
            return None
        shown, sources, channels = look
        return StripWish(
            shown=shown,
            sources=sources,
            channels=tuple(self._channel(one) for one in channels if one.visible),
        )

    def _channel(self, layer: Layer) -> ChannelLook:
        point = list(self._viewer.dims.point)[-layer.ndim :]
        at = np.rint(layer.world_to_data(point))[:-2]
        levels = tuple(layer.data) if layer.multiscale else (layer.data,)
        plane = tuple(
            int(np.clip(one, 0, size - 1))
            for one, size in zip(at, levels[0].shape, strict=False)
        )
        table = layer.colormap.map(np.linspace(0, 1, TABLE_STEPS))
        told = layer.metadata.get("idr", {}).get("channel") or {}
        low, high = layer.contrast_limits
        return ChannelLook(
            name=str(told.get("name") or layer.name),
            levels=levels,
            plane=plane,
            limits=(float(low), float(high)),
            gamma=float(layer.gamma),
            table=np.asarray(table, np.float32)[:, :3],
        )

    # Images

    def _on_save_wanted(self) -> None:
        details = self._state.image
        if details is None:
            return
        size = bytes_text(_size_of(details))
        name = f"{file_name(details.image.name or str(details.image.id))}.ome.tif"
        title = f"Save {size} of pixels as OME-TIFF or OME-Zarr"
        dialog = QFileDialog(self._panels, title, name, IMAGE_FILES)
        dialog.setObjectName("idr_save_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(partial(self._on_image_file, dialog, details))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_image_file(
        self, dialog: QFileDialog, details: ImageDetails, path: str
    ) -> None:
        file = Path(path)
        is_zarr = ZARR_ENDING in dialog.selectedNameFilter()
        if is_zarr and not path.lower().endswith(ZARR_ENDING):
            stem = file.name.removesuffix(TIFF_ENDINGS[0])
            file = file.with_name(f"{stem}{ZARR_ENDING}")
        file = file.with_name(complete_name(file.name))
        if not self._may_write(file, path):
            return
        size = _size_of(details)
        if size <= ASKED_BYTES:
            self.save_image(details, file)
            return
        box = QMessageBox(self._panels)
        box.setObjectName("idr_save_question")
        box.setText(f"The image has {bytes_text(size)}, which take a while. Save it?")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Yes | buttons.No)
        box.setDefaultButton(buttons.No)
        box.accepted.connect(partial(self.save_image, details, file))
        box.finished.connect(box.deleteLater)
        FocusMarker(box)
        box.open()

    def save_image(self, details: ImageDetails, path: Path) -> None:
        """Write an image into a file, in a thread."""
        session = self._scene.session(details.request.server)
        if session is None:
            return

        report = partial(_report, self._news.emit, path.name)
        message = f"Writing {path.name} …"
        self._image.start(message, session.save_image, details, path, report)

    def _on_progress(self, news: DownloadProgress) -> None:
        if self._image.busy:
            done, total, unit = news.counts
            self._panels.status.set_progress(done, total, f"{unit}: {news.name}")

    def _on_written(self, path: Path) -> None:
        self._panels.status.say(f"Written: {path}")


def _report(
    tell: Callable[[DownloadProgress], None], name: str, done: int, total: int
) -> None:
    """Tell, in a worker, how much of a file is written."""
    tell(DownloadProgress(name=name, done=done, total=total))


def _size_of(details: ImageDetails) -> int:
    """Return how many bytes the pixels of an image have, as the archive tells."""
    image = details.image
    try:
        item: int = np.dtype(image.pixel_type).itemsize
    except TypeError:  # "bit", "float" ...: as many as of the larger ones
        item = 4
    planes = image.size_c * image.size_z * image.size_t
    return image.size_y * image.size_x * planes * item


def _draw(
    session: Session, wish: FigureWish, path: Path, *, cancel: CancelToken
) -> Path:
    """Read what a figure needs and paint it, in a worker."""
    figure = session.figure(wish, cancel=cancel)
    return write_figure(figure, path, cancel=cancel)


def _disconnect(event: Any, slot: Any, *_: object) -> None:
    event.disconnect(slot)
