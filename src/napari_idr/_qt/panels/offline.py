"""Controls for what is kept offline: where things are from, what is kept, and packs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import let_shrink, name_widget, plain_label, widen_list
from napari_idr.services.offline.reach import day
from napari_idr.services.offline.shelf import size_text
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from napari_idr.services.offline.keep import KeepOrder
    from napari_idr.services.offline.shelf import KeptOnDisk

PACK_FILES = "Packs (*.idrpack)"

KEEP_TOOLTIP = (
    "Bring all of the selected lines, or of the image that is looked at, to this "
    "computer, to be looked at without a network; what it takes is said first"
)


class OfflinePanel(QWidget):
    """Where what is shown is from, a question before much is kept, and what is kept.

    Its two buttons stand elsewhere in the layout: `buttons`.
    """

    keepWanted = Signal(bool)  # with all pixels: say what it takes
    keepConfirmed = Signal()
    diskWanted = Signal()  # say what is kept
    emptyWanted = Signal()
    packWanted = Signal(object)  # Path of a pack that is to be opened
    copyWanted = Signal(object, object)  # Paths of a pack and of its copy
    removeWanted = Signal(object)  # Path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_offline_panel")
        self.setAccessibleName("Offline")
        self.badge = plain_label("idr_offline")
        self.badge.setAccessibleName("Offline")
        self.badge.setToolTip("Where what is shown is from")
        font = self.badge.font()
        font.setBold(True)
        self.badge.setFont(font)
        self.buttons = self._make_buttons()
        self._question = self._make_question()
        self._disk = self._make_disk()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for part in (self.badge, self._question, self._disk):
            layout.addWidget(part)
        self._loss = ""
        self.set_text("")
        self.ask(None)
        self.set_kept(None)
        self.set_offer(can_keep=False)

    def _make_buttons(self) -> QWidget:
        self.keep = _low_button(
            "Keep offline", "idr_keep_offline", "Keep offline", KEEP_TOOLTIP
        )
        self.on_disk = _low_button(
            "On disk",
            "idr_on_disk",
            "What is kept on this computer",
            "Show what is kept on this computer, open a pack, make room",
        )
        self.on_disk.setCheckable(True)
        self.keep.clicked.connect(self._on_keep)
        self.on_disk.toggled.connect(self._on_disk)
        return _row(self.keep, self.on_disk)

    def _make_question(self) -> QWidget:
        self.cost = plain_label("idr_keep_cost")
        self.images = QCheckBox("All pixels")
        name_widget(
            self.images,
            "idr_keep_images",
            "All pixels",
            "Keep the images themselves, not their thumbnails alone",
        )
        self.confirm = _button(
            "Keep",
            "idr_keep_confirm",
            "Keep it",
            "Ask for all of it; Cancel stops it, and Keep goes on with it later",
        )
        self.dismiss = _button(
            "Not now", "idr_keep_dismiss", "Not now", "Keep nothing of it"
        )
        self.images.toggled.connect(self.keepWanted)
        self.confirm.clicked.connect(self.keepConfirmed)
        self.dismiss.clicked.connect(self._on_dismiss)
        question = QWidget()
        layout = QVBoxLayout(question)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.cost)
        layout.addWidget(_row(self.images, self.confirm, self.dismiss))
        return question

    def _make_disk(self) -> QWidget:
        self.kept = plain_label("idr_disk_text")
        self.packs = QComboBox()
        name_widget(self.packs, "idr_packs", "Packs", "Packs on this computer")
        let_shrink(self.packs)
        self.open_pack = _button(
            "Open", "idr_pack_open", "Open the pack", "Look at this pack alone"
        )
        self.copy_pack = _button(
            "Save a copy",
            "idr_pack_copy",
            "Save a copy of the pack",
            "Save this pack as a file, for others to open",
        )
        self.remove_pack = _button(
            "Remove", "idr_pack_remove", "Remove the pack", "Keep this pack no longer"
        )
        self.choose_pack = _button(
            "Open a pack",
            "idr_pack_choose",
            "Open a pack from a file",
            "Choose a file of the kind .idrpack and look at what is in it",
        )
        self.empty = _button(
            "Empty",
            "idr_disk_empty",
            "Empty",
            "Remove all that is kept; before packs go, too, that is asked",
        )
        self.loss = plain_label("idr_disk_loss")
        self.confirm_empty = _button(
            "Remove all",
            "idr_disk_confirm",
            "Remove all",
            "Remove all that is kept, the packs on this computer too",
        )
        self.dismiss_empty = _button(
            "Not now", "idr_disk_dismiss", "Not now", "Remove nothing"
        )
        self.open_pack.clicked.connect(self._on_open)
        self.copy_pack.clicked.connect(self._on_copy)
        self.remove_pack.clicked.connect(self._on_remove)
        self.choose_pack.clicked.connect(self._on_choose)
        self.empty.clicked.connect(self._on_empty)
        self.confirm_empty.clicked.connect(self.emptyWanted)
        self.dismiss_empty.clicked.connect(self._on_keep_all)
        self._of_loss = _row(self.confirm_empty, self.dismiss_empty)
        self._of_pack = _row(self.open_pack, self.copy_pack, self.remove_pack)
        disk = QWidget()
        layout = QVBoxLayout(disk)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for part in (
            self.kept,
            self.packs,
            self._of_pack,
            _row(self.choose_pack, self.empty),
            self.loss,
            self._of_loss,
        ):
            layout.addWidget(part)
        return disk

    def set_text(self, text: str) -> None:
        """Say where what is shown is from; "" where it comes from the server."""
        self.badge.setText(text)
        self._show(self.badge, shown=bool(text))

    def _show(self, part: QWidget, *, shown: bool) -> None:
        """Show or hide a part; without any the panel takes no room."""
        part.setVisible(shown)
        parts = (self.badge, self._question, self._disk)
        self.setVisible(not all(one.isHidden() for one in parts))

    def set_offer(self, *, can_keep: bool) -> None:
        """Offer to keep what is selected, if anything is that can be kept."""
        self.keep.setEnabled(can_keep)

    def ask(self, order: KeepOrder | None) -> None:
        """Ask whether something is to be kept; None asks nothing."""
        self._show(self._question, shown=order is not None)
        if order is not None:
            self.cost.setText(order.cost)
            self.images.blockSignals(True)
            self.images.setChecked(order.wish.images)
            self.images.blockSignals(False)
            self.confirm.setFocus()

    def set_kept(self, kept: KeptOnDisk | None) -> None:
        """Show what is kept; None hides it."""
        self._show(self._disk, shown=kept is not None)
        self.on_disk.blockSignals(True)
        self.on_disk.setChecked(kept is not None)
        self.on_disk.blockSignals(False)
        self._ask_to_empty("")
        if kept is None:
            return
        self.kept.setText(kept.text)
        self._loss = kept.loss
        self.packs.clear()
        for one in kept.packs:
            title = plain_text(f"{one.title}, {size_text(one.size)}, {day(one.made)}")
            self.packs.addItem(title, one.path)
        widen_list(self.packs)
        self.packs.setVisible(bool(kept.packs))
        self._of_pack.setVisible(bool(kept.packs))

    @property
    def is_disk_shown(self) -> bool:
        """Whether what is kept is shown."""
        return not self._disk.isHidden()

    def _ask_to_empty(self, loss: str) -> None:
        """Ask whether what was kept on purpose is to go; "" asks nothing."""
        self.loss.setText(loss)
        self.loss.setVisible(bool(loss))
        self._of_loss.setVisible(bool(loss))

    def _on_empty(self) -> None:
        if self._loss:
            self._ask_to_empty(self._loss)
            self.dismiss_empty.setFocus()
        else:
            self.emptyWanted.emit()

    def _on_keep_all(self) -> None:
        self._ask_to_empty("")
        self.empty.setFocus()

    def _on_keep(self) -> None:
        self.keepWanted.emit(self.images.isChecked())

    def _on_dismiss(self) -> None:
        self.ask(None)
        self.keep.setFocus()

    def _on_disk(self, shown: bool) -> None:
        if shown:
            self.diskWanted.emit()
        else:
            self.set_kept(None)

    @property
    def _pack(self) -> Path | None:
        path = self.packs.currentData()
        return path if isinstance(path, Path) else None

    def _on_open(self) -> None:
        if (path := self._pack) is not None:
            self.packWanted.emit(path)

    def _on_remove(self) -> None:
        if (path := self._pack) is not None:
            self.removeWanted.emit(path)

    def _on_copy(self) -> None:
        if (path := self._pack) is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Save a copy of the pack", path.name, PACK_FILES
        )
        if name:
            self.copyWanted.emit(path, Path(name))

    def _on_choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a pack", "", PACK_FILES)
        if name:
            self.packWanted.emit(Path(name))


def _button(text: str, name: str, label: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    name_widget(button, name, label, tip)
    return button


def _low_button(text: str, name: str, label: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    name_widget(button, name, label, tip)
    return button


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return row
