"""Filter over the names and descriptions of all studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import Container, LineEdit, PushButton
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    let_shrink,
    name_widget,
)

if TYPE_CHECKING:
    from magicgui.widgets.bases import Widget


FIXED = QSizePolicy.Policy.Fixed


class StudiesPanel(QWidget):
    """A filter over the names and descriptions of all studies."""

    filterChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = LineEdit(name="idr_filter")
        self.reload = PushButton(text="Reload", name="idr_reload")
        form: Container[Widget] = Container(
            widgets=[self.filter, self.reload], layout="horizontal", labels=False
        )
        form.margins = (0, 4, 0, 4)
        name_widget(
            self.filter,
            "idr_filter",
            "Filter studies",
            "Words that must occur in the name or description of a study",
        )
        name_widget(
            self.reload, "idr_reload", "Reload studies", "Ask for all studies again"
        )
        self.reload.native.setSizePolicy(FIXED, FIXED)
        let_shrink(self.filter)
        self.filter.native.setPlaceholderText("filter by name or description")
        self.filter.native.setClearButtonEnabled(True)
        self._form = form
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(form.native)
        self.filter.native.textChanged.connect(self.filterChanged)
