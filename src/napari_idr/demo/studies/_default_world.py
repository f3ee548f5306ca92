"""The studies of the default world: three screens, a project, an umbrella.

Everything follows from a few numbers here, so ids and contents are the same at
each start. Names, authors and DOIs are invented.
"""

from functools import cache

from napari_idr.demo.studies.attachments import attach_files
from napari_idr.demo.studies.builder import Builder, PlatePlan, WellPlan, add_plate
from napari_idr.demo.studies.genes import (
    CDC20,
    COMPOUNDS,
    MITOTIC_GENES,
    PLAIN_GENES,
    UNTREATED,
    Treatment,
    treatment,
)
from napari_idr.demo.studies.specimens import add_tissue_project
from napari_idr.demo.studies.stains import CY3, DAPI, FOCI, TUBULIN
from napari_idr.demo.studies.zarr_samples import add_zarr_project
from napari_idr.demo.world import (
    STUDY_NS,
    Kind,
    Pairs,
    Plate,
    Project,
    Run,
    Screen,
    TextAnnotation,
    World,
)

MITOSIS_ID = 3101
KINOME_ID = 3102
COMPOUND_ID = 3103
TISSUE_ID = 3101
"""Ids are unique per kind only: this project has the number of a screen."""
UMBRELLA_ID = 3105

CC_BY = "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"
CC_BY_NC = "CC BY-NC 4.0 https://creativecommons.org/licenses/by-nc/4.0/"

NEGATIVE, POSITIVE = "negative control", "positive control"

MITOSIS_HITS: dict[tuple[int, int], tuple[Treatment, ...]] = {
    (2, 3): (CDC20,),
    (2, 4): (CDC20,),
    (5, 8): (CDC20,),
    (3, 6): (MITOTIC_GENES[1],),
    (6, 2): (MITOTIC_GENES[1],),
    (1, 9): (MITOTIC_GENES[6],),
    (4, 5): (MITOTIC_GENES[3],),
    (6, 7): (MITOTIC_GENES[5],),
    (1, 1): (MITOTIC_GENES[9], MITOTIC_GENES[8]),
}
"""Row and column of the hits of the first plate; one well has two genes."""


@cache
def default_world(page_size: int = 500) -> World:
    """Return the world that the demo serves when not told otherwise.

    Parameters
    ----------
    page_size
        Where lists of the web client are cut without a mark; the IDR's is 500.
    """
    builder = Builder()
    _add_mitosis_screen(builder)
    _add_kinome_screen(builder)
    _add_compound_screen(builder)
    add_tissue_project(builder, TISSUE_ID)
    add_zarr_project(builder)
    builder.projects[UMBRELLA_ID] = Project(
        id=UMBRELLA_ID, name="idr0905-demo-umbrella", description=""
    )
    _describe(builder)
    attach_files(builder)
    return builder.world(page_size=page_size)


def _controls(
    row: int, column: int, columns: int, positive: Treatment
) -> WellPlan | None:
    if column == 0:
        return WellPlan(treatments=(UNTREATED,), control=NEGATIVE)
    if column == columns - 1:
        if row % 2 == 0:
            return WellPlan(treatments=(positive,), control=POSITIVE)
        return WellPlan(treatments=(UNTREATED,), control=NEGATIVE)
    return None


def _mitosis_well(row: int, column: int) -> WellPlan:
    if control := _controls(row, column, 12, MITOTIC_GENES[2]):
        if (row, column) == (0, 0):
            return WellPlan(
                treatments=control.treatments,
                control=control.control,
                comments=(
                    "edge well, “dry” at 37 °C <b>bold</b> & 'quoted'",
                    "second look: µm-sized debris 細胞",
                ),
            )
        return control
    treatments = MITOSIS_HITS.get((row, column))
    return WellPlan(
        treatments=treatments or (treatment(row, column, PLAIN_GENES),),
        absent_fields=1 if (row, column) in {(7, 3), (7, 4)} else 0,
        thumbnail_fails=(row, column) == (3, 10),
    )


def _add_mitosis_screen(builder: Builder) -> None:
    study = "mitosis"
    add_plate(
        builder,
        PlatePlan(
            id=7101, screen_id=MITOSIS_ID, study=study, name="DM0001_01",
            rows=8, columns=12, fields=4, first_image_id=1900001,
            first_well_id=600001, size=(672, 512), channels=(CY3, DAPI),
            plan=_mitosis_well, zarr="zarr/v0.4/plates/7101.zarr",
            description="siRNA, 48 h, four fields a well",
        ),
    )  # fmt: skip
    runs = (
        Run(id=8551, plate_id=7102, name="Run A", started_s=1463500000,
            ended_s=1463503600),
        Run(id=8552, plate_id=7102, name=None, started_s=1463590000,
            ended_s=1463593600),
    )  # fmt: skip

    def in_the_middle(row: int, column: int) -> WellPlan | None:
        if not (1 <= row <= 3 and 2 <= column <= 5):
            return None
        if column == 2:
            return WellPlan(treatments=(UNTREATED,), control=NEGATIVE)
        if (row, column) == (3, 5):
            return WellPlan(treatments=(UNTREATED,), control=NEGATIVE, absent_fields=4)
        return WellPlan(treatments=(MITOTIC_GENES[(row + column) % 4],))

    add_plate(
        builder,
        PlatePlan(
            id=7102, screen_id=MITOSIS_ID, study=study,
            name="DM0002_02 two runs/[µ]", rows=8, columns=12, fields=4,
            first_image_id=1901001, first_well_id=600201, size=(672, 512),
            channels=(CY3, DAPI), plan=in_the_middle, runs=runs, acquired=False,
        ),
    )  # fmt: skip
    builder.plates[7103] = Plate(
        id=7103, screen_id=MITOSIS_ID, name="DM0003 (no wells)", rows=8, columns=12
    )
    builder.screens[MITOSIS_ID] = Screen(
        id=MITOSIS_ID,
        name="idr0901-demo-mitosis/screenA",
        description=_description(
            "Screen",
            "Genes whose silence rounds up cells: a made-up mitotic screen",
            "HeLa cells, siRNA of single genes; nuclei (DAPI) and actin (Cy3).\n"
            "Ten genes of mitosis leave round, bright cells: 96 wells, 4 fields.",
        ),
        plate_ids=(7101, 7102, 7103),
    )


def _kinome_well(row: int, column: int) -> WellPlan:
    if control := _controls(row, column, 24, MITOTIC_GENES[1]):
        return control
    place = row * 24 + column
    if place % 53 == 20:
        return WellPlan(treatments=(CDC20,))
    if place % 37 == 11:
        return WellPlan(treatments=(MITOTIC_GENES[place % len(MITOTIC_GENES)],))
    return WellPlan(
        treatments=(treatment(row, column, PLAIN_GENES),),
        thumbnail_fails=(row, column) == (9, 14),
    )


def _kinome_well_unless_missing(row: int, column: int) -> WellPlan | None:
    if row in (0, 15) or column in (0, 23) or (row * 7 + column * 5) % 11 == 0:
        return None
    if column == 1:
        return WellPlan(treatments=(UNTREATED,), control=NEGATIVE)
    return _kinome_well(row, column)


def _add_kinome_screen(builder: Builder) -> None:
    add_plate(
        builder,
        PlatePlan(
            id=7201, screen_id=KINOME_ID, study="kinome",
            name="KN384 missing/wells é [1]", rows=16, columns=24, fields=1,
            first_image_id=1902001, first_well_id=601001, size=(1344, 1024),
            channels=(DAPI, TUBULIN, CY3), plan=_kinome_well_unless_missing,
            pixel_size_um=0.323, spacing_px=124.0, cell_line="U2OS",
        ),
    )  # fmt: skip
    add_plate(
        builder,
        PlatePlan(
            id=7202, screen_id=KINOME_ID, study="kinome", name="KN384-02",
            rows=16, columns=24, fields=1, first_image_id=1903001,
            first_well_id=602001, size=(1080, 1080),
            channels=(DAPI, TUBULIN, CY3, FOCI), plan=_kinome_well,
            pixel_size_um=0.325, spacing_px=118.0, cell_line="U2OS",
        ),
    )  # fmt: skip
    builder.screens[KINOME_ID] = Screen(
        id=KINOME_ID,
        name="idr0902-demo-kinome/screenA",
        description=_description(
            "Screen",
            "Four stains on 384 wells",
            "U2OS cells; DNA, tubulin, actin and foci of γ-H2AX.",  # noqa: RUF001
        ),
        plate_ids=(7201, 7202),
    )


def _compound_well(row: int, column: int) -> WellPlan:
    if column in (0, 47):
        if row % 4 == 3:
            return WellPlan(treatments=(COMPOUNDS[0],), control=POSITIVE)
        return WellPlan(treatments=(UNTREATED,), control=NEGATIVE)
    place = row * 48 + column
    if place % 29 == 13:
        return WellPlan(treatments=(COMPOUNDS[place % 4],))
    return WellPlan(treatments=(treatment(row, column, COMPOUNDS[4:]),))


def _add_compound_screen(builder: Builder) -> None:
    add_plate(
        builder,
        PlatePlan(
            id=7301, screen_id=COMPOUND_ID, study="compound",
            name="CP1536 α {batch 3}",  # noqa: RUF001
            rows=32, columns=48, fields=1,
            first_image_id=1905001, first_well_id=604001, size=(512, 512),
            channels=(DAPI, CY3), plan=_compound_well, treated_with="compound",
            pixel_size_um=0.8, spacing_px=58.0,
        ),
    )  # fmt: skip
    builder.screens[COMPOUND_ID] = Screen(
        id=COMPOUND_ID,
        name="idr0903-demo-compound/screenB",
        description=_description(
            "Screen", "Compounds on 1536 wells", "HeLa cells, 24 h in compound."
        ),
        plate_ids=(7301,),
    )


def _description(kind: str, title: str, text: str) -> str:
    return f"Publication Title\n{title}\n\n{kind} Description\n{text}"


def _study_pairs(
    kind: str, number: str, title: str, license_: str, organism: str
) -> Pairs:
    doi = f"10.99999/demo.{number}"
    return (
        ("Sample Type", "cell" if kind == "screen" else "tissue"),
        ("Organism", organism),
        *((("Organism", "Danio rerio"),) if kind == "experiment" else ()),
        ("Study Title", title),
        ("Study Type", "high content screen" if kind == "screen" else "histology"),
        *(
            (("Screen Type", "RNAi screen"), ("Screen Technology Type", "RNAi screen"))
            if kind == "screen"
            else ()
        ),
        ("Imaging Method", "fluorescence microscopy"),
        ("Publication Title", title),
        ("Publication Authors", "Demo A, Example B, Müller-Beispiel C"),
        ("PubMed ID", ""),
        ("Publication DOI", f"{doi} https://doi.org/{doi}"),
        ("Data DOI", f"10.99999/idr{number} https://doi.org/10.99999/idr{number}"),
        ("Release Date", "2016-05-17"),
        ("License", license_),
        ("Copyright", "Demo A et al"),
        ("Annotation File", f"idr{number}-annotation.csv"),
    )


def _describe(builder: Builder) -> None:
    """Attach the study key-values and the tag of converted studies."""
    human = "Homo sapiens"
    studies: tuple[tuple[Kind, int, Pairs], ...] = (
        ("screen", MITOSIS_ID, _study_pairs(
            "screen", "0901", "Genes whose silence rounds up cells", CC_BY, human)),
        ("screen", KINOME_ID, _study_pairs(
            "screen", "0902", "Four stains on 384 wells", CC_BY, human)),
        ("screen", COMPOUND_ID, _study_pairs(
            "screen", "0903", "Compounds on 1536 wells", CC_BY_NC, human)),
        ("project", TISSUE_ID, _study_pairs(
            "experiment", "0904", "Every kind of image in one project", CC_BY, human)),
    )  # fmt: skip
    for kind, object_id, pairs in studies:
        builder.attach(kind, object_id, builder.pairs(str(object_id), STUDY_NS, pairs))
    odd: Pairs = (("Note", "same"), ("Note", "same"), ("", "no key"), ("No value", ""))
    builder.attach("screen", MITOSIS_ID, builder.pairs("odd", None, odd))
    tag = TextAnnotation(id=30001, ns=None, text="OME-NGFF: converted to OME-Zarr")
    comment = TextAnnotation(
        id=30002, ns=None, text="please look again <i>here</i>", kind="comment"
    )
    builder.add(tag)
    builder.add(comment)
    builder.attach("screen", MITOSIS_ID, tag.id)
    builder.attach("project", TISSUE_ID, tag.id)
    builder.attach("image", 9101, comment.id)
