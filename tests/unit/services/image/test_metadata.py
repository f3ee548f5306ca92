from __future__ import annotations

import json

from napari_idr.model import (
    AnnotationId,
    Image,
    ImageId,
    ImageRef,
    MapAnnotation,
    PixelSource,
    Plate,
    PlateAcquisition,
    PlateAcquisitionId,
    PlateId,
    Screen,
    ScreenId,
    WellId,
)
from napari_idr.services.image.metadata import idr_metadata
from napari_idr.services.study import StudyCard

SCREEN = Screen(id=ScreenId(102), name="idr0002/screenA")


def everything():
    return idr_metadata(
        server="https://idr.example.org",
        study=SCREEN,
        card=StudyCard(
            title="A study",
            doi_url="https://doi.org/10.1/p",
            data_doi_url="https://doi.org/10.1/d",
            licence="CC BY 4.0",
            licence_url="https://creativecommons.org/licenses/by/4.0/",
        ),
        plate=Plate(id=PlateId(4554), name="LT0001_02"),
        run=PlateAcquisition(id=PlateAcquisitionId(9), name="Run A"),
        field=0,
        well_id=WellId(77),
        well_label="C7",
        image=Image(
            id=ImageId(5), name="µ/[1]", size_x=1, size_y=1, pixel_type="uint8"
        ),
        annotations=[
            MapAnnotation(
                id=AnnotationId(1),
                namespace="openmicroscopy.org/mapr/phenotype",
                pairs=(("Phenotype", "b"), ("Phenotype", "a"), ("Empty", "")),
                parent=SCREEN.ref,
            )
        ],
        pixel_source=PixelSource.RAW,
        web_url="https://idr.example.org/webclient/?show=image-5",
        query=("gene", "CDC20"),
    )


def test_all_of_it_survives_json():
    metadata = everything()

    assert json.loads(json.dumps(metadata)) == metadata


def test_it_names_every_object_on_the_way_to_the_image():
    metadata = everything()

    assert metadata["version"] == 1
    assert metadata["study"] == {"kind": "screen", "id": 102, "name": SCREEN.name}
    assert metadata["plate"] == {"id": 4554, "name": "LT0001_02"}
    assert metadata["run"] == {"id": 9, "name": "Run A"}
    assert metadata["well"] == {"id": 77, "label": "C7"}
    assert metadata["image"] == {"id": 5, "name": "µ/[1]"}
    assert metadata["field"] == 0
    assert metadata["query"] == {"key": "gene", "value": "CDC20"}


def test_it_says_licence_doi_and_what_the_pixels_are():
    metadata = everything()

    assert metadata["licence"] == "CC BY 4.0"
    assert metadata["doi"] == "https://doi.org/10.1/p"
    assert metadata["pixel_source"] == "raw"
    assert "stored intensities" in metadata["pixel_source_words"]


def test_pairs_keep_their_order_and_repeated_keys():
    (annotation,) = everything()["annotations"]

    assert annotation["pairs"] == [
        ["Phenotype", "b"],
        ["Phenotype", "a"],
        ["Empty", ""],
    ]
    assert annotation["namespace"] == "openmicroscopy.org/mapr/phenotype"
    assert annotation["parent"]["kind"] == "screen"


def test_what_isnt_known_is_there_and_none():
    metadata = idr_metadata(server="x", image=ImageRef(image_id=ImageId(3)))

    assert metadata.keys() == everything().keys()
    assert metadata["image"] == {"id": 3, "name": ""}
    assert metadata["well"] is metadata["licence"] is metadata["pixel_source"] is None
    assert metadata["annotations"] == []
