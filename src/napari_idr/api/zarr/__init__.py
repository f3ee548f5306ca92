"""OME-Zarr of an image: where it is, what its metadata say, and its raw pixels.

Importing a module other than `location` and `metadata` loads zarr-python.
"""

from __future__ import annotations
