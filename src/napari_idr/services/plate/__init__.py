"""A plate as it is shown: its wells, its mosaic of thumbnails, its headings."""

from __future__ import annotations
