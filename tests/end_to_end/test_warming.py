"""Letters that are drawn ahead, in a real window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr._qt.layers import warming

if TYPE_CHECKING:
    import pytest

    from napari_idr import demo
    from support.window import Window


def test_letters_are_drawn_before_a_title_needs_them(
    window: Window, idr: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "LETTERS", "AZaz09()")
    known = window.viewer.window._qt_viewer.canvas.font_info()
    font = known.font_manager.get_font(known.face)
    drawn: list[str] = []
    before = type(font)._load_char

    def load(self: Any, letter: str) -> None:
        drawn.append(letter)
        before(self, letter)

    monkeypatch.setattr(type(font), "_load_char", load)
    person = window.browse(idr.url)
    person.until(lambda: drawn == list("AZaz09()"))
