"""Original files of an image and attached files of a study, listed and downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog, QListWidget

from napari_idr.demo.omero.original_files import FILE_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

TISSUE, STACKS = "idr0904-demo-tissue/experimentA", "stacks/z and t"


@pytest.fixture
def reader(idr: demo.Archive, make_person: MakePerson) -> Person:
    """A person who has reached the IDR as it is today."""
    return make_person(idr.url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder; the tests keep settings beside it."""
    made = tmp_path / "downloads"
    made.mkdir()
    return made


def select_image(person: Person, archive: demo.Archive) -> demo.world.Image:
    """Select an image of which the archive has the file, but no OME-Zarr."""
    dataset = next(
        one
        for one in archive.world.datasets.values()
        if any(not archive.world.images[i].zarr for i in one.image_ids)
    )
    image = next(
        archive.world.images[i]
        for i in dataset.image_ids
        if not archive.world.images[i].zarr
    )
    project = archive.world.projects[dataset.project_id]
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_idle()
    person.open(project.name)
    person.open(project.name, dataset.name)
    person.select(project.name, dataset.name, image.name)
    person.until(lambda: not person.find("idr_original_files").isHidden())
    person.until_idle()
    return image


def choose_folder(person: Person, folder: Path) -> str:
    """Wait for the dialog, choose a folder in it; return its title."""
    person.until(lambda: person.browser.findChild(QFileDialog) is not None)
    dialog = person.find("idr_download_dialog", QFileDialog)
    title = dialog.windowTitle()
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    return title


def labels(person: Person, name: str) -> list[str]:
    listed = person.find(name, QListWidget)
    return [listed.item(row).text() for row in range(listed.count())]


def test_an_original_file_is_listed_copied_and_downloaded(
    reader: Person, idr: demo.Archive, folder: Path
) -> None:
    image = select_image(reader, idr)

    reader.click("idr_original_files")
    reader.until(lambda: bool(labels(reader, "idr_original_files_list")))
    reader.click("idr_original_files_copy")
    copied = QGuiApplication.clipboard().text()
    said = reader.text("idr_original_files_note")
    reader.until_idle()
    reader.click("idr_original_files_download")
    title = choose_folder(reader, folder)
    reader.until_status("Downloaded")

    assert copied.startswith(f"{idr.url}/files/{image.id}/")
    assert said == f"Copied: {copied}"
    assert "1 file, 300 kB" in title
    [file] = folder.iterdir()
    assert file.stat().st_size == FILE_BYTES


def test_cancel_stops_a_download_and_the_next_goes_on(
    reader: Person, idr: demo.Archive, folder: Path
) -> None:
    select_image(reader, idr)
    reader.click("idr_original_files")
    reader.until(lambda: bool(labels(reader, "idr_original_files_list")))
    reader.until_idle()
    idr.faults.slow("files/", 50_000)
    reader.click("idr_original_files_download")
    choose_folder(reader, folder)

    def come() -> int:
        return sum(one.stat().st_size for one in folder.iterdir())

    reader.until(lambda: come() > 0)
    reader.click("idr_cancel")
    reader.until_idle()
    idr.faults.clear()
    reader.until(lambda: reader.browser.findChild(QFileDialog) is None)
    reader.click("idr_original_files_download")
    choose_folder(reader, folder)
    reader.until_status("Downloaded")

    [file] = folder.iterdir()
    assert file.stat().st_size == FILE_BYTES


def test_attached_files_of_a_study_are_listed_with_their_sizes(
    person: Person, classic: demo.Archive, folder: Path
) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_idle()
    person.select("idr0901-demo-mitosis/screenA")
    person.until(lambda: not person.find("idr_attached_files").isHidden())
    person.until_idle()

    person.click("idr_attached_files")
    person.until(lambda: bool(labels(person, "idr_attached_files_list")))
    listed = labels(person, "idr_attached_files_list")
    row = next(i for i, one in enumerate(listed) if "annotation.csv" in one)
    person.find("idr_attached_files_list", QListWidget).setCurrentRow(row)
    person.until_idle()
    person.click("idr_attached_files_download")
    choose_folder(person, folder)
    person.until_status("Downloaded")

    assert any("1.1 TB" in one for one in listed)
    assert [one.name for one in folder.iterdir()] == ["idr0901-screenA-annotation.csv"]
