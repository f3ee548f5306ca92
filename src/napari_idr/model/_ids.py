"""Types of identifiers, one for each kind of object."""

from __future__ import annotations

from typing import NewType

ScreenId = NewType("ScreenId", int)
ProjectId = NewType("ProjectId", int)
DatasetId = NewType("DatasetId", int)
PlateId = NewType("PlateId", int)
PlateAcquisitionId = NewType("PlateAcquisitionId", int)
WellId = NewType("WellId", int)
ImageId = NewType("ImageId", int)
AnnotationId = NewType("AnnotationId", int)
FileId = NewType("FileId", int)
RoiId = NewType("RoiId", int)
ShapeId = NewType("ShapeId", int)

NO_WELL = WellId(-1)
"""The well of an image that is in none, as OMERO's tables write it."""
