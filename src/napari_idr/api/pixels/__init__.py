"""The pixels of images, from the best source that answers."""

from __future__ import annotations
