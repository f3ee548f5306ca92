"""Synthetic pixels, and the pictures that a server renders from their planes."""

from napari_idr.demo.pixels._planes import DTYPES, Region, draw, plane, stamp

__all__ = ["DTYPES", "Region", "draw", "plane", "stamp"]
