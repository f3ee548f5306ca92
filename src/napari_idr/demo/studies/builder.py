"""A builder that collects the objects of a world, and fills plates from a plan."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

from napari_idr.demo.studies.genes import Treatment
from napari_idr.demo.world import (
    BULK_NS,
    MAPR_NS,
    Annotation,
    Channel,
    Dataset,
    Image,
    Kind,
    Look,
    MapAnnotation,
    ObjectKey,
    Pairs,
    Plate,
    Project,
    Roi,
    Run,
    Screen,
    Table,
    Well,
    WellSample,
    World,
    row_letters,
)

FIRST_MAP_ANNOTATION_ID = 40001
ACQUIRED_S = 1218084801
"""When the first image was taken; each one is a second later."""


@dataclass
class Builder:
    """Collects objects; :meth:`world` freezes them."""

    screens: dict[int, Screen] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    datasets: dict[int, Dataset] = field(default_factory=dict)
    plates: dict[int, Plate] = field(default_factory=dict)
    images: dict[int, Image] = field(default_factory=dict)
    annotations: dict[int, Annotation] = field(default_factory=dict)
    links: dict[ObjectKey, list[int]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    make_rois: dict[int, Callable[[], tuple[Roi, ...]]] = field(default_factory=dict)
    _shared: dict[tuple[str, str | None, Pairs], int] = field(default_factory=dict)

    def attach(self, kind: Kind, object_id: int, *annotation_ids: int) -> None:
        """Attach annotations to an object."""
        self.links.setdefault((kind, object_id), []).extend(annotation_ids)

    def add(self, annotation: Annotation) -> int:
        """Add an annotation; return its id."""
        self.annotations[annotation.id] = annotation
        return annotation.id

    def pairs(self, study: str, ns: str | None, pairs: Pairs) -> int:
        """Return the map annotation of these pairs, one for a whole study."""
        key = (study, ns, pairs)
        if key not in self._shared:
            annotation_id = FIRST_MAP_ANNOTATION_ID + len(self._shared)
            self._shared[key] = annotation_id
            self.add(MapAnnotation(id=annotation_id, ns=ns, pairs=pairs))
        return self._shared[key]

    def world(self, *, page_size: int) -> World:
        """Freeze what was collected."""
        return World(
            screens=MappingProxyType(self.screens),
            projects=MappingProxyType(self.projects),
            datasets=MappingProxyType(self.datasets),
            plates=MappingProxyType(self.plates),
            images=MappingProxyType(self.images),
            annotations=MappingProxyType(self.annotations),
            links=MappingProxyType({k: tuple(v) for k, v in self.links.items()}),
            tables=tuple(self.tables),
            make_rois=MappingProxyType(self.make_rois),
            page_size=page_size,
        )


@dataclass(frozen=True, kw_only=True)
class WellPlan:
    """What a well holds: treatments (two share a well now and then)."""

    treatments: tuple[Treatment, ...]
    control: str = ""
    comments: tuple[str, ...] = ()
    absent_fields: int = 0
    """How many of the last fields were not imaged."""
    thumbnail_fails: bool = False


@dataclass(frozen=True, kw_only=True)
class PlatePlan:
    """A plate to be filled; ``plan(row, column)`` is None where a well is absent."""

    id: int
    screen_id: int
    study: str
    name: str
    rows: int
    columns: int
    fields: int
    first_image_id: int
    first_well_id: int
    size: tuple[int, int]
    channels: tuple[Channel, ...]
    plan: Callable[[int, int], WellPlan | None]
    pixel_size_um: float | None = 0.645
    spacing_px: float = 62.0
    treated_with: str = "gene"
    cell_line: str = "HeLa"
    runs: tuple[Run, ...] = ()
    zarr: str | None = None
    acquired: bool = True
    description: str = ""


def add_plate(builder: Builder, plan: PlatePlan) -> Plate:
    """Fill a plate: wells, images, annotations."""
    wells: list[Well] = []
    image_id = plan.first_image_id
    for row in range(plan.rows):
        for column in range(plan.columns):
            content = plan.plan(row, column)
            if content is None:
                continue
            well_id = plan.first_well_id + row * plan.columns + column
            well, images = _well(plan, content, row, column, well_id, image_id)
            image_id += plan.fields
            wells.append(well)
            builder.images.update((image.id, image) for image in images)
            linked = _well_annotations(builder, plan, content, well)
            builder.attach("well", well_id, *linked)
            for image in images:
                builder.attach("image", image.id, *linked)
    plate = Plate(
        id=plan.id,
        screen_id=plan.screen_id,
        name=plan.name,
        description=plan.description,
        rows=plan.rows,
        columns=plan.columns,
        wells=tuple(wells),
        runs=plan.runs,
        zarr=plan.zarr,
    )
    builder.plates[plate.id] = plate
    return plate


def _well(
    plan: PlatePlan,
    content: WellPlan,
    row: int,
    column: int,
    well_id: int,
    first_image_id: int,
) -> tuple[Well, list[Image]]:
    label = f"{row_letters(row)}{column + 1}"
    width, height = plan.size
    step_um = plan.pixel_size_um or 1.0
    effect = max(content.treatments, key=lambda treatment: treatment.mitotic)
    images: list[Image] = []
    samples: list[WellSample] = []
    for index in range(plan.fields - content.absent_fields):
        image_id = first_image_id + index
        run = plan.runs[index * len(plan.runs) // plan.fields] if plan.runs else None
        samples.append(
            WellSample(
                id=image_id + 1000,
                image_id=image_id,
                run_id=None if run is None else run.id,
                x_um=(column * 9000.0) + (index % 2) * width * step_um,
                y_um=(row * 9000.0) + (index // 2) * height * step_um,
            )
        )
        images.append(
            Image(
                id=image_id,
                name=f"{plan.name} [Well {label}; Field #{index + 1}]",
                size_x=width,
                size_y=height,
                channels=plan.channels,
                pixel_size_um=(plan.pixel_size_um, plan.pixel_size_um, None),
                look=Look(
                    mitotic=effect.mitotic,
                    density=effect.density,
                    spacing_px=plan.spacing_px,
                ),
                parent=("well", well_id),
                acquired_s=ACQUIRED_S + image_id % 100_000 if plan.acquired else None,
                imported_s=1463515200 + image_id % 100_000,
                zarr=(
                    None
                    if plan.zarr is None
                    else f"{plan.zarr}/{row_letters(row)}/{column + 1}/{index}"
                ),
                has_thumbnail=not (content.thumbnail_fails and index == 0),
            )
        )
    well = Well(
        id=well_id,
        plate_id=plan.id,
        row=row,
        column=column,
        samples=tuple(samples),
        gene=content.treatments[0].name,
        control=content.control,
    )
    return well, images


def _well_annotations(
    builder: Builder, plan: PlatePlan, content: WellPlan, well: Well
) -> list[int]:
    """Make the annotations of a well and of each of its images."""
    maps: list[tuple[str, Pairs]] = [
        (MAPR_NS + "organism", (("Organism", "Homo sapiens"),)),
        (MAPR_NS + "cell_line", (("Cell Line", plan.cell_line),)),
    ]
    for treatment in content.treatments:
        if treatment.name:
            maps += treatment_maps(treatment, plan.treated_with)
    effect = max(content.treatments, key=lambda treatment: treatment.mitotic)
    maps += phenotype_maps(effect)
    bulk = (
        ("Plate", plan.name),
        ("Well", well.label),
        ("Control Type", content.control),
        ("Quality Control", quality_control(well)),
        ("Channels", "; ".join(c.name or "" for c in plan.channels)),
        *(("Comment", text) for text in content.comments),
    )
    maps.append((BULK_NS, bulk))
    return [builder.pairs(plan.study, ns, pairs) for ns, pairs in maps]


def quality_control(well: Well) -> str:
    """Return what a study says of the images of a well."""
    return "fail" if well.id % 41 == 0 else "pass"


def treatment_maps(treatment: Treatment, treated_with: str) -> list[tuple[str, Pairs]]:
    """Return the annotations that name a treatment."""
    if treated_with == "compound":
        named: Pairs = (("Compound Name", treatment.name),)
        if treatment.identifier:
            number = treatment.identifier.partition(":")[2]
            url = f"https://pubchem.ncbi.nlm.nih.gov/compound/{number}"
            named += (("Compound PubChem CID", number), ("Compound PubChem URL", url))
        return [(MAPR_NS + "compound", named)]
    gene: Pairs = ()
    if treatment.identifier:
        url = f"http://www.ensembl.org/id/{treatment.identifier}"
        gene = (("Gene Identifier", treatment.identifier), ("Gene Identifier URL", url))
    gene += (("Gene Symbol", treatment.name),)
    sirna: Pairs = (
        ("siRNA Identifier", f"siDEMO-{treatment.name}-1"),
        ("siRNA Identifier", f"siDEMO-{treatment.name}-2"),
        ("siRNA Pool Identifier", ""),
    )
    return [(MAPR_NS + "gene", gene), (MAPR_NS + "sirna", sirna)]


def phenotype_maps(effect: Treatment) -> list[tuple[str, Pairs]]:
    """Return the annotations that name what was seen."""
    seen: list[tuple[str, str]] = []
    if effect.mitotic >= 0.2:
        seen.append(("mitotic delay phenotype", "CMPO_0000201"))
    if effect.mitotic >= 0.7:
        seen.append(("round cells; “bright” nuclei", "CMPO_0000118"))
    return [
        (
            MAPR_NS + "phenotype",
            (
                ("Phenotype", name),
                ("Phenotype Term Name", name),
                ("Phenotype Term Accession", accession),
                (
                    "Phenotype Term Accession URL",
                    f"http://www.ebi.ac.uk/cmpo/{accession}",
                ),
            ),
        )
        for name, accession in seen
    ]
