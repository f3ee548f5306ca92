"""The examples run, and find what the demo archive holds."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image

if TYPE_CHECKING:
    from napari_idr import IDRClient, demo

EXAMPLES = Path(__file__).parents[2] / "examples"

LONGEST = 60
"""Lines of an example that is read at a glance; the tour is a program."""


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_each_example_is_short_and_says_how_to_run_it():
    for path in EXAMPLES.glob("*.py"):
        code = path.read_text()

        assert path.name == "guided_tour.py" or len(code.splitlines()) <= LONGEST
        assert code.startswith('"""')
        assert path.name == "guided_tour.py" or f"python {path.name}" in code


def test_the_wells_of_a_gene_are_listed(
    idr_archive: demo.Archive, capsys: pytest.CaptureFixture[str]
):
    example("wells_of_a_gene")["main"]("CDC20", idr_archive.url)

    lines = capsys.readouterr().out.splitlines()
    wells = [line.split()[2] for line in lines if " DM0001_01 " in line]
    assert wells == ["C4", "C5", "F9"]
    assert all("/webclient/?show=image-" in line for line in lines)


def test_a_plate_is_saved_as_a_picture(
    archive: demo.Archive,
    client: IDRClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    screen = client.search("gene", "CDC20")[0].container
    plate = client.plates(screen.id)[0]
    path = tmp_path / "plate.png"

    example("picture_of_a_plate")["main"](plate.id, path, archive.url)

    assert Image.open(path).size == (1200, 800)
    assert np.asarray(Image.open(path)).max() > 200
    failures = capsys.readouterr().err.splitlines()
    assert len(failures) == 1  # D11
    assert failures[0].startswith("the server has no thumbnail of image")


def test_an_image_is_opened_as_channels_in_micrometres(
    idr_archive: demo.Archive, client: IDRClient
):
    viewer = ViewerModel()
    image_id = next(client.search_images("gene", "CDC20")).image_id
    with example("open_in_napari")["IDRClient"](idr_archive.url) as asked:
        example("open_in_napari")["add_image"](viewer, asked, image_id)

        assert [layer.name for layer in viewer.layers] == ["Cy3 [raw]", "DAPI [raw]"]
        assert viewer.layers[0].scale[-2:] == pytest.approx([0.645, 0.645])
        assert np.asarray(viewer.layers[0].data).max() > 1000
