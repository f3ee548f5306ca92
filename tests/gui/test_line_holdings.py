"""What an image has, told in its line once something that was read anyway says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTabWidget

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson

TOOLTIP = Qt.ItemDataRole.ToolTipRole
STUDY = "idr0904-demo-tissue/experimentA"
DATASET = "kinds of image [8 bit, float & RGB]"
CROWDED_ID = 9208


def told_of(line):
    return line.siblingAtColumn(1).data()


def test_a_line_tells_what_its_image_has_as_answers_say_it(
    idr: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(idr.url)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: person.is_idle and STUDY in person.rows())
    person.open(STUDY)
    person.open(STUDY, DATASET)
    names = person.rows(person.line(STUDY, DATASET))
    crowded = person.line(STUDY, DATASET, "thousands of regions")
    assert {told_of(person.line(STUDY, DATASET, name)) for name in names} == {None}
    width = person.tree.columnWidth(1)

    person.select(STUDY, DATASET, "thousands of regions")
    person.until(lambda: told_of(crowded) is not None)

    count = len(idr.world.rois[CROWDED_ID])
    assert told_of(crowded) == f"{count:,} regions"
    assert f"imageref: {count:,} regions" in crowded.data(TOOLTIP)
    person.until(lambda: person.tree.columnWidth(1) > width)
