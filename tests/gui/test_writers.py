"""napari's writers of this plugin: anybody's layers as OME-TIFF, wells as CSV."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image, Points
from napari.plugins import _initialize_plugins
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QApplication,
    QMessageBox,
    QProgressDialog,
    QPushButton,
    QWidget,
)

from napari_idr._qt import waiting
from napari_idr._qt.writers import write_image, write_wells, write_zarr
from napari_idr.errors import Cancelled, DownloadError, PixelDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_idr import demo
    from support.person import Person


@pytest.fixture
def window(qtbot: object) -> Iterator[QWidget]:
    """A window in front of which a bar may be shown."""
    made = QWidget()
    made.show()
    yield made
    made.close()


def test_layers_are_saved_by_the_ending_of_the_name(
    window: QWidget, tmp_path: Path
) -> None:
    _initialize_plugins()
    viewer = ViewerModel()
    data = np.arange(2 * 30 * 40, dtype="uint16").reshape(2, 30, 40)
    viewer.add_image(data, channel_axis=0, name=["DNA", "actin"])

    [path] = viewer.layers.save(str(tmp_path / "a.ome.tif"))
    [folder] = viewer.layers.save(str(tmp_path / "a.ome.zarr"))

    assert path.endswith("a.ome.tif")
    assert folder.endswith("a.ome.zarr")
    np.testing.assert_array_equal(np.squeeze(tifffile.imread(path)), data)


@pytest.mark.parametrize(
    ("write", "ending"), [(write_image, ".ome.tif"), (write_zarr, ".ome.zarr")]
)
def test_a_name_without_an_ending_gets_that_of_the_chosen_type(
    window: QWidget, tmp_path: Path, write: Callable[..., list[str]], ending: str
) -> None:
    layer = Image(np.zeros((30, 40), "uint8")).as_layer_data_tuple()

    assert write(str(tmp_path / "mine"), [layer]) == [str(tmp_path / f"mine{ending}")]

    with pytest.raises(DownloadError):  # napari has asked about "mine" alone
        write(str(tmp_path / "mine"), [layer])


def test_a_table_of_wells_gets_its_ending_and_replaces_nothing(
    window: QWidget, tmp_path: Path
) -> None:
    features = {"well": ["A1"], "well_id": [1], "image_id": [2]}
    data, meta, _ = Points(
        np.zeros((1, 2)), features=features, metadata={}
    ).as_layer_data_tuple()

    assert write_wells(str(tmp_path / "mine"), data, meta) == [
        str(tmp_path / "mine.wells.csv")
    ]
    with pytest.raises(DownloadError, match="exists already"):
        write_wells(str(tmp_path / "mine"), data, meta)


def test_the_wells_of_a_plate_are_saved_as_a_table(
    person: Person, classic: demo.Archive, tmp_path: Path
) -> None:
    person.find_plate("CDC20", "idr0901-demo-mitosis/screenA", "DM0001_01")
    person.show_plate()
    wells = person.viewer.layers["DM0001_01, field 1 wells"]
    path = tmp_path / "plate.wells.csv"

    data, meta, _ = wells.as_layer_data_tuple()
    write_wells(str(path), data, meta)

    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(wells.data)
    assert list(rows[0])[:3] == ["well", "well_id", "image_id"]
    assert {row["well"] for row in rows} == set(wells.features["well"])
    assert sum(row["hit"] == "yes" for row in rows) == wells.features["hit"].sum()


def test_points_without_wells_are_no_table(qapp: object, tmp_path: Path) -> None:
    data, meta, _ = Points(np.zeros((2, 2))).as_layer_data_tuple()

    with pytest.raises(PixelDataError, match="no table of wells"):
        write_wells(str(tmp_path / "a.wells.csv"), data, meta)


def test_a_large_file_is_written_after_a_yes_alone(
    window: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(_: object, title: str, question: str, *more: object) -> object:
        asked.append(question)
        return QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "question", answer)
    large = np.broadcast_to(np.uint16(1), (40_000, 40_000))
    meta = {"name": "large", "rgb": False, "multiscale": False}

    written = write_image(str(tmp_path / "a.ome.tif"), [(large, meta, "image")])

    assert written == []
    assert "3.2 GB" in asked[0]
    assert list(tmp_path.iterdir()) == []


def test_the_window_lives_while_one_waits_and_can_cancel(window: QWidget) -> None:
    ticks = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(1)

    def press_cancel() -> None:
        [dialog] = [
            one
            for one in QApplication.topLevelWidgets()
            if isinstance(one, QProgressDialog) and one.isVisible()
        ]
        button = dialog.findChild(QPushButton)
        assert button is not None
        button.click()

    QTimer.singleShot(100, press_cancel)
    with pytest.raises(Cancelled):
        waiting.wait_for_work("Writing …", lambda progress, cancel: cancel.sleep(60))

    assert len(ticks) > 3
    assert waiting.wait_for_work("Writing …", lambda progress, cancel: 7) == 7
