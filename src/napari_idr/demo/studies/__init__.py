"""The studies of the default world, computed from a few numbers."""

from napari_idr.demo.studies._default_world import MITOSIS_HITS, default_world

__all__ = ["MITOSIS_HITS", "default_world"]
