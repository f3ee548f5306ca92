"""Widgets that outside tests look for by name: there once, where a person sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QTableView, QWidget

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


def test_each_name_is_that_of_one_widget_in_sight(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)

    def seen(*names: str) -> dict[str, list[bool]]:
        found = {one: window.native.findChildren(QWidget, one) for one in names}
        return {
            one: [widget.isVisible() for widget in of_name]
            for one, of_name in found.items()
        }

    def once(*names: str) -> dict[str, list[bool]]:
        return {one: [True] for one in names}

    first = ("idr_back", "idr_forward", "idr_conditions", "idr_add_condition")
    assert seen(*first) == once(*first)

    person.find_plate("CDC20", MITOSIS, PLATE)
    assert seen("idr_gallery") == once("idr_gallery")

    person.show_plate()
    person.click("idr_wells_table_button")
    of_wells = ("idr_wells", "idr_wells_filter", "idr_color_by", "idr_legend")
    person.until(lambda: seen(*of_wells) == once(*of_wells))

    table = window.native.findChild(QTableView, "idr_wells")
    assert table is not None
    person.until(lambda: person.is_idle and table.model().rowCount() == 96)
    table.selectRow(5)
    together = ("idr_compare", "idr_with_controls", "idr_all_fields")
    person.until(lambda: seen(*together) == once(*together))

    person.click("idr_show_facets")
    assert seen("idr_facets") == once("idr_facets")
    person.click("idr_show_genes")
    assert seen("idr_genes") == once("idr_genes")
    person.until_idle()
