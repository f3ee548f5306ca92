"""Names, sizes, keys and plain text: what every panel owes to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari._qt.qt_resources import get_stylesheet
from napari.settings import get_settings
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMainWindow,
    QProgressBar,
    QTabBar,
    QTableView,
    QTabWidget,
    QToolButton,
    QWidget,
)

from napari_idr._qt.browser import Browser
from napari_idr._qt.panels.gallery import GalleryPanel
from napari_idr._qt.panels.genes import GenesPanel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.person import Person

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
TISSUE = "idr0904-demo-tissue/experimentA"

NAMES = [
    "idr_server",
    "idr_key",
    "idr_value",
    "idr_search",
    "idr_results",
    "idr_field",
    "idr_run",
    "idr_show_plate",
    "idr_open_image",
    "idr_annotations",
    "idr_cancel",
    "idr_status",
]


@pytest.mark.parametrize("name", NAMES)
def test_outside_tests_find_each_control(person: Person, name: str) -> None:
    widget = person.find(name)

    assert widget.accessibleName()
    assert widget.toolTip()


def test_every_control_can_be_named_by_a_screen_reader(person: Person) -> None:
    kinds = (
        QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QProgressBar,
        QTabBar,
    )  # fmt: skip
    controls = [
        widget
        for widget in person.browser.findChildren(QWidget)
        if isinstance(widget, kinds) and not is_part_of_a_control(widget)
    ]

    assert len(controls) >= 18
    assert [w for w in controls if not w.objectName().startswith("idr_")] == []
    assert [w.objectName() for w in controls if not w.accessibleName()] == []
    assert [w.objectName() for w in controls if not w.toolTip()] == []


def is_part_of_a_control(widget: QWidget) -> bool:
    """Whether Qt has made a widget for another, as the list of a drop-down box."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, Browser):
        if isinstance(above, QComboBox | QLineEdit | QAbstractItemView | QTabBar):
            return True
        above = above.parentWidget()
    return widget.isWindow()


def test_300_px_are_wide_enough(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)

    person.browser.resize(300, 800)
    QApplication.processEvents()

    assert person.browser.width() == 300
    for name in NAMES:
        widget = person.find(name)
        right = widget.mapTo(person.browser, widget.rect().topRight()).x()
        assert not widget.isVisible() or right < 300, name


def test_a_name_without_spaces_does_not_widen_the_panel(person: Person) -> None:
    person.find("idr_status", QLabel).setText("x" * 3000)
    person.find("idr_study_title", QLabel).setText("y" * 3000)
    QApplication.processEvents()

    assert person.browser.minimumSizeHint().width() <= 300


def test_the_keyboard_reaches_every_control_in_reading_order(person: Person) -> None:
    seen: list[str] = []
    first = person.find("idr_server")
    first.setFocus()

    widget: QWidget | None = first
    while widget is not first or not seen:
        assert widget is not None
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            seen.append(widget.objectName())
        widget = widget.nextInFocusChain()

    order = [name for name in seen if name in NAMES]
    wanted = ["idr_server", "idr_key", "idr_value", "idr_search", "idr_results"]
    assert [name for name in dict.fromkeys(order) if name in wanted] == wanted


def test_html_in_annotations_stays_text(person: Person) -> None:
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until_status("studies")
    person.open(TISSUE)
    kinds = "kinds of image [8 bit, float & RGB]"
    person.open(TISSUE, kinds)

    person.select(TISSUE, kinds, "H&E brightfield €uro.png")

    rows = {key: value for _, key, value in person.annotations}
    assert rows["Antibody Identifier URL"] == "javascript:alert(1)"
    model = person.find("idr_annotations", QTableView).model()
    assert model is not None
    for row in range(model.rowCount()):
        tip = model.index(row, 2).data(Qt.ItemDataRole.ToolTipRole)
        assert "<script" not in tip
        link = model.index(row, 2).data(Qt.ItemDataRole.UserRole + 2)
        assert link is None or link.startswith(("http://", "https://"))


def test_labels_draw_marks_as_they_are(person: Person) -> None:
    labels = person.browser.findChildren(QLabel)

    rich = {
        label.objectName()
        for label in labels
        if label.objectName().startswith("idr_")
        and label.textFormat() == Qt.TextFormat.RichText
    }

    assert rich == {"idr_study_links", "idr_spellings"}  # escaped text and links


def test_annotations_are_copied_as_a_table(
    person: Person, classic: demo.Archive
) -> None:
    person.search("CDC20")
    person.select(MITOSIS)
    table = person.find("idr_annotations", QTableView)
    table.selectAll()

    person.press("idr_annotations", Qt.Key.Key_C)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    clipboard = QApplication.clipboard()
    assert clipboard is not None
    lines = clipboard.text().splitlines()
    assert any(line.split("\t")[-2:] == ["Organism", "Homo sapiens"] for line in lines)


def test_the_study_says_who_and_under_which_licence(person: Person) -> None:
    person.search("CDC20")

    person.select(MITOSIS)

    assert person.text("idr_study_title") == "Genes whose silence rounds up cells"
    assert "Müller-Beispiel" in person.text("idr_study_authors")
    assert "CC BY 4.0" in person.text("idr_study_licence")
    assert "https://doi.org/10.99999/demo.0901" in person.text("idr_study_links")


def test_what_to_cite_is_copied_in_the_style_one_chooses(person: Person) -> None:
    person.search("CDC20")
    person.select(MITOSIS)
    button = person.find("idr_copy_citation", QToolButton)

    button.click()
    text = copied()
    styles = {action.text(): action for action in button.menu().actions()}
    styles["BibTeX"].trigger()
    bibtex = copied()

    assert "Genes whose silence rounds up cells" in text
    assert "https://doi.org/10.99999/demo.0901" in text
    assert "10.1038/nmeth.4326" in text
    assert bibtex.count("@article{") == 2
    assert bibtex.count("@misc{") == 1


def test_studies_are_filtered_as_one_types(person: Person) -> None:
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until_status("studies")
    everything = len(person.rows())

    person.type("idr_filter", "1536 wells")

    assert person.rows() == ["idr0903-demo-compound/screenB"]
    person.find("idr_filter", QLineEdit).clear()
    assert len(person.rows()) == everything


def test_one_cell_is_copied_as_its_value(person: Person) -> None:
    person.search("CDC20")
    person.select(MITOSIS)
    table = person.find("idr_annotations", QTableView)
    line = [key for _, key, _ in person.annotations].index("Organism")
    model, viewport = table.model(), table.viewport()
    assert model is not None
    place = table.visualRect(model.index(line, 2)).center()

    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    assert copied() == "Homo sapiens"


def test_several_rows_are_copied_as_a_table(person: Person) -> None:
    person.search("CDC20")
    person.select(MITOSIS)
    table = person.find("idr_annotations", QTableView)
    model, viewport = table.model(), table.viewport()
    assert model is not None

    for row, column, key in (
        (1, 1, Qt.KeyboardModifier.NoModifier),
        (2, 2, Qt.KeyboardModifier.ShiftModifier),
    ):
        place = table.visualRect(model.index(row, column)).center()
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, key, place)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    shown = person.annotations[1:3]
    assert copied() == "\n".join(f"{key}\t{value}" for _, key, value in shown)


def copied() -> str:
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    return clipboard.text()


def test_a_larger_font_cuts_off_nothing_in_a_narrow_panel(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)
    monkeypatch.setattr(get_settings().appearance, "font_size", 16)

    font = person.browser.font()
    font.setPointSize(16)
    person.browser.setFont(font)
    person.browser.resize(300, 800)

    person.until(lambda: cut_off(person) == [])
    value = person.find("idr_value", QLineEdit)
    wanted = value.fontMetrics().horizontalAdvance(value.text())
    assert value.width() >= wanted + 36
    table = person.find("idr_annotations", QTableView)
    rows = table.verticalHeader()
    assert rows is not None
    assert rows.defaultSectionSize() >= table.fontMetrics().height()


def cut_off(person: Person) -> list[str]:
    """Return the names of controls that are lower than a line, or reach too far."""
    kinds = (QAbstractButton, QComboBox, QTabBar, QLineEdit)
    controls = [
        one for kind in kinds for one in person.browser.findChildren(kind)
        if one.isVisible() and one.objectName().startswith("idr_")
    ]  # fmt: skip
    return [
        one.objectName()
        for one in controls
        if one.mapTo(person.browser, one.rect().topRight()).x() >= 300
        or one.height() < one.fontMetrics().height()
    ]


@pytest.mark.parametrize("width", [300, 340, 500])
def test_a_gallery_tells_its_count_beside_a_long_name(width: int, qtbot: QtBot) -> None:
    panel = GalleryPanel()
    qtbot.addWidget(panel)
    panel.set_filters({}, {}, requests=None)  # with the button for its table
    offer = "of DM0002_02 two runs/[µ], and more of its name, 1,234 images"
    panel.set_offer(offer)
    panel.resize(width, panel.sizeHint().height())
    panel.show()

    shown = panel.of.shown

    assert shown.endswith("1,234 images")
    assert "…" in shown
    assert panel.of.fontMetrics().horizontalAdvance(shown) <= panel.of.width()
    assert panel.of.text() == offer
    blank = panel.of.grab().toImage()
    panel.of.setText("")
    assert panel.of.grab().toImage() != blank


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_field_for_genes_stands_out(theme: str, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setStyleSheet(get_stylesheet(theme))
    panel = GenesPanel()
    window.setCentralWidget(panel)
    window.show()

    picture = panel.grab().toImage()

    place = panel.edit.mapTo(panel, QPoint(0, 0))
    middle = place + QPoint(panel.edit.width() // 2, panel.edit.height() // 2)
    field, ground = picture.pixelColor(middle), picture.pixelColor(1, 1)
    assert abs(field.lightness() - ground.lightness()) >= 15
