"""Uses of the public API that the type checker has to accept, or to refuse.

Checked by mypy, never run. A refusal is a `type: ignore` that must be needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_idr import AnyOf, CancelToken, Condition, IDRClient, IDRError, cite
from napari_idr.api import ImagePixels
from napari_idr.model import (
    Capabilities,
    ContainerHit,
    Facets,
    FileAnnotation,
    Image,
    ImageId,
    ImageRef,
    MapAnnotation,
    Plate,
    PlateAcquisitionId,
    PlateGrid,
    PlateId,
    Project,
    Screen,
    ScreenId,
    Table,
    WellId,
    WellSample,
)


def answers_have_types(client: IDRClient, cancel: CancelToken) -> None:
    assert_type(client.capabilities(), Capabilities)
    assert_type(client.studies(cancel=cancel), tuple[Screen | Project, ...])
    assert_type(client.search("gene", "CDC20"), tuple[ContainerHit, ...])
    assert_type(client.plates(ScreenId(1)), tuple[Plate, ...])
    assert_type(client.plate_grid(PlateId(1), field=2), PlateGrid)
    assert_type(client.well_samples(WellId(1)), tuple[WellSample, ...])
    assert_type(client.image(ImageId(1)), Image)
    assert_type(client.table(plate=PlateId(1)), Table)
    assert_type(client.map_annotations(well=WellId(1)), tuple[MapAnnotation, ...])
    assert_type(client.wells(PlateId(1), key="gene", value="CDC20"), pd.DataFrame)
    for one in client.search_images("gene", "CDC20"):
        assert_type(one, ImageRef)
    for image_id, thumbnail in client.thumbnails([ImageId(1)]):
        assert_type(image_id, ImageId)
        assert_type(thumbnail, NDArray[np.uint8] | IDRError)


def conditions_narrow_a_search(client: IDRClient) -> None:
    gene = Condition("Gene Symbol", "in a list", ["CDC20", "PLK1"])
    either = AnyOf(
        Condition("Phenotype", "is", "binuclear"),
        Condition("Phenotype", "contains", "mitotic"),
    )
    assert_type(client.search(conditions=[gene, either]), tuple[ContainerHit, ...])
    for one in client.search_images("gene", "CDC20", conditions=[either]):
        assert_type(one, ImageRef)
    for step in client.facets(conditions=[gene]):
        assert_type(step, Facets)
    Condition("Gene Symbol", "equals", "CDC20")  # type: ignore[arg-type]
    AnyOf(gene, "CDC20")  # type: ignore[arg-type]


def wells_are_measured_by_a_function_of_their_pixels(client: IDRClient) -> None:
    def source(pixels: ImagePixels) -> str:
        return pixels.source

    found = client.map_wells(PlateId(1), source, scheduler="processes")
    assert_type(found, pd.DataFrame)
    client.wells(PlateId(1), own=found)
    client.map_wells(PlateId(1), len)  # type: ignore[arg-type]
    client.wells(WellId(1))  # type: ignore[arg-type]


def files_are_brought_to_a_path(client: IDRClient, file: FileAnnotation) -> None:
    assert_type(client.download(file, "here"), Path)
    assert_type(client.download(file, Path("here"), overwrite=True), Path)


def a_client_is_a_context_manager() -> None:
    with IDRClient("idr.openmicroscopy.org", cache=False, at_once=2) as client:
        assert_type(client, IDRClient)


def numbers_of_different_things_are_told_apart(client: IDRClient) -> None:
    client.plate(WellId(1))  # type: ignore[arg-type]
    client.plates(PlateId(1))  # type: ignore[arg-type]
    client.plate_grid(PlateId(1), run=PlateId(2))  # type: ignore[arg-type]
    client.plate_grid(PlateId(1), run=PlateAcquisitionId(2))


def options_are_named(client: IDRClient) -> None:
    client.plate_grid(PlateId(1), 2)  # type: ignore[call-arg]
    client.studies(CancelToken())  # type: ignore[call-arg]


def what_to_cite_is_a_text(metadata: dict[str, object]) -> None:
    assert_type(cite(metadata), str)
    assert_type(cite([metadata, metadata], style="csl-json"), str)
    cite(metadata, style="apa")  # type: ignore[arg-type]
