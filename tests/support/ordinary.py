"""napari's own operations, as its menus and buttons do them, and what they complain."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari._app_model import get_app_model
from napari._app_model.actions._layerlist_context_actions import (
    LAYERLIST_CONTEXT_ACTIONS,
)
from napari.utils.notifications import NotificationSeverity, notification_manager

if TYPE_CHECKING:
    from collections.abc import Iterator

    import napari
    import pytest

OURS_TO_WARN = (UserWarning, RuntimeWarning)

_ACTIONS = {action.id: action for action in LAYERLIST_CONTEXT_ACTIONS}


def is_offered(viewer: napari.Viewer, command: str) -> bool:
    """Whether the menu of the layer list offers a command for what is selected."""
    condition = _ACTIONS[f"napari.layer.{command}"].enablement
    return condition is None or bool(condition.eval(viewer.layers._ctx))


def layer_command(command: str) -> None:
    """Choose a command from the menu of the layer list."""
    run(f"napari.layer.{command}")


def run(command: str) -> None:
    """Run a command of napari's menus."""
    get_app_model().commands.execute_command(command).result()


class Complaints(logging.Handler):
    """What was raised, logged as an error, warned of or shown as a notification."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(f"logged: {record.getMessage()}")

    def raised(self, kind: Any, error: Any, trace: Any) -> None:
        lines = traceback.format_exception(kind, error, trace)
        self.found.append(f"raised: {''.join(lines)}")


@contextmanager
def complaints(monkeypatch: pytest.MonkeyPatch) -> Iterator[Complaints]:
    """Collect all complaints within the block."""
    heard = Complaints()
    logging.getLogger().addHandler(heard)
    monkeypatch.setattr(sys, "excepthook", heard.raised)
    before = len(notification_manager.records)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield heard
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a complaint
        heard.raised(type(error), error, error.__traceback__)
    finally:
        logging.getLogger().removeHandler(heard)
        monkeypatch.undo()
    heard.found += [
        f"warned: {one.message}"
        for one in warned
        if issubclass(one.category, OURS_TO_WARN)
    ]
    heard.found += [
        f"notified: {note.message}"
        for note in list(notification_manager.records)[before:]
        if note.severity >= NotificationSeverity.WARNING
    ]
