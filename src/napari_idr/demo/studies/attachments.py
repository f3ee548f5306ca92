"""Files and bulk tables of the demo's studies."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from napari_idr.demo.studies.builder import Builder, quality_control
from napari_idr.demo.studies.genes import COMPOUNDS, MITOTIC_GENES, PLAIN_GENES
from napari_idr.demo.world import (
    BULK_NS,
    FileAnnotation,
    ObjectKey,
    Plate,
    Table,
    Well,
)

TERABYTE = 1_065_853_300_065
"""The size of the largest attachment in the IDR: look before you download."""

BLOCK = bytes(65536)

Row = tuple[object, ...]

COLUMNS = (
    ("Plate", "PlateColumn"),
    ("Well", "WellColumn"),
    ("Plate Name", "StringColumn"),
    ("Well Name", "StringColumn"),
    ("Characteristics [Organism]", "StringColumn"),
    ("Gene Symbol", "StringColumn"),
    ("Gene Identifier", "StringColumn"),
    ("Control Type", "StringColumn"),
    ("Quality Control", "StringColumn"),
    ("Has Phenotype", "BoolColumn"),
    ("Phenotype 1", "StringColumn"),
    ("Cell Count", "DoubleColumn"),
    ("Mitotic Index", "DoubleColumn"),
    ("Field Count", "LongColumn"),
)
"""A screen's bulk table; the well names are in small letters, as in the IDR."""

IMAGE_COLUMNS = (
    ("Image", "ImageColumn"),
    ("Dataset Name", "StringColumn"),
    ("Image Name", "StringColumn"),
    ("Width", "LongColumn"),
    ("Height", "LongColumn"),
)

TREATMENTS = {t.name: t for t in (*MITOTIC_GENES, *PLAIN_GENES, *COMPOUNDS)}


def attach_files(builder: Builder) -> None:
    """Attach tables, their CSV sources and other files to the studies."""
    screens = ((3101, 31001), (3102, 31011), (3103, 31021))
    names = {
        3101: "idr0901-screenA-annotation.csv",
        3102: "idr0902 screenA, annotation µ.csv",
        3103: "idr0903-screenB-annotation.csv",
    }
    for screen_id, first in screens:
        rows = _well_rows(builder, screen_id)
        _attach_table(builder, ("screen", screen_id), first, COLUMNS, rows)
        text = _csv(COLUMNS, rows())
        file = _file(first + 1, names[screen_id], text, "text/csv")
        builder.attach("screen", screen_id, builder.add(file))
    image_rows = _image_rows(builder)
    _attach_table(builder, ("project", 3101), 31031, IMAGE_COLUMNS, image_rows)
    huge = FileAnnotation(
        id=31003,
        file_id=41003,
        name="idr0901 processed features.h5",
        size=TERABYTE,
        mimetype="application/x-hdf5",
        content=lambda: _zeros(TERABYTE),
    )
    builder.attach("screen", 3101, builder.add(huge))
    note = _file(31041, "nötes 日本.txt", b"a note\n", "text/plain")
    climbing = _file(31042, "../../up/and away.txt", b"climbing\n", "text/plain")
    builder.attach("image", 9101, builder.add(note))
    builder.attach("image", 9201, builder.add(climbing))


def _attach_table(
    builder: Builder,
    parent: ObjectKey,
    annotation_id: int,
    columns: tuple[tuple[str, str], ...],
    make_rows: Callable[[], tuple[Row, ...]],
) -> None:
    head = b"\x89HDF\r\n\x1a\n" + bytes(2040)
    builder.add(
        FileAnnotation(
            id=annotation_id,
            file_id=annotation_id + 10_000,
            name="bulk_annotations",
            size=len(head),
            mimetype="OMERO.tables",
            content=lambda: [head],
            ns=BULK_NS,
        )
    )
    builder.attach(*parent, annotation_id)
    builder.tables.append(
        Table(
            annotation_id=annotation_id,
            parent=parent,
            columns=columns,
            make_rows=make_rows,
        )
    )


def _file(annotation_id: int, name: str, text: bytes, mimetype: str) -> FileAnnotation:
    return FileAnnotation(
        id=annotation_id,
        file_id=annotation_id + 10_000,
        name=name,
        size=len(text),
        mimetype=mimetype,
        content=lambda: [text],
    )


def _zeros(size: int) -> Iterator[bytes]:
    """Yield so many zeros; the consumer stops when it has had enough."""
    for _ in range(size // len(BLOCK)):
        yield BLOCK
    yield BLOCK[: size % len(BLOCK)]


def _csv(columns: tuple[tuple[str, str], ...], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(name for name, _ in columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _well_rows(builder: Builder, screen_id: int) -> Callable[[], tuple[Row, ...]]:
    plates = [p for p in builder.plates.values() if p.screen_id == screen_id]
    return lambda: tuple(_row(plate, well) for plate in plates for well in plate.wells)


def _row(plate: Plate, well: Well) -> Row:
    treatment = TREATMENTS.get(well.gene, COMPOUNDS[-1])
    mitotic = treatment.mitotic if well.gene else 0.04
    cells = round(110 * (treatment.density if well.gene else 0.85)) + well.id % 9
    gene = well.gene if treatment.identifier.startswith("ENSG") else ""
    arrested = mitotic >= 0.2
    return (
        plate.id,
        well.id,
        plate.name,
        well.label.lower(),
        "Homo sapiens",
        gene,
        treatment.identifier if gene else "",
        well.control,
        quality_control(well),
        arrested,
        "mitotic delay phenotype" if arrested else "",
        cells + 0.5,
        float("nan") if well.id % 67 == 0 else round(mitotic + well.id % 7 / 500, 4),
        len(well.samples),
    )


def _image_rows(builder: Builder) -> Callable[[], tuple[Row, ...]]:
    def rows() -> tuple[Row, ...]:
        return tuple(
            (image.id, dataset.name, image.name, image.size_x, image.size_y)
            for dataset in builder.datasets.values()
            for image in (builder.images[i] for i in dataset.image_ids)
        )

    return rows
