"""Records of what the archive holds; frozen, and knowing only themselves."""

from __future__ import annotations

from napari_idr.model._annotation import (
    Annotation,
    FileAnnotation,
    MapAnnotation,
)
from napari_idr.model._containers import (
    Dataset,
    ObjectKind,
    ObjectRef,
    Project,
    Screen,
    Study,
)
from napari_idr.model._ids import (
    AnnotationId,
    DatasetId,
    FileId,
    ImageId,
    PlateAcquisitionId,
    PlateId,
    ProjectId,
    RoiId,
    ScreenId,
    ShapeId,
    WellId,
)
from napari_idr.model._image import (
    Channel,
    Image,
    ImageRef,
    PixelSource,
    RenderingWindow,
    complete_channels,
)
from napari_idr.model._plate import (
    FieldRange,
    GridCell,
    Plate,
    PlateAcquisition,
    PlateGrid,
    row_label,
    well_label,
)
from napari_idr.model._roi import (
    Roi,
    Shape,
    ShapeKind,
)
from napari_idr.model._search import (
    Capabilities,
    ContainerHit,
    DatasetCounts,
    DatasetHit,
    PlateCounts,
    PlateHit,
    SearchKey,
    Suggestion,
)
from napari_idr.model._table import (
    Table,
    Value,
)

__all__ = [
    "Annotation",
    "AnnotationId",
    "Capabilities",
    "Channel",
    "ContainerHit",
    "Dataset",
    "DatasetCounts",
    "DatasetHit",
    "DatasetId",
    "FieldRange",
    "FileAnnotation",
    "FileId",
    "GridCell",
    "Image",
    "ImageId",
    "ImageRef",
    "MapAnnotation",
    "ObjectKind",
    "ObjectRef",
    "PixelSource",
    "Plate",
    "PlateAcquisition",
    "PlateAcquisitionId",
    "PlateCounts",
    "PlateGrid",
    "PlateHit",
    "PlateId",
    "Project",
    "ProjectId",
    "RenderingWindow",
    "Roi",
    "RoiId",
    "Screen",
    "ScreenId",
    "SearchKey",
    "Shape",
    "ShapeId",
    "ShapeKind",
    "Study",
    "Suggestion",
    "Table",
    "Value",
    "WellId",
    "complete_channels",
    "row_label",
    "well_label",
]
