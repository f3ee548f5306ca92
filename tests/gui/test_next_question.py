"""From what one sees to the next search: conditions, facets, the trail, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QModelIndex, QPoint, Qt
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QTableView,
    QTreeView,
)

from napari_idr._qt.panels.genes import GenesPanel
from napari_idr._qt.wells.dock import WellsDock
from napari_idr._qt.wells.table import WellsTableView
from support.person import LEFT, Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.fixtures import MakePerson

MITOSIS = "idr0901-demo-mitosis/screenA"
KINOME = "idr0902-demo-kinome/screenA"
TISSUE = "idr0904-demo-tissue/experimentA"
DELAY = "mitotic delay phenotype"

ODD_TEXTS = (
    *("", " ", ";", ";;", '"', "'", "\\", "%", "*", "{}", "[]", "<b>&amp;", "--"),
    *("CDC20'; drop", 'say "CDC20"', "β; γ", "null", "x" * 10_000, "a;b;c;" * 400),  # noqa: RUF001
)  # fmt: skip


@pytest.fixture
def anna(idr: demo.Archive, make_person: MakePerson) -> Person:
    """A person who has reached an archive with a search engine."""
    return make_person(idr.url)


@pytest.fixture
def below(qtbot: QtBot) -> Callable[[Person], Person]:
    """The same person at the dock below."""

    def look(person: Person) -> Person:
        dock = person.viewer.window._qt_window.findChild(WellsDock)
        assert dock is not None
        return Person(dock, person.viewer, qtbot)

    return look


def add_condition(person: Person, key: str, operator: str, value: str) -> None:
    """Add a condition with the keyboard alone, and search."""
    QTest.keyClick(person.find("idr_add_condition"), Qt.Key.Key_Space)
    box = person.browser.findChildren(QComboBox, "idr_condition_key")[-1]
    assert box.hasFocus() or not person.browser.isActiveWindow()
    box.setCurrentIndex(box.findText(key))
    box = person.browser.findChildren(QComboBox, "idr_condition_operator")[-1]
    box.setCurrentIndex(box.findText(operator))
    line = person.browser.findChildren(QLineEdit, "idr_condition_value")[-1]
    QTest.keyClicks(line, value)
    QTest.keyClick(line, Qt.Key.Key_Return)


def facet(tree: QTreeView, key: str) -> dict[str, str]:
    """Return the values of a facet with their numbers of images."""
    model, top = tree.model(), facet_line(tree, key)
    return {
        model.index(row, 0, top).data(): model.index(row, 1, top).data()
        for row in range(model.rowCount(top))
    }


def facet_line(tree: QTreeView, key: str, value: str | None = None) -> QModelIndex:
    model, index = tree.model(), QModelIndex()
    for name in (key, value):
        if name is not None:
            rows = range(model.rowCount(index))
            found = [
                one
                for row in rows
                if str((one := model.index(row, 0, index)).data()).split(" (")[0]
                == name.split(" (")[0]
            ]
            if not found:
                return QModelIndex()
            index = found[0]
    return index


def click_value(
    tree: QTreeView,
    key: str,
    value: str,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    tree.expand(facet_line(tree, key))
    index = facet_line(tree, key, value)
    tree.scrollTo(index)
    viewport = tree.viewport()
    assert viewport is not None
    QTest.mouseClick(viewport, LEFT, keys, tree.visualRect(index).center())


# Conditions


def test_a_condition_narrows_what_is_searched(anna: Person) -> None:
    anna.type("idr_value", "CDC20")
    add_condition(anna, "Cell Lines", "is", "U2OS")
    anna.until_status("“CDC20 and 1 condition”: 13 images in 1 study")

    assert anna.rows() == [KINOME]
    assert anna.text("idr_conditions") == "Conditions (1)"


def test_conditions_alone_are_a_search(anna: Person) -> None:
    add_condition(anna, "Gene", "begins with", "CDC20B")
    anna.until_status("Gene begins with CDC20B")

    assert anna.rows()


@pytest.mark.parametrize("operator", ["is", "contains", "in a list"])
def test_any_text_of_a_condition_is_answered_in_a_sentence(
    anna: Person, operator: str
) -> None:
    add_condition(anna, "Gene", operator, "CDC20")
    anna.until_status("images in")
    line = anna.find("idr_condition_value", QLineEdit)
    told = {}

    for text in ODD_TEXTS:
        line.setText(text)
        QTest.keyClick(line, Qt.Key.Key_Return)
        anna.until_idle()
        told[text[:20]] = anna.status

    assert all(one.endswith(".") for one in told.values())
    line.setText("CDC20")
    QTest.keyClick(line, Qt.Key.Key_Return)
    anna.until_status("images in")


def test_or_joins_a_condition_to_the_one_above(anna: Person) -> None:
    add_condition(anna, "Gene", "is", "CDC20")
    anna.until_status("34 images")
    add_condition(anna, "Gene", "is", "PLK1")
    anna.until_status("Nothing meets")

    join = anna.browser.findChildren(QComboBox, "idr_condition_join")[-1]
    QTest.keyClick(join, Qt.Key.Key_Down)
    anna.click("idr_search")
    anna.until_status("images in")

    assert MITOSIS in anna.rows()


def test_mapr_says_why_it_takes_one_condition(
    person: Person, classic: demo.Archive
) -> None:
    add_condition(person, "Gene", "contains", "CDC20")
    person.until_status("Gene contains CDC20")
    asked = len(classic.requests)

    assert "mapr" in person.text("idr_conditions_note")
    assert not person.find("idr_add_condition").isEnabled()
    operators = person.find("idr_condition_operator", QComboBox)
    assert [operators.itemText(n) for n in range(operators.count())] == [
        "is",
        "contains",
    ]
    person.type("idr_value", "CDC20")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("takes one condition")
    assert len(classic.requests.matching("CDC20")) > 0
    assert len(classic.requests) - asked <= 1  # a completion at most


# Facets


def test_facets_count_what_was_found_and_ask_its_pages_alone(
    anna: Person, idr: demo.Archive, below: Callable[[Person], Person]
) -> None:
    anna.choose("idr_key", "Phenotype")
    anna.search(DELAY)
    anna.until(lambda: anna.browser.jobs.count == 0)  # other spellings are looked for
    before = len(idr.requests)

    anna.click("idr_show_facets")
    tree = below(anna).find("idr_facets", QTreeView)
    anna.until(lambda: facet(tree, "Gene Symbol").get("CDC20") == "34")

    assert len(idr.requests) == before + 1
    assert "KIF11" in facet(tree, "Gene Symbol")


def test_the_table_of_wells_comes_forth_from_behind_the_facets(
    anna: Person, below: Callable[[Person], Person]
) -> None:
    anna.find_plate("CDC20", MITOSIS, "DM0001_01")
    anna.click("idr_show_facets")
    desk = below(anna)
    table = desk.find("idr_wells", WellsTableView)
    anna.until(lambda: not table.isVisible())

    anna.click("idr_wells_table_button")

    assert table.isVisible()
    anna.click("idr_show_facets")
    assert not table.isVisible()


def test_a_click_narrows_and_ctrl_leaves_out(
    anna: Person, below: Callable[[Person], Person]
) -> None:
    anna.choose("idr_key", "Phenotype")
    anna.search(DELAY)
    anna.click("idr_show_facets")
    tree = below(anna).find("idr_facets", QTreeView)
    anna.until(lambda: "CDC20" in facet(tree, "Gene Symbol"))

    click_value(tree, "Gene Symbol", "CDC20")
    anna.until_status("and 1 condition", "34 images")
    anna.until(lambda: list(facet(tree, "Gene Symbol")) == ["CDC20"])
    click_value(tree, "Cell Line", "HeLa", Qt.KeyboardModifier.ControlModifier)
    anna.until_status("and 2 conditions", "13 images in 1 study")

    assert anna.rows() == [KINOME]


def test_a_study_is_said_not_to_be_left_out(
    anna: Person, below: Callable[[Person], Person]
) -> None:
    anna.search("CDC20")
    anna.click("idr_show_facets")
    tree = below(anna).find("idr_facets", QTreeView)
    anna.until(lambda: "CDC20" in facet(tree, "Gene Symbol"))

    click_value(tree, "Study", MITOSIS, Qt.KeyboardModifier.ControlModifier)

    anna.until_status("A search can't leave a study out.")


def test_mapr_says_what_a_click_on_a_value_cant_do(
    person: Person, below: Callable[[Person], Person]
) -> None:
    person.search("CDC20")
    person.click("idr_show_facets")
    tree = below(person).find("idr_facets", QTreeView)
    person.until(lambda: facet(tree, "Gene Symbol") == {"CDC20": "34"})

    click_value(tree, "Gene Symbol", "CDC20")
    person.until_status("takes one value at a time", "F3 searches for “CDC20”")
    click_value(tree, "Gene Symbol", "CDC20", Qt.KeyboardModifier.ControlModifier)
    person.until_status("takes one value at a time", "can't leave one out")


def test_facets_of_mapr_are_studies_and_values(
    person: Person, below: Callable[[Person], Person]
) -> None:
    person.search("CDC20")
    person.click("idr_show_facets")
    tree = below(person).find("idr_facets", QTreeView)

    person.until(lambda: facet(tree, "Gene Symbol") == {"CDC20": "34"})

    assert facet(tree, "Study")[MITOSIS] == "16"


def test_tables_of_plates_tell_mapr_facets_after_a_count_and_a_yes(
    person: Person, classic: demo.Archive, below: Callable[[Person], Person]
) -> None:
    person.search("CDC20")
    person.click("idr_show_facets")
    desk = below(person)
    tree = desk.find("idr_facets", QTreeView)
    person.until(lambda: facet(tree, "Gene Symbol") == {"CDC20": "34"})
    person.until(lambda: desk.find("idr_facets_more").isVisible())

    desk.click("idr_facets_more")
    person.until(lambda: "Read the tables of" in desk.text("idr_facets_more"))
    classic.requests.clear()
    told = desk.text("idr_facets_more")
    desk.click("idr_facets_more")
    person.until(lambda: bool(facet(tree, "Phenotype")))
    person.until(lambda: desk.find("idr_facets_more").isHidden())

    tables = len(classic.requests.matching("webgateway/table"))
    assert f"({tables} requests)" in told
    assert DELAY in facet(tree, "Phenotype")
    assert tree.isExpanded(facet_line(tree, "Phenotype"))
    counted = f"; the tables of {tables} of {tables} plates are counted"
    assert desk.text("idr_facets_count").endswith(counted)

    person.search("PLK1")
    person.until(lambda: "PLK1" in facet(tree, "Gene Symbol"))
    person.click("idr_back")
    person.until(lambda: bool(facet(tree, "Phenotype")))  # it is kept


# A filter


def test_results_are_filtered_and_nothing_is_asked(
    anna: Person, idr: demo.Archive
) -> None:
    field = anna.find("idr_results_filter")
    assert not field.isVisible()
    anna.search("CDC20")
    anna.open(MITOSIS)
    anna.select(MITOSIS, anna.rows(anna.line(MITOSIS))[0])
    settle_requests(anna, idr)
    before = len(idr.requests)

    anna.type("idr_results_filter", "KINOME screen")

    assert anna.rows() == [KINOME]
    assert anna.counts() == ["13"]
    anna.press("idr_results_filter", Qt.Key.Key_Escape)
    assert anna.rows() == [MITOSIS, KINOME, TISSUE]
    assert anna.tree.isExpanded(anna.line(MITOSIS))
    settle_requests(anna, idr)
    assert len(idr.requests) == before

    anna.type("idr_results_filter", "kinome")
    anna.search("PLK1")
    assert anna.text("idr_results_filter") == ""
    assert MITOSIS in anna.rows()


# Back and forward


def test_back_and_forward_show_what_is_kept_and_ask_nothing(
    anna: Person, idr: demo.Archive
) -> None:
    anna.search("CDC20")
    anna.open(MITOSIS)
    anna.select(MITOSIS, "DM0001_01")
    plate = anna.text("idr_plate_title")
    anna.search("PLK1")
    anna.until_idle()
    settle_requests(anna, idr)
    before, plk1 = len(idr.requests), anna.rows()

    QTest.keyClick(
        anna.find("idr_results"), Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier
    )
    anna.until(lambda: anna.text("idr_value") == "CDC20")
    assert anna.rows() == [MITOSIS, KINOME, TISSUE]
    assert "DM0001_01" in anna.rows(anna.line(MITOSIS))
    assert anna.tree.currentIndex().data() == "DM0001_01"
    assert anna.text("idr_plate_title") == plate

    anna.click("idr_forward")
    anna.until(lambda: anna.text("idr_value") == "PLK1")
    assert anna.rows() == plk1

    settle_requests(anna, idr)
    assert len(idr.requests) == before
    assert not anna.find("idr_forward").isEnabled()


def settle_requests(person: Person, archive: demo.Archive) -> None:
    """Wait until no more is asked for."""
    person.until_idle()
    seen = [-1]

    def quiet() -> bool:
        before, seen[0] = seen[0], len(archive.requests)
        QTest.qWait(150)
        return before == len(archive.requests)

    person.until(quiet)


# Pivots


def open_menu(person: Person, key: str) -> QMenu:
    """Open the menu of the annotation with a key by the keyboard."""
    table = person.find("idr_annotations", QTableView)
    row = [one[1] for one in person.annotations].index(key)
    model = table.model()
    assert model is not None
    table.setCurrentIndex(model.index(row, 2))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0))
    QApplication.sendEvent(table.viewport(), event)
    menu = table.findChild(QMenu, "idr_pivots")
    assert menu is not None
    return menu


def test_an_annotation_leads_to_the_genes_that_share_it(
    anna: Person, below: Callable[[Person], Person]
) -> None:
    anna.search("CDC20")
    dataset = anna.open(TISSUE)
    anna.open(TISSUE, anna.rows(dataset)[0])
    anna.select(
        TISSUE,
        anna.rows(dataset)[0],
        anna.rows(anna.line(TISSUE, anna.rows(dataset)[0]))[0],
    )

    menu = open_menu(anna, "Phenotype")
    labels = [one.text() for one in menu.actions()]
    [others] = [one for one in menu.actions() if "other genes" in one.text()]
    others.trigger()
    menu.close()
    anna.until_status("and 1 condition")

    assert any(label.startswith("Search for") for label in labels)
    tree = below(anna).find("idr_facets", QTreeView)
    anna.until(lambda: "PLK1" in facet(tree, "Gene Symbol"))
    assert "CDC20" not in facet(tree, "Gene Symbol")


def test_a_key_searches_for_the_value_one_is_at(
    anna: Person, below: Callable[[Person], Person]
) -> None:
    anna.find_plate("CDC20", MITOSIS, "DM0001_01")
    anna.click("idr_wells_table_button")
    anna.until_idle()
    desk = below(anna)
    wells = desk.find("idr_wells", WellsTableView)
    anna.until(lambda: "Phenotype" in wells.wells.names)
    column = wells.wells.names.index("Phenotype")
    texts = [wells.wells.text(row, column) for row in range(wells.wells.rowCount())]
    wells.setCurrentIndex(wells.wells.index(texts.index(DELAY), column))
    QTest.keyClick(wells, Qt.Key.Key_F3)
    anna.until_status(f"“{DELAY}”")

    anna.click("idr_show_facets")
    tree = desk.find("idr_facets", QTreeView)
    anna.until(lambda: "CDC20" in facet(tree, "Gene Symbol"))
    tree.setCurrentIndex(facet_line(tree, "Gene Symbol", "CDC20"))
    QTest.keyClick(tree, Qt.Key.Key_F3)
    anna.until_status("“CDC20”: 34 images")

    legend = desk.find("idr_legend", QListWidget)
    wells.colorWanted.emit("Phenotype")
    anna.until(lambda: bool(legend.findItems(DELAY, Qt.MatchFlag.MatchStartsWith)))
    legend.setCurrentItem(legend.findItems(DELAY, Qt.MatchFlag.MatchStartsWith)[0])
    QTest.keyClick(legend, Qt.Key.Key_F3)
    anna.until_status(f"“{DELAY}”")


def test_a_key_searches_for_an_annotation(anna: Person) -> None:
    anna.search("CDC20")
    dataset = anna.open(TISSUE)
    name = anna.rows(dataset)[0]
    images = anna.open(TISSUE, name)
    anna.select(TISSUE, name, anna.rows(images)[0])
    row = [one[1] for one in anna.annotations].index("Phenotype")
    value = anna.annotations[row][2]
    table = anna.find("idr_annotations", QTableView)
    model = table.model()
    assert model is not None

    table.setCurrentIndex(model.index(row, 2))
    QTest.keyClick(table, Qt.Key.Key_F3)

    anna.until_status(f"“{value}”")
    assert anna.text("idr_value") == value


# Lists of genes


def test_any_list_of_genes_is_answered_in_a_sentence(
    anna: Person, idr: demo.Archive, below: Callable[[Person], Person]
) -> None:
    anna.click("idr_show_genes")
    desk = below(anna)
    edit = desk.find("idr_genes_list", QPlainTextEdit)
    idr.requests.clear()

    def told(text: str) -> str:
        edit.setPlainText(text)
        desk.click("idr_genes_ask")
        anna.until_idle()
        return desk.text("idr_genes_message")

    assert "first" in told("")
    assert "first" in told(" ;\n\t,")
    assert "201 genes are too many" in told(" ".join(f"G{n}" for n in range(201)))
    assert not idr.requests
    assert told("CDC20 CDC20;CDC20") == "1 gene in 3 studies"
    assert told("'CDC20'\t\"PLK1\"") == "2 genes in 3 studies"
    assert told("x" * 10_000) == "1 gene in 0 studies, 1 not found as written"
    assert told('"\\%') == "1 gene in 0 studies, 1 not found as written"


def test_a_list_of_genes_is_counted_and_its_cells_open(
    anna: Person,
    idr: demo.Archive,
    below: Callable[[Person], Person],
    tmp_path: Path,
) -> None:
    anna.click("idr_show_genes")
    desk = below(anna)
    desk.paste("idr_genes_list", "CDC20\nPLK1, NOSUCHGENE\nCdc20b\n")
    before = len(idr.requests)

    desk.click("idr_genes_ask")
    anna.until(lambda: "4 genes in" in desk.text("idr_genes_message"))

    asked = len(idr.requests) - before
    assert asked <= 4 + 2  # and a look-up for what isn't stored so
    table = desk.find("idr_genes", QTableView)
    model = table.model()
    assert model is not None
    titles = [
        model.headerData(column, Qt.Orientation.Horizontal)
        for column in range(model.columnCount())
    ]
    first = [model.index(0, column).data() for column in range(model.columnCount())]
    assert first[:2] == ["CDC20", "34"]
    assert first[titles.index(MITOSIS)] == "16"
    assert model.index(2, len(titles) - 1).data() == "not found"
    assert model.index(3, len(titles) - 1).data().startswith("spelled CDC20B")

    desk.click("idr_genes_ask")
    anna.until_idle()
    assert len(idr.requests) - before == asked  # all is kept

    cell = model.index(0, titles.index(MITOSIS))
    table.setCurrentIndex(cell)
    QTest.keyClick(table, Qt.Key.Key_Return)
    anna.until_status("All 16 thumbnails are here")
    wells = anna.viewer.layers[f"CDC20 in {MITOSIS} gallery wells"].features
    assert set(wells["Study"]) == {MITOSIS}
    assert not anna.rows()  # nothing was searched

    choose(desk, cell, "idr_genes_open")
    anna.until_status("“CDC20”: 34 images")
    anna.until(lambda: anna.tree.currentIndex().data() == MITOSIS)
    assert anna.tree.isExpanded(anna.line(MITOSIS))

    choose(desk, model.index(0, 1), "idr_genes_gallery")
    anna.until_status("All 34 thumbnails are here")


def choose(desk: Person, cell: QModelIndex, name: str) -> None:
    """Choose from the menu of a cell of the genes."""
    menu = desk.find("idr_genes_panel", GenesPanel).menu_at(cell)
    assert menu is not None
    [action] = [one for one in menu.actions() if one.objectName() == name]
    action.trigger()
    menu.close()


# The wells' table


def test_a_cell_of_the_wells_leads_to_the_genes_that_share_it(
    anna: Person, below: Callable[[Person], Person]
) -> None:
    anna.find_plate("CDC20", MITOSIS, "DM0001_01")
    anna.click("idr_wells_table_button")
    anna.until_idle()
    desk = below(anna)
    table = desk.find("idr_wells", WellsTableView)
    anna.until(lambda: "Phenotype" in table.wells.names)
    model, column = table.wells, table.wells.names.index("Phenotype")
    rows = [row for row in range(model.rowCount()) if DELAY in model.text(row, column)]

    menu = table.menu_at(model.index(rows[0], column))
    assert menu is not None
    labels = {one.text(): one for one in menu.actions()}
    labels[f"Search for {DELAY}"].trigger()
    menu.close()
    anna.until_status(f"“{DELAY}”")

    assert "Same phenotype, other genes" in labels
    assert f"Narrow to {DELAY}" in labels
    plain = table.menu_at(model.index(0, table.wells.names.index("well")))
    assert plain is not None
    assert not [one for one in plain.actions() if "Search" in one.text()]
    plain.close()
