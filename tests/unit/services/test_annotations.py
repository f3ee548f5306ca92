from __future__ import annotations

from napari_idr.model import AnnotationId, MapAnnotation, ObjectRef
from napari_idr.services.annotations import annotation_rows, cells_as_text

IMAGE = ObjectRef(kind="image", id=5)
WELL = ObjectRef(kind="well", id=6)


def annotation(number, namespace, *pairs, parent=IMAGE):
    return MapAnnotation(
        id=AnnotationId(number), namespace=namespace, pairs=pairs, parent=parent
    )


def test_the_study_comes_first_and_the_bulk_last():
    rows = annotation_rows(
        [
            annotation(1, "openmicroscopy.org/omero/bulk_annotations", ("a", "1")),
            annotation(2, None, ("b", "2")),
            annotation(3, "example.org/stains", ("c", "3")),
            annotation(4, "openmicroscopy.org/mapr/phenotype", ("d", "4")),
            annotation(5, "openmicroscopy.org/mapr/gene/supplementary", ("e", "5")),
            annotation(6, "openmicroscopy.org/mapr/gene", ("f", "6")),
            annotation(7, "idr.openmicroscopy.org/study/info", ("g", "7")),
        ]
    )

    assert [row.namespace for row in rows] == [
        "study",
        "gene",
        "gene, more",
        "phenotype",
        "stains",
        "",
        "other",
    ]


def test_repeated_keys_and_empty_values_keep_their_rows():
    pairs = (("Phenotype", "b"), ("Phenotype", "a"), ("Phenotype", "b"), ("x", ""))

    rows = annotation_rows([annotation(1, "n", *pairs)])

    assert tuple((row.key, row.value) for row in rows) == pairs


def test_an_annotation_that_image_and_well_share_is_shown_once():
    rows = annotation_rows(
        [
            annotation(1, "n", ("k", "v")),
            annotation(1, "n", ("k", "v"), parent=WELL),
            annotation(2, "n", ("k", "v"), parent=WELL),
        ]
    )

    assert [row.parent for row in rows] == [IMAGE, WELL]


def test_only_web_addresses_can_be_followed():
    rows = annotation_rows(
        [
            annotation(
                1, "n",
                ("good", "CMPO_1 http://www.ebi.ac.uk/cmpo/CMPO_1"),
                ("bad", "javascript:alert(1)"),
                ("html", "<a href='https://x.org'>x</a>"),
            )
        ]
    )  # fmt: skip

    assert rows[0].url == "http://www.ebi.ac.uk/cmpo/CMPO_1"
    assert rows[1].url is None
    assert rows[0].value == "CMPO_1 http://www.ebi.ac.uk/cmpo/CMPO_1"


def test_rows_are_copied_as_lines_with_tabs():
    cells = {(0, 0): "n", (0, 1): "k\t1", (0, 2): "v\nw", (1, 0): "n", (1, 2): "é"}

    assert cells_as_text(cells) == "n\tk 1\tv w\nn\t\té"
    assert cells_as_text({}) == ""
