"""A project with one image for each way of writing OME-Zarr, broken ones too."""

from dataclasses import replace

from napari_idr.demo.studies.builder import ACQUIRED_S, Builder
from napari_idr.demo.studies.stains import (
    CY3,
    DAPI,
    EIGHT_BIT,
    FLOATING,
    SIGNED,
    TUBULIN,
)
from napari_idr.demo.world import (
    STUDY_NS,
    Channel,
    Dataset,
    Image,
    Look,
    Pairs,
    Project,
)
from napari_idr.demo.zarr.recipes import SAMPLES, Recipe

PROJECT_ID = 3106

DATASETS = (
    (8201, "OME-Zarr 0.1 to 0.3", range(9601, 9610)),
    (8202, "OME-Zarr 0.4", range(9611, 9620)),
    (8203, "OME-Zarr 0.5", range(9621, 9630)),
    (8204, "OME-Zarr, out of order", range(9631, 9640)),
)

RETIRED_ID = 9635
RETIRED = "s3://objects.demo.invalid/idr-demo/zarr/v0.4/9635.zarr?anonymous=true"
"""An object store that is gone; the name can't exist."""

ODD_PATH_ID = 9626
ODD_PATH = "zarr/v0.5/Demo gracilis (SWE) no. 1.ome.zarr"

KINDS: tuple[tuple[str, tuple[Channel, ...]], ...] = (
    ("uint8", EIGHT_BIT),
    ("uint16", (DAPI, TUBULIN, CY3)),
    ("int16", (SIGNED,)),
    ("float", (FLOATING,)),
)
"""Pixel types by the last digit of the image id, modulo four."""


def add_zarr_project(builder: Builder) -> None:
    """Add the project, its datasets and their images."""
    samples = [sample(image_id, recipe) for image_id, recipe in SAMPLES.items()]
    samples.append(replace(samples[0], id=RETIRED_ID, name="gone", zarr=RETIRED))
    for dataset_id, name, ids in DATASETS:
        images = [image for image in samples if image.id in ids]
        builder.datasets[dataset_id] = Dataset(
            id=dataset_id,
            project_id=PROJECT_ID,
            name=name,
            image_ids=tuple(image.id for image in images),
        )
        for image in images:
            builder.images[image.id] = replace(image, parent=("dataset", dataset_id))
    builder.projects[PROJECT_ID] = Project(
        id=PROJECT_ID,
        name="idr0906-demo-zarr/experimentA",
        description="Publication Title\nEvery way of writing OME-Zarr",
        dataset_ids=tuple(dataset_id for dataset_id, _, _ in DATASETS),
    )
    pairs: Pairs = (
        ("Organism", "Homo sapiens"),
        ("Study Title", "Every way of writing OME-Zarr"),
        ("Study Type", "protein localization"),
        ("Imaging Method", "fluorescence microscopy"),
        ("Publication Authors", "Demo A, Example B"),
        ("License", "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"),
    )
    study = builder.pairs(str(PROJECT_ID), STUDY_NS, pairs)
    builder.attach("project", PROJECT_ID, study)


def sample(image_id: int, recipe: Recipe) -> Image:
    """Return the image that suits a recipe: axes it lacks have size 1."""
    pixel_type, channels = KINDS[image_id % 4]
    if "c" in recipe.axes and len(channels) == 1:
        channels = (*channels, replace(channels[0], name="again", color="00FF00"))
    oddity = recipe.fault or ("root" if recipe.root else recipe.axes)
    path = f"zarr/v{recipe.version}/{image_id}.zarr"
    return Image(
        id=image_id,
        name=f"v{recipe.version} {oddity} {recipe.compressor or 'plain'}.zarr",
        size_x=162,
        size_y=121,
        size_z=3 if "z" in recipe.axes else 1,
        size_t=2 if "t" in recipe.axes else 1,
        pixel_type=pixel_type,
        channels=channels if "c" in recipe.axes else channels[:1],
        pixel_size_um=(0.325, 0.325, 1.5 if "z" in recipe.axes else None),
        look=Look(mitotic=0.3, spacing_px=40.0),
        levels=3,
        acquired_s=ACQUIRED_S + image_id,
        zarr=ODD_PATH if image_id == ODD_PATH_ID else path,
    )
