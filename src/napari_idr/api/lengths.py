"""Lengths with a unit, as the JSON API tells them, in micrometres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_idr.api.node import Node

__all__ = ["MICROMETRES", "length_um"]


MICROMETRES = {
    "METER": 1e6,
    "DECIMETER": 1e5,
    "CENTIMETER": 1e4,
    "MILLIMETER": 1e3,
    "MICROMETER": 1.0,
    "NANOMETER": 1e-3,
    "PICOMETER": 1e-6,
    "ANGSTROM": 1e-4,
    "INCH": 25_400.0,
    "THOU": 25.4,
}
"""One unit in micrometres; PIXEL and REFERENCEFRAME are no lengths."""


def length_um(node: Node | None) -> float | None:
    """Return a length in micrometres, None where it is no number or has no such unit.

    A length is `{"Unit": "MICROMETER", "Value": 0.5, "Symbol": ...}`, as omero-marshal
    writes it.
    """
    if node is None:
        return None
    factor = MICROMETRES.get(node.find("Unit", str) or "")
    value = node.find("Value", float)
    if factor is None or value is None or not math.isfinite(value):
        return None
    return value * factor
