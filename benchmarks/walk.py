"""A random walk: minutes of what a person might do, in any order.

It clicks on what there is to be clicked on, types, presses keys, moves over the canvas,
takes layers out, closes the dock and opens it again, and lets napari run for a while or
not at all in between. What goes wrong is told at the end: exceptions in slots and
threads, a GUI thread that waits, messages that are no sentences.
"""

from __future__ import annotations

import faulthandler
import logging
import random
import re
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, QPoint, Qt, QTimer
from qtpy.QtGui import QDesktopServices
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QMessageBox,
    QProgressBar,
    QTabWidget,
    QTreeView,
    QWidget,
)

from benchmarks.soak import DELAY_MS, IDLE_MS, LINES_MS, STUDIES_TAB, rest
from benchmarks.window import opened_window
from support.guards import gui_thread_never_waits, settle
from support.hands import drag, turn_wheel
from support.person import LEFT
from support.remote import remote_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.soak import Log
    from support.person import Person
    from support.window import Window

REST_EVERY = 40
"""Actions from one rest to the next."""

PAUSES_MS = (0, 0, 20, 100, 400, 1500)
"""After an action; a hasty person and a slow one."""

DESK_MS = 150
"""How often dialogs and menus that have opened are seen to."""

PATIENCE_S = 120.0
"""A window that isn't idle and has told nothing new for so long is stuck."""

VALUES = (
    *("CDC20", "cdc", "PLK1", "Homo sapiens", "nocodazole", "mitotic", "xyzzy", ""),
    *("HeLa", "metaphase", "DM", "A1", "10", "> 5", "10 %"),
)

NOT_CLICKED = ("idr_server", "idr_leave")

NO_SENTENCE = re.compile(
    r"Traceback|\b\w+(Error|Exception)\b|object at 0x|NoneType|\berrno\b|<class"
)
"""What no message to a person has in it."""

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier


def walk(minutes: float, seed: int, log: Log) -> list[str]:
    """Walk about for so long; note what the process holds, return what went wrong."""
    faulthandler.enable()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        addresses = [
            stack.enter_context(remote_archive("idr", delay_ms=DELAY_MS)),
            stack.enter_context(remote_archive("classic", delay_ms=DELAY_MS)),
        ]
        troubles = Troubles()
        stack.enter_context(troubles.heard())
        window = stack.enter_context(opened_window())
        window.viewer.add_points([[0, 0]])
        window.paint()
        window.viewer.layers.clear()
        QTest.qWait(IDLE_MS)
        log.add(0, "empty window", window)
        person = window.browse(addresses[0])
        walker = Walker(window, person, addresses, random.Random(seed), folder)
        troubles.walker = walker
        try:
            with gui_thread_never_waits():
                _walk(walker, troubles, 60 * minutes, log)
        except AssertionError as error:
            troubles.add(str(error))
        dock = person.browser.parent()
        if isinstance(dock, QDockWidget):
            dock.destroyOnClose()  # type: ignore[attr-defined]
        settle()
        QTest.qWait(LINES_MS)
        log.add(walker.count, "dock closed", window)
        walker.stop()
        window.close()
        QTest.qWait(IDLE_MS)
        log.add(walker.count, "window closed", None)
    done = ", ".join(f"{name} {n}" for name, n in sorted(walker.done.items()))
    sys.stdout.write(f"{walker.count} actions: {done}\n")
    return troubles.found


def _walk(walker: Walker, troubles: Troubles, seconds: float, log: Log) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = walker.step()
        troubles.look()
        log.add(walker.count, name, walker.window)
        if walker.count % REST_EVERY == 0:
            walker.rest()
            log.add(walker.count, "at rest", walker.window)


class Troubles:
    """What went wrong on a walk."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.walker: Walker | None = None

    def add(self, what: str) -> None:
        """Note something that went wrong, once, and after which actions."""
        trail = () if self.walker is None else self.walker.trail
        if not any(what in one for one in self.found):
            self.found.append(f"{what}\n  after {', '.join(trail)}")
            sys.stderr.write(f"TROUBLE {self.found[-1]}\n")

    def look(self) -> None:
        """Look at the messages of the panel and of napari."""
        assert self.walker is not None
        status = self.walker.person.status
        if NO_SENTENCE.search(status):
            self.add(f"the status is {status!r}")
        for one in notification_manager.records:
            if one.severity.value in ("error", "warning"):
                self.add(f"napari says {one.message!r}")
        notification_manager.records.clear()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear of exceptions that nobody catches, and of errors in the log."""

        def unraisable(args: Any) -> None:
            text = "".join(traceback.format_exception(args.exc_value))
            self.add(f"{args.err_msg}: {text}")

        def hook(kind: Any, error: Any, trace: Any) -> None:
            self.add("".join(traceback.format_exception(kind, error, trace)))

        handler = _Handler(self)
        logger = logging.getLogger("napari_idr")
        logger.addHandler(handler)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "excepthook", hook)
            patch.setattr(sys, "unraisablehook", unraisable)
            patch.setattr(
                threading,
                "excepthook",
                lambda args: hook(args.exc_type, args.exc_value, args.exc_traceback),
            )
            yield
        logger.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, troubles: Troubles) -> None:
        super().__init__(logging.ERROR)
        self._troubles = troubles

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + "".join(traceback.format_exception(record.exc_info[1]))
        self._troubles.add(text)


class Walker:
    """Somebody who does anything at all."""

    def __init__(
        self,
        window: Window,
        person: Person,
        addresses: list[str],
        choice: random.Random,
        folder: Path,
    ) -> None:
        self.window = window
        self.person = person
        self.count = 0
        self.done: Counter[str] = Counter()
        self.trail: tuple[str, ...] = ()
        self._addresses = addresses
        self._choice = choice
        self._desk = Desk(choice, folder)
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(QDesktopServices, "openUrl", lambda url: True)
        pack = folder / "copy.idrpack"
        for name in ("getSaveFileName", "getOpenFileName"):
            self._patch.setattr(QFileDialog, name, lambda *_: (str(pack), ""))
        self._actions: dict[Callable[[], object], int] = {
            self._click: 22,
            self._choose: 8,
            self._type: 6,
            self._use_a_list: 12,
            self._search: 6,
            self._open_plate: 18,
            self._use_the_canvas: 20,
            self._scrub: 4,
            self._take_out: 4,
            self._change_layer: 4,
            self._connect: 2,
            self._paste_link: 4,
            self._switch_tab: 4,
            self._close_dock: 2,
            self._cancel: 3,
            self._leave_alone: 6,
        }

    def stop(self) -> None:
        """Let napari's dialogs be as they were."""
        self._desk.stop()
        self._patch.undo()

    def step(self) -> str:
        """Do one thing, and return what it is called."""
        [action] = self._choice.choices(
            [*self._actions], weights=[*self._actions.values()]
        )
        self.count += 1
        name = action.__name__.strip("_")
        self.done[name] += 1
        self._come_back()
        detail = action()
        name = f"{name} {detail}" if isinstance(detail, str) else name
        self.trail = (*self.trail[-11:], name)
        QTest.qWait(self._choice.choice(PAUSES_MS))
        return name

    def rest(self) -> None:
        """Let all of it end, and take out all layers."""
        self._desk.close_all()
        self._wait_idle()
        rest(self.window, self.person)
        QTest.qWait(IDLE_MS)

    # What there is

    @property
    def _docks(self) -> list[QWidget]:
        """The browser, and what it has opened beside itself."""
        docks = self.window.native.findChildren(QDockWidget)
        inside = (dock.widget() for dock in docks if dock.isVisible())
        return [
            one
            for one in inside
            if one is not None
            and (one.objectName().startswith("idr_") or one is self.person.browser)
        ]

    def _of_kind(self, kind: type[QWidget]) -> list[Any]:
        """Return the widgets of ours that can be seen and used."""
        return [
            one
            for dock in self._docks
            for one in dock.findChildren(kind)
            if one.isVisible()
            and one.isEnabled()
            and one.objectName() not in NOT_CLICKED
            and not one.visibleRegion().isEmpty()
            and not isinstance(one, QHeaderView)
        ]

    def _one_of(self, kind: type[QWidget]) -> Any | None:
        found = self._of_kind(kind)
        return self._choice.choice(found) if found else None

    def _come_back(self) -> None:
        """Open the browser again if it isn't in sight."""
        if not self.person.browser.isVisible():
            self.window.choose_from_menu("Plugins", "IDR", "Browse the IDR")

    def _wait_idle(self) -> None:
        cancel = self.person.find("idr_cancel")
        told, deadline = self._told, time.monotonic() + PATIENCE_S
        while not cancel.isHidden():
            QTest.qWait(20)
            if told != self._told:
                told, deadline = self._told, time.monotonic() + PATIENCE_S
            if time.monotonic() > deadline:
                raise AssertionError(f"stuck at {told} after {self.trail}")

    @property
    def _told(self) -> tuple[str, int]:
        """What the status says, and how far the progress is."""
        return self.person.status, self.person.find(
            "idr_progress", QProgressBar
        ).value()

    # What can be done

    def _click(self) -> str:
        button = self._one_of(QAbstractButton)
        if button is None:
            return ""
        QTest.mouseClick(button, LEFT)
        return str(button.objectName() or button.text())

    def _choose(self) -> str:
        box = self._one_of(QComboBox)
        if box is None or not box.count():
            return ""
        box.setCurrentIndex(self._choice.randrange(box.count()))
        box.activated.emit(box.currentIndex())
        return str(box.objectName())

    def _type(self) -> str:
        line = self._one_of(QLineEdit)
        if line is None or line.isReadOnly():
            return ""
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, CTRL)
        QTest.keyClick(line, Qt.Key.Key_Delete)
        QTest.keyClicks(line, self._choice.choice(VALUES))
        if self._choice.random() < 0.6:
            QTest.keyClick(line, Qt.Key.Key_Return)
        return str(line.objectName())

    def _use_a_list(self) -> str:
        view = self._one_of(QAbstractItemView)
        if view is None or view.model() is None:
            return ""
        index = self._some_line(view)
        if not index.isValid():
            return ""
        view.scrollTo(index)
        place = view.visualRect(index).center()
        viewport = view.viewport()
        how = self._choice.random()
        if how < 0.1:
            view.customContextMenuRequested.emit(place)
            return f"{view.objectName()} menu"
        keys = CTRL if how < 0.2 else SHIFT if how < 0.25 else NO_KEY
        QTest.mouseClick(viewport, LEFT, keys, place)
        if how > 0.6:
            QTest.mouseDClick(viewport, LEFT, keys, place)
        elif how > 0.4 and isinstance(view, QTreeView):
            right = self._choice.random() < 0.8
            QTest.keyClick(view, Qt.Key.Key_Right if right else Qt.Key.Key_Left)
        return str(view.objectName())

    def _some_line(self, view: QAbstractItemView) -> Any:
        """Return a line of a list, or some way down in a tree."""
        model = view.model()
        assert model is not None
        index = view.rootIndex()
        while rows := model.rowCount(index):
            index = model.index(self._choice.randrange(rows), 0, index)
            open_ = isinstance(view, QTreeView) and view.isExpanded(index)
            if not open_ or self._choice.random() < 0.3:
                break
        return index

    def _search(self) -> str:
        if not self.person.find("idr_value").isVisible():
            return ""
        value = self._choice.choice(("CDC20", "PLK1", "CDC20", "Homo sapiens", "zz"))
        self.person.type("idr_value", value)
        if self._choice.random() < 0.3:  # look at what completes it
            QTest.qWait(300)
        self.person.press("idr_value", Qt.Key.Key_Return)
        return value

    def _open_plate(self) -> str:
        """Open the lines of a study, and show one of its plates or images."""
        if self._choice.random() < 0.5 or not self.person.rows():
            self.person.find("idr_tabs", QTabWidget).setCurrentIndex(STUDIES_TAB)
        self._wait_idle()
        rows = self.person.rows()
        if not rows:
            return ""
        study = self._choice.choice(rows)
        tree, model = self.person.tree, self.person.tree.model()
        assert model is not None
        line = self.person.line(study)
        tree.expand(line)
        self._wait_idle()
        below = [name for name in self.person.rows(line) if name != "loading …"]
        if not below:
            return ""
        name = self._choice.choice(below)
        if tree.visualRect(self.person.line(study, name)).isEmpty():
            tree.scrollTo(self.person.line(study, name))
        self.person.click_line(study, name, double=True)
        self._wait_idle()
        further = self.person.rows(self.person.line(study, name))
        if further and "loading …" not in further:  # images of a dataset
            self.person.click_line(
                study, name, self._choice.choice(further), double=True
            )
        if self._choice.random() < 0.7:
            self._wait_idle()
        return study

    def _use_the_canvas(self) -> str:
        canvas = self.window.canvas
        place = self._somewhere()
        what = self._choice.choice(
            ("double", "double", "click", "shift", "wheel", "drag", "key", "zoom")
        )
        if what == "double":
            self.window.double_click(place)
        elif what in ("click", "shift"):
            QTest.mouseMove(canvas, place)
            QTest.mouseClick(canvas, LEFT, SHIFT if what == "shift" else NO_KEY, place)
        elif what == "wheel":
            turn_wheel(canvas, place, self._choice.choice((-3, -1, 1, 4)))
        elif what == "drag":
            drag(canvas, place, self._somewhere())
        elif what == "key":
            arrows = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)
            keys = (*arrows, Qt.Key.Key_Return, Qt.Key.Key_C, Qt.Key.Key_Escape)
            QTest.keyClick(canvas, self._choice.choice(keys))
        else:
            self.window.viewer.reset_view()
        return what

    def _somewhere(self) -> QPoint:
        canvas = self.window.canvas
        return QPoint(
            self._choice.randrange(max(1, canvas.width())),
            self._choice.randrange(max(1, canvas.height())),
        )

    def _scrub(self) -> None:
        dims = self.window.viewer.dims
        for axis in range(dims.ndim - 2):
            steps = int(dims.nsteps[axis])
            for _ in range(self._choice.randrange(8) if steps > 1 else 0):
                dims.set_current_step(axis, self._choice.randrange(steps))
                QTest.qWait(self._choice.choice((0, 10, 100)))

    def _take_out(self) -> str:
        layers = self.window.viewer.layers
        if self._choice.random() < 0.2:
            layers.clear()
            settle()
            return "all"
        if layers:
            layers.remove(self._choice.choice(layers))
            settle()
        return ""

    def _change_layer(self) -> str:
        layers = self.window.viewer.layers
        if not layers:
            return ""
        layer = self._choice.choice(layers)
        what = self._choice.choice(("visible", "contrast", "opacity", "active", "move"))
        if what == "visible":
            layer.visible = not layer.visible
        elif what == "opacity":
            layer.opacity = self._choice.uniform(0.2, 1.0)
        elif what == "active":
            layers.selection.active = layer
        elif what == "move":
            layers.move(layers.index(layer), self._choice.randrange(len(layers)))
        elif hasattr(layer, "contrast_limits") and not getattr(layer, "rgb", False):
            low, high = np.sort(np.random.default_rng(self.count).uniform(0, 255, 2))
            layer.contrast_limits = (low, high + 1)
        return what

    def _connect(self) -> str:
        address = self._choice.choice((*self._addresses, "http://127.0.0.1:9"))
        self.person.connect_to(address)
        if address not in self._addresses:
            QTest.qWait(300)
            self.person.connect_to(self._addresses[0])
        if self._choice.random() < 0.7:
            self._wait_idle()
        return address

    def _paste_link(self) -> str:
        if not self.person.find("idr_value").isVisible():
            return ""
        address = self._choice.choice(self._addresses)
        own = f"idr+http://{address.removeprefix('http://')}"
        link = self._choice.choice(
            (
                f"{own}/image/1900001",
                f"{own}/plate/7101?field=1&well=C4&well=D5&by=gene&value=CDC20",
                f"{own}/image/5",
                "idr0901",
                "http://[broken",
            )
        )
        self.person.paste("idr_value", link)
        self.person.press("idr_value", Qt.Key.Key_Return)
        return link

    def _switch_tab(self) -> None:
        tabs: Any = self.person.find("idr_tabs")
        tabs.setCurrentIndex(self._choice.randrange(tabs.count()))

    def _close_dock(self) -> None:
        dock = self.person.browser.parent()
        if isinstance(dock, QDockWidget):
            dock.destroyOnClose()  # type: ignore[attr-defined]
            settle()

    def _cancel(self) -> None:
        if self.person.find("idr_cancel").isVisible():
            self.person.click("idr_cancel")

    def _leave_alone(self) -> None:
        QTest.qWait(1000)
        self._wait_idle()


class Desk(QObject):
    """Answers the dialogs and menus that open, at random."""

    def __init__(self, choice: random.Random, folder: Path) -> None:
        super().__init__()
        self._choice = choice
        self._folder = folder
        table = "Plate,Well,Mine\nDM0001_01,A1,1\nDM0001_01,B2,2.5\n"
        (folder / "own.csv").write_text(table)
        (folder / "genes.txt").write_text("CDC20\nPLK1\nNOPE\n")
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(DESK_MS)

    def stop(self) -> None:
        """Answer nothing any more."""
        self._timer.stop()

    def close_all(self) -> None:
        """Close what is open."""
        for dialog in self._dialogs():
            dialog.close()
        menu = QApplication.activePopupWidget()
        if menu is not None:
            menu.close()

    def _dialogs(self) -> list[QDialog]:
        windows = [*QApplication.topLevelWidgets()]
        return [one for one in windows if isinstance(one, QDialog) and one.isVisible()]

    def _look(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            if isinstance(popup, QMenu) and self._choice.random() < 0.6:
                actions = [
                    one
                    for one in popup.actions()
                    if one.isEnabled() and not one.isSeparator() and one.menu() is None
                ]
                if actions:
                    popup.close()
                    self._choice.choice(actions).trigger()
                    return
            popup.close()
            return
        for dialog in self._dialogs():
            if isinstance(dialog, QFileDialog):
                self._answer_files(dialog)
            elif isinstance(dialog, QMessageBox):
                self._answer(dialog)
            else:
                dialog.close()

    def _answer_files(self, dialog: QFileDialog) -> None:
        path = self._path(dialog.objectName())
        if path is not None and self._choice.random() < 0.8:
            dialog.fileSelected.emit(str(path))
        dialog.close()

    def _path(self, name: str) -> Path | None:
        """Return a file for a dialog; None where there is none to be opened."""
        folder, number = self._folder, self._choice.randrange(3)
        ending = self._choice.choice(("pdf", "svg", "png"))
        paths = {
            "idr_save_session_dialog": folder / f"{number}.idr.json",
            "idr_open_session_dialog": folder / f"{number}.idr.json",
            "idr_export_dialog": folder / "wells.csv",
            "idr_own_dialog": folder / "own.csv",
            "idr_genes_dialog": folder / "genes.txt",
            "idr_genes_save_dialog": folder / "matrix.csv",
            "idr_figure_dialog": folder / f"figure.{ending}",
            "idr_download_dialog": folder,
        }
        path = paths.get(name)
        opens = name in ("idr_open_session_dialog", "idr_own_dialog")
        return None if path is None or (opens and not path.exists()) else path

    def _answer(self, box: QMessageBox) -> None:
        """Press any button, but refuse what would take hours."""
        buttons = box.buttons()
        if box.objectName() == "idr_save_question" or not buttons:
            box.reject()
        else:
            self._choice.choice(buttons).click()
