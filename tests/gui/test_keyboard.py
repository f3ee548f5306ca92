"""What the keyboard reaches has a name, is marked, and comes in the order one reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.guide import GuideWindow
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.focus import FocusMark, FocusMarker
from napari_idr._qt.panels.forms import LINK_ON_DARK, LINK_ON_LIGHT, link, link_label
from napari_idr._qt.panels.places import LowArea
from napari_idr._qt.wells.dock import WellsDock
from support.guards import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.person import Person

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"

NO_FOCUS = Qt.FocusPolicy.NoFocus


@pytest.fixture
def whole(person: Person) -> Iterator[tuple[Person, WellsDock]]:
    """A person with all panels filled: a plate, an image, selected lines, the wells."""
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    scene = scene_of(person.viewer)
    shown = scene.plates_shown[0]
    scene.wellActivated.emit(shown, shown.plan.grid.cells[2][3])
    person.until_idle()
    dock = WellsDock(person.viewer)
    dock.resize(1000, 260)
    dock.show()
    person.until(lambda: dock.jobs.count == 0)
    settle()
    yield person, dock
    dock.close()
    dock.deleteLater()
    settle()


def focusable(root: QWidget) -> list[QWidget]:
    """Return what takes the keyboard, but for parts that Qt has made of a control."""
    return [
        one
        for one in root.findChildren(QWidget)
        if one.focusPolicy() != NO_FOCUS and not is_part(one, root)
    ]


def is_part(widget: QWidget, root: QWidget) -> bool:
    if widget.isWindow():
        return True
    above = widget.parentWidget()
    kinds = QComboBox | QLineEdit | QAbstractItemView | QTabBar
    while above is not None and above is not root:
        if isinstance(above, kinds):
            return True
        above = above.parentWidget()
    return False


def unnamed(root: QWidget) -> list[str]:
    return [
        f"{type(one).__name__} {one.objectName()}"
        for one in focusable(root)
        if not one.accessibleName()
    ]


def test_all_that_takes_the_keyboard_has_a_name_and_says_what_it_does(
    whole: tuple[Person, WellsDock],
) -> None:
    person, dock = whole
    person.click("idr_help")
    guide = person.viewer.window._qt_window.findChild(GuideWindow)

    assert len(focusable(person.browser)) > 25
    assert len(focusable(dock)) > 8
    for root in (person.browser, dock, guide):
        assert unnamed(root) == []
    guide.close()


@pytest.fixture
def all_open(whole: tuple[Person, WellsDock]) -> tuple[Person, WellsDock]:
    """The same person with all opened that is made when it is asked for."""
    person, own = whole
    own.close()
    window = person.viewer.window._qt_window
    opened = (
        "idr_add_condition",
        "idr_gallery",
        "idr_wells_table_button",
        "idr_show_facets",
        "idr_show_genes",
        "idr_original_files",
        "idr_attached_files",
        "idr_compare",
        "idr_keep_offline",
        "idr_on_disk",
    )
    for name in opened:
        person.until(person.find(name).isEnabled)
        person.click(name)
        person.until_idle()
    person.until(person.find("idr_keep_confirm").isVisible)
    person.click("idr_keep_confirm")
    person.until_status("is kept offline")
    person.until(person.find("idr_packs").isVisible)
    settle()
    [dock] = [one for one in window.findChildren(WellsDock) if one is not own]
    return person, dock


def test_what_is_made_later_has_names_as_well(
    all_open: tuple[Person, WellsDock],
) -> None:
    person, dock = all_open

    for root in (person.browser, dock):
        assert unnamed(root) == []
    for name in ("idr_facets_filter", "idr_genes_list", "idr_wells_filter"):
        assert dock.findChild(QWidget, name) is not None, name
    assert person.browser.findChild(QWidget, "idr_condition_rows") is not None


def test_tab_goes_through_the_browser_from_top_to_bottom_and_back(
    whole: tuple[Person, WellsDock],
) -> None:
    person, _ = whole
    browser = person.browser
    browser.resize(400, 1000)
    browser.activateWindow()
    settle()
    first = person.find("idr_server")
    first.setFocus()
    reached: list[QWidget] = []
    for _step in range(120):
        now = QApplication.focusWidget()
        assert now is not None
        if len(reached) > 1 and now is reached[0]:
            break  # once round
        if now not in reached:  # a label has a stop for each of its links
            reached.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    else:
        pytest.fail("Tab doesn't come round")

    names = [one.objectName() for one in reached]
    cards = person.find("idr_details", QAbstractScrollArea).viewport()
    assert cards is not None
    # What lies in the cards scrolls, so it is compared with its like.
    scrolls = [cards.isAncestorOf(one) for one in reached]
    tops = [one.mapTo(browser, one.rect().topLeft()).y() for one in reached]
    for expected in ("idr_value", "idr_results", "idr_show_plate", "idr_annotations"):
        assert expected in names, names
    # Those in one row differ by their frames.
    ups = [
        (names[n], names[n + 1])
        for n in range(len(tops) - 1)
        if scrolls[n] == scrolls[n + 1] and tops[n + 1] < tops[n] - 12
    ]
    assert ups == []


def test_shift_tab_goes_through_the_browser_from_bottom_to_top(
    whole: tuple[Person, WellsDock],
) -> None:
    person, _ = whole
    person.browser.activateWindow()
    settle()
    reached = walked(person.find("idr_annotations"), Qt.Key.Key_Backtab)

    names = [one.objectName() for one in reached]
    links = names.index("idr_study_links")
    assert names.count("idr_study_links") == 1
    assert names[links + 1] == "idr_export_figure"
    assert "idr_server" in names[links:], names


@pytest.mark.parametrize("words", ["{}", "{} · {}", "or {}, {}", "or {}"])
@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_a_label_of_links_is_left_after_its_last(
    qtbot: QtBot, words: str, key: Qt.Key
) -> None:
    panel = QWidget()
    qtbot.addWidget(panel)
    links = link_label("links", "Links")
    places = [
        link(f"link {n}", f"https://a.b/{n}", links) for n in range(words.count("{}"))
    ]
    links.setText(words.format(*places))
    before, after = QLineEdit(), QLineEdit()
    layout = QVBoxLayout(panel)
    for one in (before, links, after):
        layout.addWidget(one)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)

    steps = [before if key == Qt.Key.Key_Tab else after]
    steps[0].setFocus()
    chosen = []
    while (len(steps) < 8 and steps[-1] is not steps[0]) or len(steps) == 1:
        QTest.keyClick(steps[-1], key)
        steps.append(QApplication.focusWidget())
        if steps[-1] is links and links.hasSelectedText():
            chosen.append(links.selectedText())

    assert steps[-2] is (after if key == Qt.Key.Key_Tab else before)
    told = [f"link {n}" for n in range(len(places))]
    assert chosen == (told if key == Qt.Key.Key_Tab else told[::-1])


def walked(first: QWidget, key: Qt.Key, most: int = 200) -> list[QWidget]:
    """Return what a key reaches until it comes round, each once where it stays."""
    first.setFocus()
    reached: list[QWidget] = []
    for _step in range(most):
        now = QApplication.focusWidget()
        assert now is not None
        if len(reached) > 1 and now is reached[0]:
            return reached
        if not reached or now is not reached[-1]:
            reached.append(now)
        QTest.keyClick(now, key)
    pytest.fail(f"doesn't come round: {[one.objectName() for one in reached]}")


def test_what_has_the_keyboard_is_marked(person: Person) -> None:
    mark = person.browser.findChild(FocusMark)
    assert mark is not None

    for name in ("idr_search", "idr_results", "idr_help"):
        widget = person.find(name)
        widget.setFocus()
        settle()
        assert mark.widget() is widget
        assert mark.isVisible()
        before = mark.grab().toImage()
        assert any(
            before.pixelColor(x, 1).alpha() > 0 for x in range(before.width())
        ), name


def test_another_control_is_marked_once_the_marked_one_is_gone(qtbot: QtBot) -> None:
    panel = QWidget()
    qtbot.addWidget(panel)
    edits = [QLineEdit(), QLineEdit(), QLineEdit()]
    layout = QVBoxLayout(panel)
    for edit in edits:
        layout.addWidget(edit)
    FocusMarker(panel)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)

    for _ in range(2):
        edits[0].setFocus()
        settle()
        edits.pop(0).deleteLater()
        settle()

    edits[0].setFocus()
    [mark] = panel.findChildren(FocusMark)
    assert mark.widget() is edits[0]
    assert mark.isVisible()


@pytest.fixture
def low_area(
    qtbot: QtBot,
) -> Iterator[tuple[QLineEdit, QScrollArea, list[QLineEdit]]]:
    """Yield a line, and below it a low area with many more, scrolled to its end."""
    panel, inside = QWidget(), QWidget()
    qtbot.addWidget(panel)
    area = LowArea(inside)
    lines = QVBoxLayout(inside)
    edits = [QLineEdit() for _ in range(12)]
    for edit in edits:
        lines.addWidget(edit)
    outside = QLineEdit()
    layout = QVBoxLayout(panel)
    for one in (outside, area):
        layout.addWidget(one)
    FocusMarker(area)
    panel.resize(300, 150)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    area.ensureWidgetVisible(edits[-1])
    outside.setFocus()
    yield outside, area, edits
    panel.close()


def is_in_sight(edit: QWidget) -> bool:
    return edit.visibleRegion().boundingRect() == edit.rect()


def test_what_tab_reaches_from_another_dock_is_in_sight(
    low_area: tuple[QLineEdit, QScrollArea, list[QLineEdit]],
) -> None:
    outside, _, edits = low_area
    assert not is_in_sight(edits[0])

    QTest.keyClick(outside, Qt.Key.Key_Tab)

    assert edits[0].hasFocus()
    assert is_in_sight(edits[0])


def test_what_is_pressed_stays_where_it_is(
    low_area: tuple[QLineEdit, QScrollArea, list[QLineEdit]],
) -> None:
    _, area, edits = low_area
    bar = area.verticalScrollBar()
    assert bar is not None
    bar.setValue(edits[2].geometry().center().y())  # its half is in sight
    before = bar.value()

    QTest.mousePress(
        edits[2], Qt.MouseButton.LeftButton, pos=edits[2].rect().bottomLeft()
    )

    assert edits[2].hasFocus()
    assert bar.value() == before
    QTest.mouseRelease(edits[2], Qt.MouseButton.LeftButton)


SIDES = ("left", "top", "right", "bottom")
MARK_COLORS = [QColor(one).getRgb() for one in (LINK_ON_DARK, LINK_ON_LIGHT)]
COARSE = 8
"""Steps of a colour on a screen of 16 bits."""


def is_mark(color: QColor) -> bool:
    seen = color.getRgb()
    return any(
        all(abs(one - other) <= COARSE for one, other in zip(seen, mark, strict=True))
        for mark in MARK_COLORS
    )


def sides_seen(widget: QWidget) -> list[str]:
    """Return the sides of a control that are in the colour of the mark."""
    window = widget.window()
    seen = window.grab().toImage()
    corner = widget.mapTo(window, QPoint(0, 0))
    x, y = corner.x(), corner.y()
    right, bottom = x + widget.width() - 1, y + widget.height() - 1
    # A fifth in: there are no arrows of combo boxes, and no ends of scroll bars.
    over, down = x + widget.width() // 5, y + widget.height() // 2
    places = ((x, down), (over, y), (right, down), (over, bottom))
    return [
        side
        for side, place in zip(SIDES, places, strict=True)
        if is_mark(seen.pixelColor(*place))
    ]


def bring_into_sight(widget: QWidget) -> None:
    """Turn to the tab that a control is on, and scroll to it."""
    inside, above = widget, widget.parentWidget()
    while above is not None:
        if isinstance(above, QTabWidget) and (page := above.indexOf(inside)) >= 0:
            above.setCurrentIndex(page)
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        inside = above if not isinstance(above.parentWidget(), QTabWidget) else inside
        above = above.parentWidget()


def unmarked(root: QWidget) -> dict[str, list[str]]:
    """Return which sides are seen of what takes the keyboard, if not all four are."""
    root.activateWindow()
    settle()
    wrong: dict[str, list[str]] = {}
    for one in focusable(root):
        bring_into_sight(one)
        settle()
        is_tabs = one.focusProxy() is not None  # its bar is among the rest
        if is_tabs or not one.isVisible() or not one.isEnabled():
            continue
        one.setFocus()
        settle()
        seen = sides_seen(one)
        if seen != list(SIDES):
            wrong[f"{type(one).__name__} {one.objectName()}"] = seen
    return wrong


def test_all_four_sides_of_the_mark_are_seen(whole: tuple[Person, WellsDock]) -> None:
    person, dock = whole
    person.browser.resize(420, 1000)
    dock.resize(1000, 400)

    assert unmarked(person.browser) == {}
    assert unmarked(dock) == {}


def test_all_four_sides_are_seen_of_what_is_made_later_as_well(
    all_open: tuple[Person, WellsDock],
) -> None:
    person, dock = all_open
    person.browser.resize(420, 1000)
    window = dock.window()
    window.resize(1200, 1000)
    window.show()

    assert unmarked(person.browser) == {}
    assert unmarked(dock) == {}


def buttons(root: QWidget) -> Iterator[QPushButton | QToolButton]:
    """Yield the buttons that can be pressed, each once it has the keyboard."""
    root.activateWindow()
    settle()
    for one in focusable(root):
        if isinstance(one, QPushButton | QToolButton):
            bring_into_sight(one)
            settle()
            if one.isVisible() and one.isEnabled():
                one.setFocus()
                settle()
                assert one.hasFocus(), one.objectName()
                yield one


def is_pressed_by(button: QPushButton | QToolButton, key: Qt.Key) -> bool:
    """Whether a key presses a button; nobody else is told of it."""
    was_checkable = button.isCheckable()
    before = button.blockSignals(True)
    button.setCheckable(True)
    checked = button.isChecked()
    QTest.keyClick(button, key)
    pressed = button.isChecked() != checked
    button.setChecked(checked)
    button.setCheckable(was_checkable)
    button.blockSignals(before)
    return pressed


def opened_by(menu: QMenu, button: QWidget, key: Qt.Key, held: object) -> str:
    """Return what is active in a menu that a key opens, "" if it stays closed."""
    QTest.keyClick(button, key, held)
    active = menu.activeAction() if menu.isVisible() else None
    is_first = active is not None and active is menu.actions()[0]
    menu.close()
    settle()
    return active.text() if active is not None and is_first else ""


MENU_KEYS = [
    (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier),
    (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_Menu, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier),
]
ARROWS = [Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right]


def test_all_buttons_are_pressed_and_their_menus_opened_by_keys(
    all_open: tuple[Person, WellsDock],
) -> None:
    person, dock = all_open
    dock.window().resize(1200, 1000)
    dock.window().show()
    seen: list[str] = []
    with_menu: list[str] = []
    wrong: list[tuple[str, object]] = []
    for root in (person.browser, dock):
        for button in buttons(root):
            name, menu = button.objectName(), button.menu()
            seen.append(name)
            keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
            wrong.extend((name, key) for key in keys if not is_pressed_by(button, key))
            if menu is not None:
                with_menu.append(name)
                wrong.extend(
                    (name, keys)
                    for keys in MENU_KEYS
                    if not opened_by(menu, button, *keys)
                )
            for key in ARROWS:
                if menu is None or key != Qt.Key.Key_Down:
                    QTest.keyClick(button, key)
                    if not button.hasFocus():
                        wrong.append((name, key))
                        button.setFocus()

    assert len(seen) > 20, seen
    assert {"idr_copy_link", "idr_copy_citation", "idr_export_figure"} <= set(with_menu)
    assert wrong == []


def test_a_button_that_comes_later_has_its_keys_too(qtbot: QtBot) -> None:
    panel = QWidget()
    qtbot.addWidget(panel)
    layout = QVBoxLayout(panel)
    FocusMarker(panel)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    for kind in (QPushButton, QToolButton):
        button = kind()
        layout.addWidget(button)
        menu = QMenu(button)
        first = menu.addAction("first")
        button.setMenu(menu)
        settle()
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_F4)
        assert menu.activeAction() is first
        menu.close()
        button.deleteLater()
        settle()


def in_row_with(button: QWidget, root: QWidget) -> list[QWidget]:
    """Return what else takes the keyboard in the innermost row, or what it lies in."""
    above = button.parentWidget()
    while above is not None:
        found = [one for one in focusable(above) if one.isVisible() and one.isEnabled()]
        others = [one for one in found if one is not button and not is_part(one, root)]
        if others or above is root:
            return others
        above = above.parentWidget()
    return []


def test_a_menu_opens_above_its_button_where_there_is_no_room_below(
    qtbot: QtBot,
) -> None:
    panel = QWidget()
    qtbot.addWidget(panel)
    button = QToolButton()
    menu = QMenu(button)
    for name in ("first", "second", "third"):
        menu.addAction(name)
    button.setMenu(menu)
    QVBoxLayout(panel).addWidget(button)
    FocusMarker(panel)
    panel.show()
    screen = panel.screen()
    assert screen is not None
    panel.move(100, screen.geometry().bottom() - panel.height())
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    button.setFocus()

    QTest.keyClick(button, Qt.Key.Key_F4)

    assert menu.isVisible()
    assert menu.geometry().bottom() < button.mapToGlobal(QPoint(0, 0)).y()
    menu.close()


@pytest.mark.parametrize("way", ["hides", "disables"])
def test_a_button_that_goes_hands_the_keyboard_to_what_is_beside_it(
    all_open: tuple[Person, WellsDock], way: str
) -> None:
    person, dock = all_open
    dock.window().resize(1200, 1000)
    dock.window().show()
    seen: list[str] = []
    far: dict[str, str] = {}
    for root in (person.browser, dock):
        for button in buttons(root):
            near = in_row_with(button, root)
            if way == "hides":
                button.hide()
            else:
                button.setEnabled(False)
            settle()
            now = QApplication.focusWidget()
            seen.append(button.objectName())
            if now not in near:
                far[seen[-1]] = "" if now is None else now.objectName()
            button.setEnabled(True)
            button.show()
            settle()

    assert len(seen) > 20
    assert far == {}


def test_closing_and_undoing_it_hand_the_keyboard_to_each_other(
    whole: tuple[Person, WellsDock],
) -> None:
    person, dock = whole
    dock.close()
    person.browser.activateWindow()
    settle()
    close, back = person.find("idr_close_all"), person.find("idr_bring_back")
    close.setFocus()

    QTest.keyClick(close, Qt.Key.Key_Return)
    settle()
    assert back.hasFocus()

    QTest.keyClick(back, Qt.Key.Key_Return)
    person.until_status("there again")
    person.until(close.hasFocus)
    assert back.isHidden()


@pytest.mark.parametrize("name", ["idr_results", "idr_annotations", "idr_wells"])
def test_the_first_arrow_chooses_the_first_line(
    whole: tuple[Person, WellsDock], name: str
) -> None:
    person, dock = whole
    root = dock if name == "idr_wells" else person.browser
    view = root.findChild(QAbstractItemView, name)
    model = view.model()
    first = model.index(0, 0)
    view.setCurrentIndex(first)
    view.clearSelection()
    settle()

    QTest.keyClick(view, Qt.Key.Key_Down)
    chosen = view.selectedIndexes()
    QTest.keyClick(view, Qt.Key.Key_Down)

    assert first in chosen
    assert first not in view.selectedIndexes()
    assert view.currentIndex() in view.selectedIndexes()


def test_coming_to_the_results_by_tab_chooses_no_line_and_asks_nothing(
    person: Person, classic: demo.Archive
) -> None:
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until_idle()
    person.browser.activateWindow()
    settle()
    asked = len(classic.requests)

    person.tree.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    person.until_idle()

    assert person.tree.hasFocus()
    assert not person.tree.currentIndex().isValid()
    assert len(classic.requests) == asked
    assert not person.find("idr_study").isVisible()

    QTest.keyClick(person.tree, Qt.Key.Key_Down)
    person.until(person.find("idr_study").isVisible)
    first = person.tree.currentIndex()
    assert (first.row(), first.parent().isValid()) == (0, False)
    assert person.tree.selectionModel().isRowSelected(0)


def test_areas_that_scroll_are_reached_where_they_can_scroll_only(
    person: Person,
) -> None:
    area = person.find("idr_details", QAbstractScrollArea)

    assert area.focusPolicy() == NO_FOCUS or area.accessibleName()
