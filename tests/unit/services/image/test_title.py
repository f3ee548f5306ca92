from __future__ import annotations

from napari_idr.model import AnnotationId, ImageId, ImageRef, MapAnnotation
from napari_idr.services.details import ImageRequest
from napari_idr.services.image.title import well_title, well_word


def told(*pairs):
    return MapAnnotation(id=AnnotationId(1), namespace=None, pairs=pairs)


def request(**known):
    return ImageRequest(ref=ImageRef(image_id=ImageId(1)), **known)


def test_an_image_of_no_well_has_its_name():
    assert well_title(request(), [told(("Gene Symbol", "CDC20"))]) is None


def test_a_well_is_followed_by_its_gene():
    title = well_title(
        request(well_label="C4", field=0), [told(("Gene Symbol", "CDC20"))]
    )

    assert title == "C4 · CDC20"


def test_another_field_than_the_first_is_told():
    assert well_title(request(well_label="C4", field=2), []) == "C4, field 3"


def test_without_annotations_the_table_of_the_plate_counts():
    assert well_title(request(well_label="C4", told="ATP1A1"), []) == "C4 · ATP1A1"


def test_a_gene_tells_more_than_a_compound_and_a_compound_more_than_a_control():
    pairs = [("Control Type", "positive"), ("compound name", "taxol"), ("Gene", "KIF")]

    assert well_word([told(*pairs)]) == "KIF"
    assert well_word([told(*pairs[:2])]) == "taxol"
    assert well_word([told(*pairs[:1])]) == "positive"
    assert well_word([told(("Gene", " "), ("Colour", "red"))]) is None


def test_all_genes_of_a_well_are_named_once():
    annotations = [told(("Gene Symbol", "A"), ("Gene Symbol", "B")), told(
        ("Gene Symbol", "A")
    )]  # fmt: skip

    assert well_word(annotations) == "A, B"
