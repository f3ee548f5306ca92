from __future__ import annotations

import pytest

from napari_idr.model import (
    AnnotationId,
    MapAnnotation,
    ObjectRef,
    Project,
    ProjectId,
    Screen,
    ScreenId,
)
from napari_idr.services.study import plain_text, study_card

SCREEN = Screen(
    id=ScreenId(102),
    name="idr0002-heriche-condensation/screenA",
    description=(
        "Publication Title\nKernels on graph nodes.\n\n"
        "Screen Description\nHeLa cells &amp; <b>siRNA</b>.\nTwo days."
    ),
)


def said_of(ref, *pairs, namespace="idr.openmicroscopy.org/study/info"):
    return MapAnnotation(
        id=AnnotationId(1), namespace=namespace, pairs=pairs, parent=ref
    )


def test_a_card_is_read_from_the_key_values_of_the_study():
    annotation = said_of(
        SCREEN.ref,
        ("Organism", "Homo sapiens"),
        ("Organism", "Mus musculus"),
        ("Study Title", "Focused mitotic screen"),
        ("Publication Title", "Integration of biological data."),
        ("Publication Authors", "Hériché JK, Lees JG"),
        ("Publication DOI", "10.1091/mbc.E13 https://doi.org/10.1091/mbc.E13"),
        ("Data DOI", "10.17867/1 https://doi.org/10.17867/1"),
        ("License", "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"),
    )

    card = study_card(SCREEN, [annotation], web_url="https://idr.org/?show=screen-102")

    assert card.title == "Focused mitotic screen"
    assert card.publication == "Integration of biological data."
    assert card.authors == "Hériché JK, Lees JG"
    assert card.organism == "Homo sapiens, Mus musculus"
    assert card.doi_url == "https://doi.org/10.1091/mbc.E13"
    assert card.data_doi_url == "https://doi.org/10.17867/1"
    assert card.licence == "CC BY 4.0"
    assert card.licence_url == "https://creativecommons.org/licenses/by/4.0/"
    assert card.is_non_commercial is False
    assert card.web_url == "https://idr.org/?show=screen-102"
    assert card.pairs == annotation.pairs
    assert ("License: CC BY 4.0", card.licence_url) in card.links


def test_the_description_is_plain_text_without_its_headings():
    card = study_card(SCREEN, [])

    assert card.description == "HeLa cells & siRNA.\nTwo days."
    assert card.title == card.publication == "Kernels on graph nodes."


def test_a_description_without_headings_is_kept_whole():
    study = Project(id=ProjectId(1), name="p", description="One line.")

    assert study_card(study, []).description == "One line."


def test_what_a_study_doesnt_tell_is_none():
    card = study_card(Screen(id=ScreenId(1), name="idr0001/screenA"), [])

    assert card.title == "idr0001/screenA"
    assert card.licence is card.doi_url is card.authors is card.description is None
    assert card.is_non_commercial is None
    assert card.links == card.pairs == ()


@pytest.mark.parametrize(
    ("licence", "non_commercial"),
    [
        ("CC BY-NC 4.0 https://creativecommons.org/licenses/by-nc/4.0/", True),
        ("CC BY-NC-SA 3.0", True),
        ("Free for non-commercial use", True),
        ("CC0 1.0", False),
        ("CC BY 4.0", False),
    ],
)
def test_a_licence_tells_whether_money_may_be_made(licence, non_commercial):
    card = study_card(SCREEN, [said_of(SCREEN.ref, ("License", licence))])

    assert card.is_non_commercial is non_commercial


def test_a_doi_without_its_address_gets_one():
    card = study_card(SCREEN, [said_of(SCREEN.ref, ("Publication DOI", "10.1/ab"))])

    assert card.doi_url == "https://doi.org/10.1/ab"


def test_a_link_that_isnt_to_the_web_is_no_link():
    pairs = (("External URL", "javascript:alert(1)"), ("Publication DOI", "ftp://x"))

    card = study_card(SCREEN, [said_of(SCREEN.ref, *pairs)])

    assert card.links == ()
    assert card.doi_url is None


def test_another_study_with_the_same_number_isnt_mixed_in():
    project = ObjectRef(kind="project", id=102, name="another")

    card = study_card(
        SCREEN,
        [
            said_of(project, ("Study Title", "Wrong")),
            said_of(SCREEN.ref, ("Study Title", "Bulk"), namespace="x/bulk"),
        ],
    )

    assert card.title == "Kernels on graph nodes."


def test_a_script_is_not_read_out():
    assert plain_text("a<script>alert('b')</script> c") == "a c"
