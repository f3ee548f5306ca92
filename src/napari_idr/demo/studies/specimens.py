"""The demo's project: one image of every kind, in datasets."""

from dataclasses import replace

from napari_idr.demo.studies.builder import (
    ACQUIRED_S,
    Builder,
    phenotype_maps,
    treatment_maps,
)
from napari_idr.demo.studies.genes import CDC20, PLAIN_GENES, Treatment
from napari_idr.demo.studies.rois import kinds_of_shape, one_ellipse_a_cell
from napari_idr.demo.studies.stains import (
    BRIGHTFIELD,
    CY3,
    DAPI,
    EIGHT_BIT,
    FLOATING,
    SECTION_STAINS,
    SEVEN,
    SIGNED,
    TUBULIN,
    UNNAMED,
)
from napari_idr.demo.world import MAPR_NS, Dataset, Image, Look, Pairs, Project

ZEBRAFISH_CDC20 = Treatment("cdc20", "ENSDARG00000100741", 0.5, 0.8)
"""The same letters in small: another gene, of another species."""

TUMOUR = Look(mitotic=0.1, spacing_px=52.0, packing=1.5, tissue=True)
SECTION = Look(mitotic=0.02, density=0.95, spacing_px=34.0, packing=1.35)

STACKS = (
    Image(
        id=9101, name="stack c3 z5 t7.ome.tiff", size_x=256, size_y=200, size_z=5,
        size_t=7, channels=(DAPI, TUBULIN, CY3), pixel_size_um=(0.1, 0.1, 0.5),
        look=Look(mitotic=0.5, spacing_px=56.0), zarr="zarr/v0.5/9101.zarr",
    ),
    Image(
        id=9102, name="deep stack c7 z40 t100", size_x=512, size_y=512, size_z=40,
        size_t=100, channels=SEVEN, pixel_size_um=(0.11, 0.11, 0.3),
        look=Look(mitotic=0.12, spacing_px=84.0), zarr="zarr/v0.4/9102.zarr",
    ),
    Image(
        id=9103, name="time lapse t30", size_x=512, size_y=400, size_t=30,
        channels=(DAPI, CY3), pixel_size_um=(0.4, 0.4, None),
        look=Look(mitotic=0.3), zarr="/data/ngff/9103.zarr",
    ),
)  # fmt: skip
"""The last one's Zarr is a path on the server: nobody else can reach it."""

KINDS = (
    Image(
        id=9201, name="H&E brightfield €uro.png", size_x=640, size_y=480,
        description="<script>alert(1)</script> & more", pixel_type="uint8",
        channels=BRIGHTFIELD, look=SECTION,
    ),
    Image(
        id=9202, name="float.dv", size_x=256, size_y=192, pixel_type="float",
        channels=(FLOATING,), pixel_size_um=(0.2, 0.2, None),
        zarr="zarr/v0.4/9202.zarr",
    ),
    Image(
        id=9203, name="8 bit, two channels", size_x=400, size_y=300,
        pixel_type="uint8", channels=EIGHT_BIT, pixel_size_um=(0.5, 0.5, None),
        look=Look(mitotic=0.2, spacing_px=50.0), zarr="zarr/v0.4/9203.zarr",
    ),
    Image(
        id=9204, name="no pixel size, no channel names", size_x=672, size_y=512,
        channels=UNNAMED,
    ),
    Image(
        id=9205, name="a name without pixels", has_pixels=False, has_thumbnail=False,
    ),
    Image(
        id=9206, name="one pixel", size_x=1, size_y=1, channels=(DAPI,),
        zarr="zarr/v0.4/9206.zarr",
    ),
    Image(
        id=9207, name="signed.tif", size_x=320, size_y=240, pixel_type="int16",
        channels=(SIGNED,), pixel_size_um=(0.25, 0.25, None),
        zarr="zarr/v0.5/9207.zarr",
    ),
    Image(
        id=9208, name="thousands of regions", size_x=2560, size_y=2160,
        channels=(DAPI, CY3), pixel_size_um=(0.65, 0.65, None),
        look=Look(mitotic=0.15, density=1.0, spacing_px=33.0),
    ),
)  # fmt: skip

PYRAMIDS = (
    Image(
        id=9301, name="section 100000 x 80000.ndpi [Series 1]", size_x=100_000,
        size_y=80_000, channels=SECTION_STAINS,
        pixel_size_um=(0.25, 0.25, None), look=TUMOUR, levels=10,
        magnification=40.0, zarr="zarr/v0.4/9301.zarr",
    ),
    Image(
        id=9302, name="slide.svs [Series 1]", size_x=6000, size_y=5000,
        pixel_type="uint8", channels=BRIGHTFIELD, pixel_size_um=(0.5, 0.5, None),
        look=replace(SECTION, tissue=True), levels=6, magnification=20.0,
        zarr="zarr/v0.5/9302.zarr",
    ),
)  # fmt: skip

KNOCK_DOWNS = tuple(
    Image(
        id=9501 + index, name=f"knock-down {treatment.name or 'control'} #{index + 1}",
        size_x=800, size_y=600, channels=(DAPI, TUBULIN),
        pixel_size_um=(0.32, 0.32, 1.0),
        look=Look(mitotic=treatment.mitotic, density=treatment.density),
        zarr=f"zarr/v0.4/{9501 + index}.zarr" if index < 2 else None,
    )
    for index, treatment in enumerate(
        (CDC20, CDC20, CDC20, PLAIN_GENES[0], PLAIN_GENES[1], ZEBRAFISH_CDC20)
    )
)  # fmt: skip

DATASETS = (
    (8101, "stacks/z and t", STACKS),
    (8102, "kinds of image [8 bit, float & RGB]", KINDS),
    (8103, "large/pyramids", PYRAMIDS),
    (8104, "empty", ()),
    (8105, "knock-down 細胞 [CDC20]", KNOCK_DOWNS),
)


def add_tissue_project(builder: Builder, project_id: int) -> None:
    """Add the project, its datasets and their images."""
    for dataset_id, name, images in DATASETS:
        builder.datasets[dataset_id] = Dataset(
            id=dataset_id,
            project_id=project_id,
            name=name,
            image_ids=tuple(image.id for image in images),
        )
        for image in images:
            builder.images[image.id] = replace(
                image,
                parent=("dataset", dataset_id),
                acquired_s=None if image.id == 9201 else ACQUIRED_S + image.id,
                imported_s=1463515200 + image.id,
            )
    builder.projects[project_id] = Project(
        id=project_id,
        name="idr0904-demo-tissue/experimentA",
        description=(
            "Publication Title\nEvery kind of image in one project\n\n"
            "Experiment Description\nStacks, pyramids, colours; nothing is real."
        ),
        dataset_ids=tuple(dataset_id for dataset_id, _, _ in DATASETS),
    )
    _annotate(builder)
    builder.make_rois[9101] = lambda: kinds_of_shape(builder.images[9101])
    builder.make_rois[9203] = lambda: kinds_of_shape(builder.images[9203])
    builder.make_rois[9208] = lambda: one_ellipse_a_cell(builder.images[9208])


def _annotate(builder: Builder) -> None:
    study = "tissue"
    treated = {9101: CDC20, 9102: PLAIN_GENES[2], 9103: CDC20} | {
        9501: CDC20, 9502: CDC20, 9503: CDC20, 9504: PLAIN_GENES[0],
        9505: PLAIN_GENES[1], 9506: ZEBRAFISH_CDC20,
    }  # fmt: skip
    for image_id, treatment in treated.items():
        fish = treatment is ZEBRAFISH_CDC20
        organism = "Danio rerio" if fish else "Homo sapiens"
        maps: list[tuple[str, Pairs]] = [
            (MAPR_NS + "organism", (("Organism", organism),)),
            *treatment_maps(treatment, "gene"),
            *phenotype_maps(treatment),
        ]
        builder.attach(
            "image", image_id, *(builder.pairs(study, ns, p) for ns, p in maps)
        )
    antibody = (
        ("Antibody Name", "anti-α-tubulin & friends"),  # noqa: RUF001
        ("Antibody Identifier", "DM1A-demo"),
        ("Antibody Identifier URL", "javascript:alert(1)"),
    )
    builder.attach("image", 9201, builder.pairs(study, MAPR_NS + "antibody", antibody))
