"""Links: what they name, how they are read, found and written."""

from __future__ import annotations

from napari_idr.services.links.values import is_web_link, split_link

__all__ = ["is_web_link", "split_link"]
