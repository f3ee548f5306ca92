"""The widgets of the browser, one for each thing a person sees."""

from __future__ import annotations
