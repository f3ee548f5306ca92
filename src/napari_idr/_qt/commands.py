"""Commands of the menus and of napari's palette that act on a viewer."""

from __future__ import annotations

from napari.utils.notifications import show_info

# napari finds out by its type that a command wants the viewer.
from napari.viewer import Viewer  # noqa: TC002

from napari_idr._qt.guide import open_guide
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.wells.dock import open_wells
from napari_idr.services.search.catalog import counted


def show_wells(viewer: Viewer) -> None:
    """Show the table of the wells of the plate that one looks at."""
    open_wells(viewer)


def close_layers(viewer: Viewer) -> None:
    """Take all IDR layers out of a viewer; what a person drew stays."""
    count = scene_of(viewer).aside.close_all()
    show_info(closed_message(count))


def bring_back_layers(viewer: Viewer) -> None:
    """Put the IDR layers that were closed last into a viewer again."""
    aside = scene_of(viewer).aside
    if not aside.count:
        show_info("No IDR layers were closed.")
    aside.bring_back()


def show_guide(viewer: Viewer) -> None:
    """Open the guide."""
    open_guide(viewer)


def closed_message(count: int) -> str:
    """Say how many layers were closed, and how that is undone.

    >>> closed_message(1)
    '1 layer was closed. Undo closing brings it back.'
    """
    if not count:
        return "There are no IDR layers."
    was, it = ("was", "it") if count == 1 else ("were", "them")
    layers = counted(count, "layer", "layers")
    return f"{layers} {was} closed. Undo closing brings {it} back."
