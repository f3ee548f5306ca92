"""What napari's status bar and its tooltips say of a layer, told by us.

napari has no public way to say it: it asks `layer.get_status`, a method, and
`layer._get_tooltip_text`. Here alone these are replaced, on one layer, and it is
checked that napari still asks so.

Features are data, and hold texts as the archive has them. Both labels guess whether a
text is HTML, so what they show of features loses its marks. napari's table of features
draws cells as they are, never as markup.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from napari.layers import Layer

from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def set_status(
    layer: Layer, message_at: Callable[[Sequence[float] | None], str]
) -> None:
    """Let the status bar say a message of our own for a position in the world.

    Parameters
    ----------
    layer
        Whose status it is; it stays napari's own where napari has changed, and as it
        is where it has been told before.
    message_at
        Called with a position or None, in napari's thread for the status; where it
        returns "", the status is napari's own.
    """
    if not is_replaceable() or "get_status" in vars(layer):
        return
    napari_s_own = layer.get_status

    def get_status(position: Any = None, **options: Any) -> dict[str, str]:
        status: dict[str, str] = napari_s_own(position, **options)
        if message := message_at(position):
            status |= {"coordinates": message, "coords": message, "value": ""}
        # napari's label guesses whether a text is HTML.
        return {part: plain_text(str(text)) for part, text in status.items()}

    layer.get_status = get_status
    if (napari_s_tooltip := getattr(layer, "_get_tooltip_text", None)) is None:
        return

    def get_tooltip_text(*position: Any, **options: Any) -> str:
        text: str = napari_s_tooltip(*position, **options)
        return "\n".join(map(plain_text, text.splitlines()))

    layer._get_tooltip_text = get_tooltip_text


def is_replaceable() -> bool:
    """Whether napari has the method with the parameter that is used here."""
    method = getattr(Layer, "get_status", None)
    return callable(method) and "position" in inspect.signature(method).parameters
