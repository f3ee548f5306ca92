"""Text of servers, wherever napari or Qt guesses whether a label holds markup."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image as ImageLayer
from napari.layers import Points
from qtpy.QtCore import Qt

from napari_idr._qt.layers.well_status import set_status
from napari_idr._qt.panels import status as status_panel
from napari_idr._qt.panels.forms import BREAK, breakable, plain_label, tooltip
from napari_idr._qt.panels.status import StatusBar
from napari_idr.errors import PixelDataError
from napari_idr.model import Channel, Image, ImageId, Plate, PlateGrid, PlateId
from napari_idr.services.details import PlateDetails
from napari_idr.services.explain import explain
from napari_idr.services.image.layers import short_name
from napari_idr.services.plain_text import plain_text, visible_text
from napari_idr.services.plate.view import plan_plate, plan_plate_shown

ODD = (
    "<b>bold</b>",
    "<img src='http://127.0.0.1:9/x'>",
    "<a href='x'>here</a> &lt;i&gt;",
    "<!DOCTYPE html><html><body onload=x>",
    "a\x00b\x07c\x1b[31m",
    "safe\u202etxt.exe\u2066\u2069\u200f\ufeff",
    "one\ntwo\r\nthree\u2028four\x85five",
    "half \ud800 a letter",
    "<\u202eb>turned</b>",
    "<\x00b>hidden</b>",
)

HIDDEN = "\x00\x07\x1b\x85\u202e\u2066\u2069\u200f\u2028\ufeff\ud800"


def is_rich(text: str) -> bool:
    """Tell whether Qt would draw a text as markup."""
    might = getattr(Qt, "mightBeRichText", None)
    return bool(might(text)) if might else "<b" in text or "<i" in text


def assert_plain(text: str) -> None:
    assert not is_rich(text)
    assert not set(text) & {*HIDDEN, "\n", "\r"}
    assert not any(f"<{letter}" in text.lower() for letter in "abi/!?")


@pytest.mark.parametrize("text", ODD)
def test_one_function_makes_it_plain(text: str) -> None:
    assert_plain(plain_text(text))
    assert_plain(plain_text(f"begun {text} ended"))
    assert plain_text(plain_text(text)) == plain_text(text)


@pytest.mark.parametrize("text", ["p53 <-> MDM2", "p < 0.05", "5 & 6", "µm/é→漢"])
def test_what_is_no_markup_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize("text", ODD)
def test_names_of_image_layers(text: str) -> None:
    assert_plain(short_name(text, 60))
    assert_plain(short_name(text * 20, 30))


@pytest.mark.parametrize("text", ODD)
def test_names_of_plate_layers_and_what_the_status_bar_says(text: str) -> None:
    plate = Plate(id=PlateId(1), name=text)
    grid = PlateGrid(
        plate_id=plate.id,
        field=0,
        run=None,
        row_labels=(text,),
        column_labels=("1",),
        cells=((None,),),
    )
    details = PlateDetails(plate=plate, server="s", study=None, query=None)
    shown = plan_plate_shown("s", "w", details, plan_plate(grid), SimpleNamespace())
    layer = ImageLayer(np.zeros((4, 4)), name=shown.name)
    set_status(layer, lambda _: shown.message_at(0, 0))

    told: dict[str, Any] = layer.get_status((0, 0))

    assert_plain(layer.name)
    for said in told.values():
        assert_plain(said)


@pytest.mark.parametrize("text", ODD)
def test_features_stay_data_and_a_tooltip_shows_them_plain(text: str) -> None:
    features = {"gene": [text, "p53"], "Comment": ["", "a"]}
    layer = Points(np.array([[0.0, 0.0], [9.0, 9.0]]), features=features, size=3)
    set_status(layer, lambda _: "")

    said = layer._get_tooltip_text((0.0, 0.0), world=True)

    assert layer.features["gene"][0] == text
    first, *_ = said.splitlines()
    assert first.startswith("gene: ")
    for line in said.splitlines():
        assert_plain(line)
    assert not is_rich(said)
    assert layer._get_tooltip_text((5.0, 5.0), world=True) == ""
    for part in layer.get_status((0.0, 0.0), world=True).values():
        assert_plain(part)


@pytest.mark.parametrize("text", ODD)
def test_the_activity_dock(text: str, qtbot: Any, monkeypatch: Any) -> None:
    said: list[str] = []
    bar = SimpleNamespace(
        n=0, total=0, set_description=said.append, update=id, close=lambda: None
    )

    def made(total: int, desc: str) -> SimpleNamespace:
        said.append(desc)
        return bar

    monkeypatch.setattr(status_panel, "progress", made)
    panel = StatusBar()
    qtbot.addWidget(panel)

    panel.set_running(f"Loading {text} …")
    qtbot.waitUntil(lambda: bool(said))
    panel.set_running(None)

    for one in said:
        assert_plain(one)


@pytest.mark.parametrize("text", ODD)
def test_labels_and_tooltips(text: str, qtbot: Any) -> None:
    label = plain_label()
    qtbot.addWidget(label)

    label.setText(text)

    assert label.textFormat() == Qt.TextFormat.PlainText
    assert not set(label.text()) & set(HIDDEN)
    inside = tooltip(text).replace("<p>", "").replace("</p>", "")
    assert "<" not in inside
    assert not set(inside) & set(HIDDEN)
    assert visible_text(text).count("\n") <= text.count("\n")


@pytest.mark.parametrize("text", ODD)
def test_sentences_of_errors(text: str) -> None:
    assert_plain(explain(PixelDataError(text), host=text))


def test_channels_are_named_so_too() -> None:
    image = Image(
        id=ImageId(1),
        name=ODD[0],
        size_x=1,
        size_y=1,
        pixel_type="uint8",
        channels=(Channel(name=ODD[1]),),
    )

    assert_plain(short_name(image.channels[0].name, 40))


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        (
            "too: “idr0901-demo-mitosis/screenA”, 3.5 MB",
            "too: “idr0901-|demo-|mitosis/|screenA”, 3.5 MB",
        ),
        ("(idr0901-demo-mitosis/screenA/).", "(idr0901-|demo-|mitosis/|screenA/)."),
        (
            "https://a.example/plates_(96)_old",
            "https:|/|/|a.|example/|plates_|(96)|_|old",
        ),
        ('{"id":1,"name":"plate","x":2}', '{"|id"|:|1,|"|name"|:|"|plate",|"|x"|:|2}'),
    ],
)
def test_a_line_does_not_end_with_what_opens_nor_begin_with_what_closes(
    text: str, broken: str
) -> None:
    assert breakable(text).replace(BREAK, "|") == broken
