"""Galleries: the images of a search, of datasets, of plates, as one mosaic."""

from __future__ import annotations
