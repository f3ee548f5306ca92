"""What a search or a list of studies shows: lines of a tree."""

from __future__ import annotations
