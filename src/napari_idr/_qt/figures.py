"""Painter of figures: a page in mm as PNG, SVG or PDF, in any thread."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qtpy.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from qtpy.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
)
from qtpy.QtSvg import QSvgGenerator

from napari_idr._version import __version__
from napari_idr.errors import DownloadError
from napari_idr.services.figure import Box, Figure, Line, Picture, Text
from napari_idr.services.plain_text import visible_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.services.figure import Item

__all__ = ["FIGURE_ENDINGS", "write_figure"]

FIGURE_ENDINGS: Final = (".png", ".svg", ".pdf")

DPI: Final = 300
"""Dots in 25.4 mm, as journals ask for photographs."""

MM_PER_INCH: Final = 25.4
DOTS_PER_MM: Final = DPI / MM_PER_INCH
DOTS_PER_METRE: Final = round(DPI / MM_PER_INCH * 1000)
MM_PER_POINT: Final = 25.4 / 72

FAMILIES: Final = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")

PAPER: Final = "#ffffff"

UNSEEN_PX: Final = 1 / 64
"""Smallest space between letters that Qt knows: it counts in 64ths of a pixel."""

BAND_PX: Final = 1_000_000
"""Pixels drawn at once. SVG and PDF pack them meanwhile, and nothing else may run."""

PAUSE_S: Final = 0.03
"""Pause between bands: what waits in the window, a Cancel say, needs many turns."""

OVERLAP_ROWS: Final = 32
"""Rows that a band shares with the next, lest the paper be seen between them.

More than a dot where the page is seen at a tenth of its pixels.
"""

SMALLEST_SHARE: Final = 0.75
"""Of its size, that a text is written in at least where there isn't room for it."""

ALIGNED: Final = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}


def write_figure(figure: Figure, path: Path, *, cancel: CancelToken) -> Path:
    """Paint a figure into a file, of the kind that its ending tells; return its path.

    It needs no window, and may run in any thread. Nothing is there under the name until
    all is.

    Raises
    ------
    DownloadError
        The ending is none of `FIGURE_ENDINGS`, or the file can't be written.
    Cancelled
        The token was cancelled; nothing is left.
    """
    ending = path.suffix.lower()
    if ending not in FIGURE_ENDINGS:
        known = ", ".join(FIGURE_ENDINGS)
        raise DownloadError(f"figures end in one of {known}, not {ending or 'nothing'}")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    paint = {".png": _paint_png, ".svg": _paint_svg, ".pdf": _paint_pdf}[ending]
    paint(figure, buffer, cancel)
    buffer.close()
    cancel.check()
    temporary = path.parent / f".{secrets.token_hex(8)}.idr-part"
    try:
        temporary.write_bytes(buffer.data().data())
        cancel.check()
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or "the disk refuses it"
        raise DownloadError(f"{path.name} can't be written: {reason}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def _paint_png(figure: Figure, device: QBuffer, cancel: CancelToken) -> None:
    width, height = _size(figure)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(DOTS_PER_METRE)
    image.setDotsPerMeterY(DOTS_PER_METRE)
    image.fill(Qt.GlobalColor.white)
    image.setText("Title", visible_text(figure.title))
    image.setText("Software", _creator())
    image.setText("Description", visible_text("\n".join(figure.texts)))
    _paint(figure, image, cancel)
    image.save(device, "PNG")


def _paint_svg(figure: Figure, device: QBuffer, cancel: CancelToken) -> None:
    width, height = _size(figure)
    generator = QSvgGenerator()
    generator.setOutputDevice(device)
    generator.setResolution(DPI)
    generator.setSize(QSize(width, height))
    generator.setViewBox(QRectF(0, 0, width, height))
    generator.setTitle(visible_text(figure.title))
    generator.setDescription(_creator())
    _paint(figure, generator, cancel)


def _paint_pdf(figure: Figure, device: QBuffer, cancel: CancelToken) -> None:
    writer = QPdfWriter(device)
    writer.setResolution(DPI)
    size = QSizeF(figure.width, figure.height)
    exact = QPageSize.SizeMatchPolicy.ExactMatch
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Millimeter, "", exact))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(visible_text(figure.title))
    writer.setCreator(_creator())
    _paint(figure, writer, cancel)


def _creator() -> str:
    return f"napari-idr {__version__}"


def _size(figure: Figure) -> tuple[int, int]:
    return round(figure.width * DOTS_PER_MM), round(figure.height * DOTS_PER_MM)


def _paint(figure: Figure, device: Any, cancel: CancelToken) -> None:
    painter = QPainter(device)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        # Without it a page is clear, and black on black in a dark window.
        page = _rect(0, 0, figure.width, figure.height)
        painter.fillRect(page, QColor(PAPER))
        for item in figure.items:
            cancel.check()
            _paint_item(painter, item, cancel)
    finally:
        painter.end()


def _paint_item(painter: QPainter, item: Item, cancel: CancelToken) -> None:
    if isinstance(item, Picture):
        _paint_picture(painter, item, cancel)
    elif isinstance(item, Text):
        _paint_text(painter, item)
    elif isinstance(item, Box):
        rect = _rect(item.x, item.y, item.width, item.height)
        painter.fillRect(rect, _color(item.fill, item.opacity))
    elif isinstance(item, Line):
        pen = QPen(_color(item.color, item.opacity), item.width * DOTS_PER_MM)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        start, end = (item.x, item.y), (item.x + item.dx, item.y + item.dy)
        rect = _rect(*start, end[0] - start[0], end[1] - start[1])
        painter.drawLine(rect.topLeft(), rect.bottomRight())


def _paint_picture(painter: QPainter, item: Picture, cancel: CancelToken) -> None:
    height, width, _ = item.pixels.shape
    rect = _rect(item.x, item.y, item.width, item.height)
    # pixels that are larger than dots stay squares; many on a dot are averaged
    smooth = width > rect.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    step = rect.height() / height
    rows = height if height * width <= BAND_PX else max(1, BAND_PX // width)
    for first in range(0, height, rows):
        if first:
            time.sleep(PAUSE_S)
        cancel.check()
        band = np.ascontiguousarray(item.pixels[first : first + rows + OVERLAP_ROWS])
        tall = len(band)
        image = QImage(
            band.tobytes(), width, tall, 3 * width, QImage.Format.Format_RGB888
        ).copy()
        top = rect.top() + first * step
        target = QRectF(rect.left(), top, rect.width(), tall * step)
        painter.drawImage(target, image, QRectF(0, 0, width, tall))


def _paint_text(painter: QPainter, item: Text) -> None:
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPixelSize(max(1, round(item.size_pt * MM_PER_POINT * DOTS_PER_MM)))
    font.setBold(item.bold)
    # Any space between letters does: a ligature can't be found by its letters.
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, UNSEEN_PX)
    painter.setPen(_color(item.color, 1.0))
    left = {"left": item.x, "center": item.x - item.width / 2}.get(
        item.align, item.x - item.width
    )
    rect = _rect(left, item.y, item.width, item.height)
    text, room = " ".join(visible_text(item.text).split()), rect.width() + 1
    metrics = QFontMetricsF(font, painter.device())
    if (wide := metrics.horizontalAdvance(text)) > room:
        # Rather small than cut: half a DOI leads nowhere.
        size = font.pixelSize()
        font.setPixelSize(max(int(size * room / wide), round(size * SMALLEST_SHARE)))
        metrics = QFontMetricsF(font, painter.device())
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.setFont(font)
    painter.drawText(rect, ALIGNED[item.align] | Qt.AlignmentFlag.AlignVCenter, text)


def _rect(x: float, y: float, width: float, height: float) -> QRectF:
    return QRectF(*(value * DOTS_PER_MM for value in (x, y, width, height)))


def _color(color: str, opacity: float) -> QColor:
    found = QColor(color)
    found.setAlphaF(opacity)
    return found
