"""Thumbnails in lists of images: for lines that are seen, fifty a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_idr._qt.jobs import Jobs
from napari_idr._qt.line_thumbnails import LineThumbnails
from napari_idr._qt.panels.results import ResultsTree
from napari_idr._qt.panels.results_model import ResultsModel
from napari_idr.errors import PixelDataError, ServerError
from napari_idr.model import Dataset, ImageRef, Project
from napari_idr.services.search.catalog import Entry

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson

STUDY = Entry(item=Project(id=1, name="study"), count=1)
DATASET = Entry(item=Dataset(id=2, name="dataset"), count=1000, parent=STUDY)
DECORATION = Qt.ItemDataRole.DecorationRole
TISSUE = "idr0904-demo-tissue/experimentA"


def grey(image):
    return 64 * (image % 3 + 1)


class Answers:
    """What a session has of thumbnails: one is as grey as its number says."""

    def __init__(self):
        self.asked = []
        self.failure = None

    def line_thumbnails(self, images, *, cancel):
        self.asked.append(images)
        if self.failure is not None:
            raise self.failure
        return tuple(
            (one, PixelDataError("none"))
            if one == 7
            else (one, np.full((72, 96, 3), grey(one), np.uint8))
            for one in images
        )


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def tree(qtbot, answers):
    tree, model = ResultsTree(), None
    qtbot.addWidget(tree)
    model = ResultsModel(tree)
    tree.use_model(model)
    jobs = Jobs(tree)
    thumbnails = LineThumbnails(tree, (model,), jobs)
    thumbnails.enter(answers)
    tree.resize(300, 240)
    tree.show()
    model.set_entries((STUDY,), "Contains")
    model.set_children(STUDY, (DATASET,))
    tree.expand(model.index_of(STUDY))
    images = [
        Entry(item=ImageRef(image_id=n, name=f"image {n}"), parent=DATASET)
        for n in range(1000)
    ]
    model.set_children(DATASET, images)
    yield tree
    jobs.close()


def line(tree, row):
    model = tree.model()
    return model.index(row, 0, model.index_of(DATASET))


def shows_its_image(tree, row):
    picture = line(tree, row).data(DECORATION).pixmap(24, 24).toImage()
    color = picture.pixelColor(12, 8)
    # Screens of 16 bits know every eighth grey.
    return color.alpha() > 0 and abs(color.red() - grey(row)) <= 8


def test_nothing_is_asked_for_lines_that_nobody_sees(tree, answers, qtbot):
    qtbot.wait(400)
    assert answers.asked == []

    tree.expand(tree.model().index_of(DATASET))

    qtbot.waitUntil(lambda: shows_its_image(tree, 3))
    assert answers.asked == [tuple(range(50))]
    assert not shows_its_image(
        tree, 7
    )  # there is none of it, and it isn't asked for again
    assert tree.rowHeight(line(tree, 0)) >= 24
    assert "<img" in line(tree, 3).data(Qt.ItemDataRole.ToolTipRole)


def test_images_of_two_datasets_in_sight_are_both_asked_for(tree):
    model = tree.model()
    other = Entry(item=Dataset(id=3, name="other"), count=2, parent=STUDY)
    model.set_children(STUDY, (other, DATASET))
    for dataset, first in ((other, 5000), (DATASET, 0)):
        model.set_children(
            dataset,
            [
                Entry(item=ImageRef(image_id=n, name=str(n)), parent=dataset)
                for n in (first, first + 1)
            ],
        )
        tree.expand(model.index_of(dataset))

    assert sorted(tree.images_in_sight(50)) == [0, 1, 5000, 5001]


def test_scrolling_asks_for_the_lines_where_it_ends(tree, answers, qtbot):
    tree.expand(tree.model().index_of(DATASET))
    qtbot.waitUntil(lambda: len(answers.asked) == 1)
    bar = tree.verticalScrollBar()
    for part in range(1, 9):
        bar.setValue(bar.maximum() * part // 8)

    qtbot.waitUntil(lambda: shows_its_image(tree, 999))

    assert answers.asked[1:] == [tuple(range(950, 1000))]
    bar.setValue(0)
    qtbot.wait(400)
    assert len(answers.asked) == 2


def test_what_failed_is_asked_for_again_when_lines_come_into_sight(
    tree, answers, qtbot
):
    answers.failure = ServerError("busy", status=503)
    tree.expand(tree.model().index_of(DATASET))
    qtbot.waitUntil(lambda: len(answers.asked) == 1)
    qtbot.wait(400)
    assert len(answers.asked) == 1

    answers.failure = None
    tree.verticalScrollBar().setValue(3)

    qtbot.waitUntil(lambda: shows_its_image(tree, 3))


def test_a_dataset_of_an_archive_has_pictures(
    idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(idr.url)
    person.search("CDC20")
    dataset = person.open(TISSUE)
    name = person.rows(dataset)[0]
    idr.requests.clear()

    images = person.open(TISSUE, name)

    first = images.model().index(0, 0, images)
    person.until(lambda: "<img" in first.data(Qt.ItemDataRole.ToolTipRole))
    asked = [one for one in idr.requests if "get_thumbnails" in one.path]
    assert len(asked) == 1
