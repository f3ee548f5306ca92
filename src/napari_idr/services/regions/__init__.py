"""Regions of interest and label images as layers."""

from __future__ import annotations
