"""The title of a plate, and letters and numbers that stay in sight at any zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.theme import get_theme
from superqt.utils import qdebounced

from napari_idr._qt.layers.reach import Points
from napari_idr._qt.layers.rows import never_fewer, set_rows
from napari_idr._qt.layers.sight import LEAST_ZOOM, is_upright, view_of
from napari_idr.services.plate.headings import View, heading_room
from napari_idr.services.plate.mosaic import Heading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_idr.services.mosaic import MosaicShown
    from napari_idr.services.plate.mosaic import MosaicPlan

FOLLOW_MS = 130
"""The headings follow when the camera has rested for so long: moving them takes
napari 25 to 60 ms, as much as a frame or two. The marks on the wells have followed by
then, and been drawn."""

TEXT_POINTS = 10
"""The size of the letters on the screen; it doesn't change with the zoom."""

BACKING_PX = 20
BACKING_OPACITY = 0.7
"""Of the disc behind each letter: in a plate that is zoomed into, it lies on wells."""

LONGEST_BACKED = 3
"""Characters that one disc is behind; behind a longer text is a row of them."""

LETTER_PX, DISC_STEP_PX = 10, 5
"""The width of a letter on the screen, and the distance of two discs in a row. Capitals
are wider: a row of discs has room for one letter more than there are."""

LOWER_PX = 2
"""How much lower a row of discs lies than its text: underscores end where it would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What stands in the layer; positions are (y, x) in px of the mosaic.

    `backed` is which texts have a disc behind them, of `size` px of the mosaic.
    """

    texts: tuple[str, ...] = ()
    backed: tuple[bool, ...] = ()
    positions: tuple[tuple[float, float], ...] = ()
    size: float = 1.0


class HeadingsLayer:
    """A Points layer of texts: beside the plate, or at the canvas's edge if need be.

    It follows the camera and the size of the canvas while something of the mosaic is
    seen. Where the axes lie otherwise, in 3D or transposed, nothing is written: texts
    would lie across the mosaic.

    Parameters
    ----------
    viewer
        Whose camera, canvas and theme are followed.
    shown
        What the headings are of.
    note
        A line below the title; "" for none.
    above
        How many px of the mosaic are free above it.
    place
        What the layer is made with besides: where it lies, whether it is seen ...
    """

    def __init__(
        self,
        viewer: Viewer,
        shown: MosaicShown,
        *,
        note: str,
        above: float,
        place: dict[str, Any],
    ) -> None:
        self._viewer = viewer
        self._mosaic = shown
        self._note = note
        self._above = above
        self._has_texts = False
        text, self._back = _colors(viewer)
        view = view_of(viewer, place["scale"], place["translate"])
        self._shown = self._planned(view)
        self.layer = Points(
            np.array(self._shown.positions).reshape(-1, 2),
            features=_labels(self._shown),
            text={
                "string": "{label}",
                "size": TEXT_POINTS,
                "anchor": "center",
                "visible": False,
                "color": text,
            },
            size=self._shown.size,
            symbol="disc",
            border_width=0,
            name=f"{shown.name} headings",
            **place,
        )
        self.layer.reach = _reach(shown.plan)
        self.layer.current_face_color = self._back
        self._color_backing()
        self._follow = qdebounced(self._place_if_seen, timeout=FOLLOW_MS)
        viewer.scene.camera.events.center.connect(self._on_moved)
        viewer.scene.camera.events.zoom.connect(self._on_moved)
        viewer.canvas.events.size.connect(self._on_moved)
        viewer.dims.events.order.connect(self._on_moved)
        viewer.dims.events.ndisplay.connect(self._on_moved)
        self.layer.events.scale.connect(self._on_moved)
        self.layer.events.visible.connect(self._on_moved)
        viewer.events.theme.connect(self._on_theme)

    def show_texts(self) -> bool:
        """Let the texts be seen, after the discs behind them: once for each layer.

        napari builds the programs that draw either when it draws them first; both
        together would take as long as a repaint. Later on they are the person's.
        Returns whether they weren't seen before.
        """
        if self._has_texts:
            return False
        self._has_texts = self.layer.text.visible = True
        return True

    def show(self, shown: MosaicShown) -> bool:
        """Write the headings of what is shown now; tell whether they are others."""
        if shown.plan is not self._mosaic.plan:
            self.layer.reach = _reach(shown.plan)
        self._mosaic = shown
        return self._place()

    def set_note(self, note: str) -> None:
        """Write a line below the title; "" for none."""
        if note != self._note:
            self._note = note
            self._place()

    def set_room_above(self, above: float) -> None:
        """Say how many px of the mosaic are free above it."""
        if above != self._above:
            self._above = above
            self._place()

    def close(self) -> None:
        """Stop following the viewer."""
        camera = self._viewer.scene.camera
        camera.events.center.disconnect(self._on_moved)
        camera.events.zoom.disconnect(self._on_moved)
        self._viewer.canvas.events.size.disconnect(self._on_moved)
        self._viewer.dims.events.order.disconnect(self._on_moved)
        self._viewer.dims.events.ndisplay.disconnect(self._on_moved)
        self._viewer.events.theme.disconnect(self._on_theme)

    def _on_moved(self, _: Any = None) -> None:
        if self.layer.visible:
            self._follow()

    def _place_if_seen(self) -> None:
        # Not while napari adds the layer, which isn't seen until that is over.
        if not self.layer.visible:
            return
        if not is_upright(self._viewer) or self._view.shows(self._mosaic.plan):
            self._place()

    def _on_theme(self, _: Any = None) -> None:
        self.layer.text.color, self._back = _colors(self._viewer)
        self.layer.current_face_color = self._back
        self._color_backing()

    def _color_backing(self) -> None:
        """Lay discs behind what may lie on images, and none behind a plate's title."""
        if backed := self._shown.backed:
            clear = np.zeros(4)
            self.layer.face_color = np.array(
                [self._back if one else clear for one in backed]
            )

    @property
    def _view(self) -> View:
        return view_of(self._viewer, self.layer.scale, self.layer.translate)

    def _headings(self, view: View) -> Sequence[Heading]:
        """Return as many headings as fit where they can be seen.

        Beside the mosaic where it isn't seen: writers of files fail at empty layers.
        """
        told: dict[str, Any] = {"note": self._note, "above": self._above}
        mosaic = self._mosaic
        seen = mosaic.headings_in_view(view, **told)
        return seen or mosaic.headings_in_view(_whole(mosaic.plan), **told)

    def _planned(self, view: View) -> _Shown:
        placed = _placed(self._headings(view), view.zoom)
        if is_upright(self._viewer):
            return placed
        count = len(placed.texts)
        return replace(placed, texts=("",) * count, backed=(False,) * count)

    def _place(self) -> bool:
        """Write the headings where they belong; tell whether any have changed."""
        placed = self._planned(self._view)
        positions = np.array(placed.positions).reshape(-1, 2)
        positions = never_fewer(self.layer, positions)
        hidden = len(positions) - len(placed.texts)
        return self._show(
            replace(
                placed,
                texts=(*("",) * hidden, *placed.texts),
                backed=(*(False,) * hidden, *placed.backed),
                positions=tuple((y, x) for y, x in positions.tolist()),
            )
        )

    def _show(self, shown: _Shown) -> bool:
        """Change what differs: napari draws, and measures all layers, with each."""
        before, self._shown = self._shown, shown
        if shown == before:
            return False
        self.layer.current_size = shown.size  # of points that are added
        if shown.positions != before.positions:
            set_rows(self.layer, np.array(shown.positions).reshape(-1, 2))
        if shown.backed != before.backed:
            self._color_backing()
        if shown.texts != before.texts:
            self.layer.features = _labels(shown)
        if shown.size != before.size:
            self.layer.size = shown.size
        elif shown.texts != before.texts:  # which alone draws nothing
            self.layer.refresh(thumbnail=False, highlight=False, extent=False)
        return True


def _placed(headings: Sequence[Heading], zoom: float) -> _Shown:
    """Return what stands in the layer for some headings."""
    seen = tuple(_with_backing(headings, zoom))
    positions = np.array([(one.y, one.x) for one in seen]).reshape(-1, 2).round(2)
    return _Shown(
        texts=tuple(one.label for one in seen),
        backed=tuple(one.backed for one in seen),
        positions=tuple((y, x) for y, x in positions.tolist()),
        # What lies behind a letter, as large on the screen at any zoom.
        size=round(BACKING_PX / max(zoom, LEAST_ZOOM), 2),
    )


def _labels(shown: _Shown) -> dict[str, NDArray[np.object_]]:
    return {"label": np.array(shown.texts, dtype=object)}


def _colors(viewer: Viewer) -> tuple[str, NDArray[np.float64]]:
    """Return the colours of texts and, as RGBA, of the discs behind them."""
    theme = get_theme(viewer.theme)
    rgb = np.array(theme.canvas.as_rgb_tuple(alpha=False)) / 255
    return theme.text.as_hex(), np.array([*rgb, BACKING_OPACITY])


def _with_backing(headings: Sequence[Heading], zoom: float) -> Iterator[Heading]:
    """Yield headings, before each long one that is backed the discs behind it.

    >>> one = Heading(label="idr0001", y=0, x=50, backed=True)
    >>> [(disc.label, round(disc.x)) for disc in _with_backing([one], zoom=2)][::17]
    [('', 32), ('idr0001', 50)]
    """
    for one in headings:
        if one.backed and len(one.label) > LONGEST_BACKED:
            half = (len(one.label) + 1) * LETTER_PX / 2
            count = math.ceil(2 * half / DISC_STEP_PX)
            for n in range(count + 1):
                x = one.x + (n / count * 2 - 1) * (half - BACKING_PX / 4) / zoom
                yield Heading(label="", y=one.y + LOWER_PX / zoom, x=x, backed=True)
            yield replace(one, backed=False)
        else:
            yield one


def _reach(plan: MosaicPlan) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return from where to where a mosaic reaches, room for its headings included."""
    (height, width), (above, left) = plan.shape, heading_room(plan)
    return (-above, -left), (height - 1.0, width - 1.0)


def _whole(plan: MosaicPlan) -> View:
    """Return a view of all of a plate."""
    (height, width), (y, x) = plan.shape, plan.cell_shape
    return View(top=-y, left=-x, bottom=height, right=width, zoom=1.0)
