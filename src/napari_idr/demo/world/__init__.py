"""Frozen records of what the archive holds, and a world that finds them.

Nothing here knows HTTP or pixels. The default world is made by
:func:`napari_idr.demo.studies.default_world`.
"""

from napari_idr.demo.world._per_world import PerWorld
from napari_idr.demo.world._records import (
    BULK_NS,
    MAPR_NS,
    OWNER_ID,
    STUDY_NS,
    Annotation,
    Channel,
    Dataset,
    FileAnnotation,
    Image,
    Kind,
    Look,
    MapAnnotation,
    ObjectKey,
    Pairs,
    Place,
    Plate,
    Project,
    Roi,
    Run,
    Screen,
    Shape,
    Table,
    TextAnnotation,
    Well,
    WellSample,
    row_letters,
)
from napari_idr.demo.world._world import World

__all__ = [
    "BULK_NS",
    "MAPR_NS",
    "OWNER_ID",
    "STUDY_NS",
    "Annotation",
    "Channel",
    "Dataset",
    "FileAnnotation",
    "Image",
    "Kind",
    "Look",
    "MapAnnotation",
    "ObjectKey",
    "Pairs",
    "PerWorld",
    "Place",
    "Plate",
    "Project",
    "Roi",
    "Run",
    "Screen",
    "Shape",
    "Table",
    "TextAnnotation",
    "Well",
    "WellSample",
    "World",
    "row_letters",
]
