"""An image as it is shown: its source, contrast, layers and metadata."""

from __future__ import annotations
