from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_idr
from napari_idr.model import ImageId, ImageRef, Screen, ScreenId
from napari_idr.services.cite import STYLES, cite, cite_card
from napari_idr.services.image.metadata import idr_metadata
from napari_idr.services.study import StudyCard

IDR_DOI = "10.1038/nmeth.4326"
IDR_URL = "https://idr.openmicroscopy.org"


def metadata(server: str = IDR_URL, name: str = "idr0002-a/screenA", **card: str):
    given = {
        "title": "Focused mitotic screen",
        "authors": "Hériché JK, Lees JG",
        "publication": "Integration of biological data.",
        "released": "2016-05-17",
        "doi_url": "https://doi.org/10.1091/mbc.E13",
        "data_doi_url": "https://doi.org/10.17867/10000118",
        "licence": "CC BY 4.0",
    }
    return idr_metadata(
        server=server,
        study=Screen(id=ScreenId(102), name=name),
        card=StudyCard(name=name, **{**given, **card}),
    )


def layer(**of_study: str):
    return SimpleNamespace(metadata={"idr": metadata(**of_study)})


def read_bibtex(text: str) -> dict[str, dict[str, str]]:
    """Read entries as BibTeX does: fields end where their braces do."""
    entries, at = {}, 0
    while (found := re.compile(r"\s*@(\w+)\{([^,\s]+),").match(text, at)) is not None:
        fields, at = {}, found.end()
        while (name := re.compile(r"\s*(\w+) = \{").match(text, at)) is not None:
            depth, start = 1, name.end()
            at = start
            while depth:
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
            fields[name[1]] = text[start : at - 1]
            assert text[at] == ","
            at += 1
        end = re.compile(r"\s*\}").match(text, at)
        assert end is not None, text[at:]
        at = end.end()
        assert found[2] not in entries
        entries[found[2]] = fields
    assert not text[at:].strip()
    return entries


def read_ris(text: str) -> list[list[tuple[str, str]]]:
    """Read records: each line is a tag and a value, and ends with CR LF."""
    assert text.endswith("\r\n")
    records, record = [], []
    for line in text.removesuffix("\r\n").split("\r\n"):
        tag, value = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line).groups()
        record.append((tag, value))
        if tag == "ER":
            records.append(record)
            record = []
    assert not record
    return records


def test_paper_data_and_the_idr_are_cited():
    entries = read_bibtex(napari_idr.cite(layer()))

    paper, data, idr = entries.values()
    assert paper["doi"] == "10.1091/mbc.E13"
    assert paper["title"] == "{Integration of biological data}"
    assert paper["author"] == "{Hériché}, J. K. and {Lees}, J. G."
    assert data["doi"] == "10.17867/10000118"
    assert data["year"] == "2016"
    assert data["note"] == "Licence: CC BY 4.0"
    assert (idr["doi"], idr["year"], idr["pages"]) == (IDR_DOI, "2017", "775--781")


def test_a_layer_its_metadata_and_the_card_give_the_same():
    one = layer()
    card = StudyCard(
        name="idr0002-a/screenA",
        title="Focused mitotic screen",
        authors="Hériché JK, Lees JG",
        publication="Integration of biological data.",
        released="2016-05-17",
        doi_url="https://doi.org/10.1091/mbc.E13",
        data_doi_url="https://doi.org/10.17867/10000118",
        licence="CC BY 4.0",
    )

    assert cite(one) == cite(one.metadata) == cite(one.metadata["idr"])
    assert cite(one) == cite_card(card)
    assert cite(json.loads(json.dumps(one.metadata))) == cite(one)


@pytest.mark.parametrize("style", STYLES)
def test_each_work_of_many_layers_is_cited_once(style):
    other = layer(doi_url="https://doi.org/10.1/b", data_doi_url="")
    painted = SimpleNamespace(metadata={})

    together = cite([layer(), painted, layer(), other], style)

    assert together.count("Nature Methods") == 1
    assert together.count("Focused mitotic screen") == 2  # one has no DOI of its data
    assert cite([layer(), layer()], style) == cite(layer(), style)


def test_keys_are_the_same_whatever_else_is_cited():
    first, second = layer(), layer(doi_url="", data_doi_url="", title="Another")

    apart = read_bibtex(cite(first)).keys() | read_bibtex(cite(second)).keys()

    assert read_bibtex(cite([second, first])).keys() == apart


def test_the_idr_isnt_cited_for_another_archive():
    elsewhere = metadata(
        server="https://omero.example.org",
        name="our screen",
        data_doi_url="https://doi.org/10.5281/1",
    )

    assert IDR_DOI not in cite(elsewhere)
    assert "omero.example.org" in cite(elsewhere)


def test_an_image_whose_study_isnt_known_is_cited_by_its_name_and_page():
    page = "https://omero.example.org/webclient/?show=image-5"
    alone = idr_metadata(
        server="https://omero.example.org",
        image=ImageRef(image_id=ImageId(5), name="cells.tif"),
        web_url=page,
    )

    [entry] = read_bibtex(cite(alone)).values()

    assert (entry["title"], entry["url"]) == ("{cells.tif}", page)


def test_ris_and_csl_json_tell_the_same():
    records = read_ris(cite(layer(), "ris"))
    items = json.loads(cite(layer(), "csl-json"))

    assert [dict(one)["DO"] for one in records] == [one["DOI"] for one in items]
    assert [dict(one)["TY"] for one in records] == ["JOUR", "DATA", "JOUR"]
    assert [one["type"] for one in items] == [
        "article-journal",
        "dataset",
        "article-journal",
    ]
    assert items[0]["author"][0] == {"family": "Hériché", "given": "J. K."}
    assert items[1]["issued"] == {"date-parts": [[2016]]}


def test_a_text_is_a_line_for_each_work():
    lines = cite(layer(), "text").splitlines()

    assert len(lines) == 3
    assert lines[0] == (
        "Hériché JK, Lees JG. Integration of biological data. "
        "https://doi.org/10.1091/mbc.E13"
    )
    assert "Nature Methods 14(8), 775-781 (2017)" in lines[2]


def test_what_comes_from_no_archive_and_unknown_styles_are_told():
    with pytest.raises(ValueError, match="archive"):
        cite(SimpleNamespace(metadata={}))
    with pytest.raises(ValueError, match="archive"):
        cite([])
    with pytest.raises(ValueError, match="bibtex"):
        cite(layer(), "apa")  # type: ignore[arg-type]


@given(
    st.fixed_dictionaries(
        {
            name: st.text()
            for name in (
                "title",
                "authors",
                "publication",
                "released",
                "doi_url",
                "data_doi_url",
                "licence",
            )
        }
    )
)
def test_any_text_of_a_study_makes_files_that_can_be_read(words: dict[str, str]):
    known = metadata(**words)

    entries = read_bibtex(cite(known, "bibtex"))
    records = read_ris(cite(known, "ris"))
    items = json.loads(cite(known, "csl-json"))

    assert len(entries) == len(records) == len(items)
    assert [one["id"] for one in items] == list(entries)
    assert all(one[0][0] == "TY" and one[1][0] == "ID" for one in records)
    assert len(cite(known, "text").splitlines()) == len(items)


@given(st.text(alphabet=r"\{}#$%&_~^ab", min_size=1))
def test_signs_of_tex_are_words_in_bibtex(title: str):
    [*_, data, _] = read_bibtex(cite(metadata(title=f"a{title}"))).values()

    said = re.sub(r"\\text[a-z]+\{\}|\\[#$%&_]", "", data["title"][1:-1])
    assert not set(said) & set(r"\{}#$%&_~^")
