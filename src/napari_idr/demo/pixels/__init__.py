"""Pixels drawn by rule, and planes as the pictures that a server makes of them."""

from napari_idr.demo.pixels._planes import DTYPES, Region, draw, plane, stamp

__all__ = ["DTYPES", "Region", "draw", "plane", "stamp"]
