"""Lists of genes: read, counted in studies, and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr import IDRClient
from napari_idr.cancel import NEVER
from napari_idr.model import ContainerHit, Screen, ScreenId, Suggestion
from napari_idr.services.search.genes import (
    MAX_SYMBOLS,
    GeneMatrix,
    GeneRow,
    read_symbols,
    save_matrix,
    symbols_of,
)
from napari_idr.services.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Routes


def hit(number: int, name: str, count: int) -> ContainerHit:
    return ContainerHit(
        container=Screen(id=ScreenId(number), name=name), image_count=count
    )


def test_too_many_genes_are_refused():
    listed = "\n".join(f"G{n}" for n in range(MAX_SYMBOLS + 1))

    with pytest.raises(ValueError, match="201 genes are too many"):
        symbols_of(listed)


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("", ()),
        (" \n;,\t\n", ()),
        ("CDC20", ("CDC20",)),
        ("CDC20;PLK1;CDC20", ("CDC20", "PLK1")),
        ("CDC20\tPLK1\tKIF11", ("CDC20", "PLK1", "KIF11")),
        ("CDC20\t1\nPLK1\t2\n", ("CDC20", "PLK1")),
        ("\"CDC20\", 'PLK1'\r\n", ("CDC20", "PLK1")),
        ("cdc20 CDC20", ("cdc20", "CDC20")),
        ("x" * 10_000, ("x" * 10_000,)),
        (" ".join(f"G{n}" for n in range(MAX_SYMBOLS)) + " G0", None),
    ],
)
def test_a_list_may_be_written_in_many_ways(text: str, symbols: tuple[str, ...] | None):
    read = symbols_of(text)

    assert read == symbols if symbols is not None else len(read) == MAX_SYMBOLS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_a_list_that_a_spreadsheet_saved_is_read(tmp_path: Path, encoding: str):
    path = tmp_path / "list.txt"
    path.write_text("CDC20\t34\r\nα-tubulin\t2\r\n", encoding=encoding)  # noqa: RUF001

    assert read_symbols(path, cancel=NEVER) == ("CDC20", "α-tubulin")  # noqa: RUF001


def test_a_file_is_read_and_one_that_is_no_text_refused(tmp_path: Path):
    text, picture = tmp_path / "list.csv", tmp_path / "list.png"
    text.write_text("CDC20,PLK1\nα-tubulin", encoding="utf-8-sig")  # noqa: RUF001
    picture.write_bytes(b"\x89PNG\xff")

    symbols = read_symbols(text, cancel=NEVER)

    assert symbols == ("CDC20", "PLK1", "α-tubulin")  # noqa: RUF001
    with pytest.raises(ValueError, match="is no text"):
        read_symbols(picture, cancel=NEVER)
    with pytest.raises(ValueError, match="can't be read"):
        read_symbols(tmp_path / "none.txt", cancel=NEVER)


def test_a_matrix_grows_and_is_saved_without_formulas(tmp_path: Path):
    matrix = GeneMatrix(symbols=("CDC20", "=1+1"))

    before = matrix.message
    matrix.add(GeneRow(symbol="CDC20", hits=(hit(1, "=a", 3), hit(2, "b", 4))))
    matrix.add(GeneRow(symbol="=1+1", spellings=(Suggestion(value="x"),)))
    path = save_matrix(tmp_path / "genes.csv", matrix.csv(), cancel=NEVER)

    assert before == "0 of 2 genes asked …"
    assert matrix.message == "2 genes in 2 studies, 1 not found as written"
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        "gene,images,'=a,b,note",
        "CDC20,7,3,4,",
        "'=1+1,0,0,0,spelled x",
    ]


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_a_list_costs_a_search_a_gene_and_a_look_up_an_unknown(
    face: str, request: pytest.FixtureRequest
):
    routes: Routes = request.getfixturevalue(
        "routes" if face == "classic" else "idr_routes"
    )
    session = Session(routes.url)
    session.client = IDRClient(routes.url, transport=routes)
    key = session.client.keys()[0]
    symbols = ("CDC20", "PLK1", "NOSUCHGENE", "Cdc20b")
    before = len(routes.asked)

    rows = list(session.gene_rows(key, symbols, cancel=NEVER))
    asked = len(routes.asked) - before
    again = list(session.gene_rows(key, symbols, cancel=NEVER))

    assert [row.total for row in rows[:2]] == [34, rows[1].total]
    assert rows[2].note == "not found"
    assert rows[3].note.startswith("spelled CDC20B")
    assert asked == len(symbols) + 2
    assert again == rows
    assert len(routes.asked) - before == asked
