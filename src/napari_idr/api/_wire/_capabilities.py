"""How the answers of a server that has something are told from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node


def is_api_root(answer: Node) -> bool:
    """Tell whether this is where the JSON API says what it has."""
    return "url:screens" in answer or "url:images" in answer


def are_data_sources(answer: Node) -> bool:
    """Tell whether this is the search engine's list of what it has indexed."""
    return answer.is_list and all(
        isinstance(one.value, str) for one in answer.elements()
    )
