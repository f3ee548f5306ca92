"""Card of the selected plate: its runs, its fields, and the button that shows it."""

from __future__ import annotations

from magicgui.widgets import ComboBox, PushButton
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    ARROW_PX,
    keep_as_wide_as,
    let_shrink,
    name_widget,
    plain_label,
    tooltip,
    widen_list,
)
from napari_idr._qt.panels.grid import ButtonGrid
from napari_idr.model import PlateAcquisitionId
from napari_idr.services.details import PlateDetails
from napari_idr.services.search.hits import hits_label

ALL_RUNS = 0
"""Chosen where there is nothing to choose: the plate has one run, or none."""


RUN_TOOLTIP = "Which pass over the plate"

LONG_FIELD = "12 / 96"
"""What the control for the field has room for."""

FIXED = QSizePolicy.Policy.Fixed


class PlatePanel(QWidget):
    """The name of a plate, its runs and fields, and a button that shows it."""

    showWanted = Signal(object, int)  # PlateAcquisitionId | None, field from 0
    tableWanted = Signal()  # the table of its wells
    fieldChosen = Signal(object, int)  # the same, by the person's choice of either

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_plate")
        self.setAccessibleName("Plate")
        self.title = plain_label("idr_plate_title")
        self.run = ComboBox(choices=[("all", ALL_RUNS)], name="Run")
        self.field = ComboBox(choices=[("1", 0)], name="Field")
        self.show_plate = PushButton(text="Show plate", name="idr_show_plate")
        name_widget(self.run, "idr_run", "Run", RUN_TOOLTIP)
        name_widget(
            self.field, "idr_field", "Field", "Which of the images taken in each well"
        )
        name_widget(
            self.show_plate,
            "idr_show_plate",
            "Show plate",
            "Lay the thumbnails of all wells out as one picture",
        )
        self.table = PushButton(text="Wells table", name="idr_wells_table_button")
        name_widget(
            self.table,
            "idr_wells_table_button",
            "Wells table",
            "Show what is known of each well as a table, and colour the plate by it",
        )
        let_shrink(self.run)
        # The names of runs are long, and need the room.
        self.field.native.setSizePolicy(FIXED, FIXED)
        keep_as_wide_as(self.field, LONG_FIELD, ARROW_PX)
        self.notes = plain_label("idr_plate_notes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.title)
        self._run = _labelled("Run", self.run.native)
        # Below each other: beside the field there is no room for the names of runs.
        layout.addWidget(self._run)
        layout.addWidget(_labelled("Field", self.field.native))
        buttons = (self.show_plate.native, self.table.native)
        layout.addWidget(ButtonGrid(buttons, columns=2))
        layout.addWidget(self.notes)
        self.details: PlateDetails | None = None
        self.run.native.activated.connect(self._on_run)
        self.field.native.activated.connect(self._on_field)
        self.show_plate.native.clicked.connect(self._on_show)
        self.table.native.clicked.connect(self._on_table)
        self.set_details(None)

    @property
    def chosen_run(self) -> PlateAcquisitionId | None:
        """The run that is chosen; None where the plate has one or none."""
        value = self.run.value
        return None if value == ALL_RUNS else PlateAcquisitionId(int(value))

    @property
    def chosen_field(self) -> int:
        """The field that is chosen, from 0."""
        return int(self.field.value or 0)

    def choose(self, run: PlateAcquisitionId | None, field: int) -> None:
        """Choose a run and a field, without telling; what isn't there is left."""
        if run is not None and run in self.run.choices:
            self.run.value = run
        self._offer_fields()
        self._say_run()
        if field < self.field.native.count():
            self.field.value = field

    def set_details(self, details: PlateDetails | None) -> None:
        """Show a plate, at first its first field; None hides the panel."""
        before = None if self.details is None else self.details.key
        if details is None or details.key != before:
            self.field.choices = [("1", 0)]
        self.details = details
        self.setVisible(details is not None)
        if details is None:
            return
        plate = details.plate
        size = f"{plate.rows} x {plate.columns} wells" if plate.rows else ""
        hits, query = len(details.hit_images), details.query
        found = "" if query is None else hits_label(hits, "image", "images", query)
        self.title.setText(" · ".join(t for t in (plate.name, size, found) if t))
        runs = [(run.name or f"Run {run.id}", run.id) for run in plate.runs]
        self.run.choices = runs if len(runs) > 1 else [("all", ALL_RUNS)]
        self.run.native.setEnabled(len(runs) > 1)
        self._run.setVisible(len(runs) > 1)
        self._offer_fields()
        self._say_run()
        empty = details.fields(self.chosen_run) == 0
        self.show_plate.native.setEnabled(not empty)
        self.table.native.setEnabled(not empty)
        notes = ["This plate has no images."] if empty else []
        notes += [*details.notes, details.hits_note]
        self.notes.setText("\n".join(note for note in notes if note))
        self.notes.setVisible(bool(self.notes.text()))

    def _offer_fields(self) -> None:
        if self.details is None:
            return
        count = self.details.fields(self.chosen_run)
        keep = min(self.chosen_field, max(count - 1, 0))
        self.field.choices = [(f"{n + 1} / {count}", n) for n in range(max(count, 1))]
        self.field.value = keep
        self.field.native.setEnabled(count > 1)

    def _say_run(self) -> None:
        """Tell the whole name of the run, which may be longer than its control."""
        name = self.run.native.currentText() if self.run.native.isEnabled() else ""
        self.run.native.setToolTip(tooltip(RUN_TOOLTIP, name))
        widen_list(self.run.native)

    def _on_run(self, *_: object) -> None:
        self._offer_fields()
        self._say_run()
        self.fieldChosen.emit(self.chosen_run, self.chosen_field)

    def _on_field(self, *_: object) -> None:
        self.fieldChosen.emit(self.chosen_run, self.chosen_field)

    def _on_show(self, *_: object) -> None:
        self.showWanted.emit(self.chosen_run, self.chosen_field)

    def _on_table(self, *_: object) -> None:
        self.tableWanted.emit()


def _labelled(title: str, box: QWidget) -> QWidget:
    """Return a box with its title before it."""
    part, label = QWidget(), QLabel(title)
    label.setBuddy(box)
    line = QHBoxLayout(part)
    line.setContentsMargins(0, 0, 0, 0)
    line.addWidget(label)
    line.addWidget(box, 1)
    if box.sizePolicy().horizontalPolicy() == FIXED:
        line.addStretch(1)
    return part
