"""What an image has, told in its line once something that was read anyway says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import QTabWidget

from napari_idr._qt.line_holdings import LineHoldings
from napari_idr._qt.panels.results import ResultsTree
from napari_idr._qt.panels.results_model import ResultsModel
from napari_idr.model import (
    Dataset,
    DatasetId,
    Image,
    ImageId,
    ImageRef,
    Project,
    ProjectId,
    WellId,
)
from napari_idr.services.details import ImageDetails, ImageRequest
from napari_idr.services.search.catalog import Entry

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson

SERVER = "https://idr.test"
STUDY = "idr0904-demo-tissue/experimentA"
DATASET = "kinds of image [8 bit, float & RGB]"
CROWDED, CROWDED_ID = "thousands of regions", 9208
SHAPES, SHAPES_ID = "8 bit, two channels", 9203


def told_of(line: QModelIndex) -> str | None:
    told: str | None = line.siblingAtColumn(1).data()
    return told


@pytest.fixture
def tree(qtbot):
    tree = ResultsTree()
    qtbot.addWidget(tree)
    model = ResultsModel(tree)
    tree.use_model(model)
    tree.resize(300, 240)
    tree.show()
    study = Entry(item=Project(id=ProjectId(1), name="study"), count=1)
    dataset = Entry(item=Dataset(id=DatasetId(2), name="dataset"), parent=study)
    model.set_entries((study,), "Contains")
    model.set_children(study, (dataset,))
    images = [
        Entry(item=ImageRef(image_id=ImageId(n), name=f"image {n}"), parent=dataset)
        for n in range(3)
    ]
    model.set_children(dataset, images)
    tree.expandAll()
    return tree


def lines(tree):
    dataset = tree.model().index(0, 0, tree.model().index(0, 0))
    return [tree.model().index(row, 0, dataset) for row in range(3)]


def details(number, *, server=SERVER, **known):
    image = Image(
        id=ImageId(number), name="", size_x=4, size_y=4, pixel_type="uint8", **known
    )
    request = ImageRequest(ref=ImageRef(image_id=image.id), server=server)
    return ImageDetails(request=request, image=image, study=None, annotations=())


def test_what_a_record_tells_stands_in_the_line_of_its_image(tree, qtbot):
    holdings = LineHoldings(tree, (tree.model(),))
    holdings.enter(SERVER)
    width = tree.columnWidth(1)
    assert [told_of(line) for line in lines(tree)] == [None] * 3

    holdings.take_details(details(1, zarr_url="https://store.test/1", roi_count=12))
    holdings.take_details(details(2, roi_count=0))

    assert [told_of(line) for line in lines(tree)] == [None, "raw, 12 regions", None]
    tooltips = [line.data(Qt.ItemDataRole.ToolTipRole) for line in lines(tree)]
    assert "image: raw pixels, 12 regions" in tooltips[1]
    assert "image: no regions" in tooltips[2]
    qtbot.waitUntil(lambda: tree.columnWidth(1) > width)


def test_images_of_plates_have_no_lines_and_widen_none(tree):
    holdings = LineHoldings(tree, (tree.model(),))
    holdings.enter(SERVER)
    longest = tree.model().longest_count

    holdings.take_details(details(1, roi_count=1, well_id=WellId(5)))

    assert tree.model().longest_count == longest


def test_images_of_another_server_have_numbers_of_their_own(tree):
    holdings = LineHoldings(tree, (tree.model(),))
    holdings.enter(SERVER)

    holdings.take_details(details(1, server="https://other.test", roi_count=1))
    assert [told_of(line) for line in lines(tree)] == [None] * 3

    holdings.take_details(details(0, roi_count=1))
    holdings.enter("https://other.test")
    assert [told_of(line) for line in lines(tree)] == [None] * 3


def test_a_line_tells_what_answers_say_and_nobody_is_asked_for_it(
    idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(idr.url)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: person.is_idle and STUDY in person.rows())
    person.open(STUDY)
    dataset = person.open(STUDY, DATASET)
    assert set(person.counts(dataset)) == {None}

    person.select(STUDY, DATASET, SHAPES)
    line = person.line(STUDY, DATASET, SHAPES)
    person.until(lambda: "raw" in (told_of(line) or ""))
    assert "label images" not in line.data(Qt.ItemDataRole.ToolTipRole)
    assert not [one for one in idr.requests if "roi" in one.path]
    person.click("idr_open_image")
    person.until(lambda: person.find("idr_regions").isEnabled() and person.is_idle)
    person.click("idr_regions")

    count = len(idr.world.rois[SHAPES_ID])
    person.until(lambda: "no label images" in line.data(Qt.ItemDataRole.ToolTipRole))
    assert told_of(line) == f"raw, {count} regions"
    person.until_idle()


def test_where_the_server_draws_it_tells_how_many_regions_there_are(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: person.is_idle and STUDY in person.rows())
    person.open(STUDY)
    person.open(STUDY, DATASET)

    person.select(STUDY, DATASET, CROWDED)

    line = person.line(STUDY, DATASET, CROWDED)
    count = len(classic.world.rois[CROWDED_ID])
    person.until(lambda: told_of(line) == f"{count:,} regions")
