"""Figures in the window: offered, drawn in a thread, and readable as files."""

from __future__ import annotations

import re
import threading
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from qtpy.QtGui import QColor, QImage, QPainter
from qtpy.QtSvg import QSvgRenderer
from qtpy.QtWidgets import QFileDialog, QToolButton

from napari_idr._qt.figures import write_figure
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled, DownloadError
from napari_idr.services.figure import Figure, FigureNotes, Picture, Text
from napari_idr.services.figure.plan import plan_cells_figure
from support.figures import figure_cells

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.person import Person

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder; the tests keep settings beside it."""
    made = tmp_path / "figures"
    made.mkdir()
    return made


def choose_file(person: Person, name: str, path: Path) -> None:
    """Wait for a dialog, and choose a file in it."""
    person.until(lambda: person.browser.findChild(QFileDialog, name) is not None)
    dialog = person.find(name, QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.close()
    person.until(lambda: person.browser.findChild(QFileDialog, name) is None)


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_a_figure_is_painted_in_a_thread(
    qapp: object, folder: Path, ending: str
) -> None:
    figure = plan_cells_figure(figure_cells(3), FigureNotes(title="Three images"))
    path = folder / f"a.{ending}"

    thread = threading.Thread(target=lambda: write_figure(figure, path, cancel=NEVER))
    thread.start()
    thread.join(60)

    content = path.read_bytes()
    assert [one.name for one in folder.iterdir()] == [path.name]
    if ending == "pdf":
        assert content.startswith(b"%PDF")
    elif ending == "svg":
        assert b"CDC20" in content
        assert content.count(b"<image") == 3
    else:
        image = QImage(str(path))
        assert image.width() == round(180 / 25.4 * 300)
        assert "Three images" in image.text("Title")


def test_the_words_of_a_pdf_are_found_by_their_letters(
    qapp: object, folder: Path
) -> None:
    words = Text(x=5, y=5, text="field, differ, office", width=100)
    figure = Figure(title="Words", width=180, height=40, items=(words,))

    path = write_figure(figure, folder / "a.pdf", cancel=NEVER)

    streams = re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.S)
    # a map from glyphs to letters tells of ff, fi and the like as one letter
    maps = [text for one in streams if b"beginbf" in (text := inflated(one))]
    assert maps
    assert not any(re.search(rb"<FB0[0-6]>", one, re.I) for one in maps)


def inflated(stream: bytes) -> bytes:
    """Return what a stream of a PDF holds; short ones are not compressed."""
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return stream


ODD = (
    "a\x00b\x0bc <b>bold</b> & co",
    "x" * 300,
    "very long " * 60,
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "emoji \U0001f9ec, \ud800 half, \u202eturned, µ 細胞",
)
"""What servers may call things."""


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_odd_captions_make_a_figure_that_can_be_read(
    qapp: object, folder: Path, ending: str
) -> None:
    cells = [replace(one, lines=ODD) for one in figure_cells(5)]
    figure = plan_cells_figure(cells, FigureNotes(title=ODD[0], sources=ODD))
    path = folder / f"a.{ending}"

    write_figure(figure, path, cancel=NEVER)

    if ending == "svg":
        texts = [one.text or "" for one in svg_texts(path)]
        assert "a b c <b>bold</b> & co" in texts
        assert not any("\u202e" in one for one in texts)
    elif ending == "png":
        assert not QImage(str(path)).isNull()
    else:
        assert path.read_bytes().startswith(b"%PDF")


def test_no_doi_of_a_source_is_cut(qapp: object, folder: Path) -> None:
    dois = [f"doi.org/10.99999/{4000000000 + n}" for n in range(12)]
    for length in range(1, 30):
        source = f"Source: {'0' * length} · {' · '.join(dois)}"
        figure = plan_cells_figure(
            figure_cells(1), FigureNotes(title="One", sources=(source,))
        )

        write_figure(figure, folder / "a.svg", cancel=NEVER)

        written = " ".join(one.text or "" for one in svg_texts(folder / "a.svg"))
        assert [one for one in dois if one not in written] == []


def test_a_figure_is_drawn_on_white(qapp: object, folder: Path) -> None:
    figure = plan_cells_figure(figure_cells(1), FigureNotes(title="One"))
    write_figure(figure, folder / "a.svg", cancel=NEVER)
    seen = QImage(400, 300, QImage.Format.Format_RGB32)
    seen.fill(QColor("black"))

    painter = QPainter(seen)
    QSvgRenderer(str(folder / "a.svg")).render(painter)
    painter.end()

    assert seen.pixelColor(1, 1) == QColor("white")
    assert seen.pixelColor(398, 298) == QColor("white")


def svg_texts(path: Path) -> list[ET.Element]:
    """Return what is written in an SVG, line by line."""
    root = ET.parse(path).getroot()
    return list(root.iter("{http://www.w3.org/2000/svg}text"))


class _CancelledWhenChecked(CancelToken):
    """A token that is cancelled when it is looked at for the `number`-th time."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

    def check(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.cancel()
        super().check()


def _large_plate() -> Figure:
    pixels = np.zeros((3200, 3000, 3), np.uint8)
    picture = Picture(x=10, y=10, width=160, height=100, pixels=pixels)
    return Figure(title="Large", width=180, height=120, items=(picture,))


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_a_large_picture_is_cancelled_while_it_is_painted(
    qapp: object, folder: Path, ending: str
) -> None:
    with pytest.raises(Cancelled):
        write_figure(
            _large_plate(), folder / f"a.{ending}", cancel=_CancelledWhenChecked(4)
        )

    assert not list(folder.iterdir())


def test_no_paper_is_seen_between_the_parts_of_a_large_picture(
    qapp: object, folder: Path
) -> None:
    image = QImage(str(write_figure(_large_plate(), folder / "a.png", cancel=NEVER)))
    svg = QSvgRenderer(
        str(write_figure(_large_plate(), folder / "a.svg", cancel=NEVER))
    )
    small = QImage(540, 360, QImage.Format.Format_RGB32)
    small.fill(QColor("white"))
    painter = QPainter(small)
    svg.render(painter)
    painter.end()

    for one in (image, small):
        x = one.width() // 2
        inside = range(one.height() // 10, one.height() * 9 // 10)
        assert {QColor(one.pixel(x, y)).lightness() for y in inside} == {0}


def test_what_is_cancelled_or_of_another_kind_leaves_nothing(
    qapp: object, folder: Path
) -> None:
    figure = plan_cells_figure(figure_cells(1), FigureNotes(title="One"))
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        write_figure(figure, folder / "a.png", cancel=cancel)
    with pytest.raises(DownloadError, match="figures end in"):
        write_figure(figure, folder / "a.bmp", cancel=NEVER)

    assert list(folder.iterdir()) == []


def test_a_plate_is_exported_with_its_licence(
    person: Person, classic: demo.Archive, folder: Path
) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    person.until(lambda: person.find("idr_export_figure").isVisible())

    person.click("idr_export_figure")
    choose_file(person, "idr_figure_dialog", folder / "plate.svg")
    person.until_status("Written")

    text = (folder / "plate.svg").read_text("utf-8")
    assert f"{PLATE}, field 1" in text
    assert "Source: 127.0.0.1" in text
    assert SCREEN in text


def test_selected_wells_are_offered_as_a_figure(
    person: Person, classic: demo.Archive, folder: Path
) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    scene = person.browser._scene
    [shown] = scene.plates_shown
    wells = tuple(cell.well_id for cell in list(shown.plan.grid)[:3])
    scene.plates.choose(shown.key, wells)
    menu = person.find("idr_export_figure", QToolButton).menu()

    def titles() -> list[str]:
        return [one.text() for one in menu.actions()]

    person.until(lambda: "3 selected images" in titles())
    menu.actions()[titles().index("3 selected images")].trigger()
    choose_file(person, "idr_figure_dialog", folder / "wells")
    person.until_status("Written")

    assert (folder / "wells.pdf").read_bytes().startswith(b"%PDF")


def test_the_first_figure_is_of_what_is_looked_at(person: Person) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    person.click("idr_gallery")
    layers = person.viewer.layers
    gallery = f"CDC20 in {PLATE} gallery"
    person.until(lambda: gallery in layers)
    person.until_idle()
    menu = person.find("idr_export_figure", QToolButton).menu()

    for title in (f"{PLATE}, field 1", gallery, f"{PLATE}, field 1"):
        layers.selection.active = layers[title]
        person.until(lambda title=title: menu.actions()[0].text() == title)


def test_an_image_is_saved_from_its_card(
    person: Person, classic: demo.Archive, folder: Path
) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    scene = person.browser._scene
    [shown] = scene.plates_shown
    cell = next(iter(shown.plan.grid))
    scene.wellClicked.emit(shown, cell)
    person.until(lambda: person.find("idr_save_image").isVisible())
    person.until_idle()

    person.click("idr_save_image")
    choose_file(person, "idr_save_dialog", folder / "a.ome.tif")
    person.until_status("Written")

    assert (folder / "a.ome.tif").stat().st_size > 1000


@pytest.mark.parametrize(
    ("button", "dialog", "typed", "there"),
    [
        ("idr_export_figure", "idr_figure_dialog", "mine", "mine.pdf"),
        ("idr_save_image", "idr_save_dialog", "mine", "mine.ome.tif"),
        ("idr_save_image", "idr_save_dialog", "mine.tif", "mine.ome.tif"),
    ],
)
def test_a_name_that_gets_an_ending_replaces_no_file(
    person: Person,
    classic: demo.Archive,
    folder: Path,
    button: str,
    dialog: str,
    typed: str,
    there: str,
) -> None:
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    scene = person.browser._scene
    [shown] = scene.plates_shown
    scene.wellClicked.emit(shown, next(iter(shown.plan.grid)))
    person.until(lambda: person.find("idr_save_image").isVisible())
    person.until_idle()
    (folder / there).write_text("a person's own")

    person.click(button)
    choose_file(person, dialog, folder / typed)

    person.until_status(f"{there} is there already")
    assert (folder / there).read_text() == "a person's own"
