"""What is put into the viewer."""

from __future__ import annotations
