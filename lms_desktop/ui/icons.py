"""Icons, painted from their own SVG at the screen's resolution in the colour of what stands beside them."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QTransform
from PySide6.QtSvg import QSvgRenderer

from resources import path

# These point along the text, so they turn round with it; all others keep their shape.
MIRRORED = frozenset({"arrow-start", "arrow-end", "chevron-end", "list"})
STROKES = {16: 1.95, 40: 1.4}


def names() -> tuple[str, ...]:
    """Every icon there is."""
    return tuple(sorted(file.stem for file in path("icons").glob("*.svg")))


def draw(
    painter: QPainter,
    name: str,
    box: QRect,
    color: QColor,
    direction: Qt.LayoutDirection = Qt.LayoutDirection.LeftToRight,
    stroke: float | None = None,
) -> None:
    """Paint an icon in the middle of a box, as large as the box's shorter side."""
    size = min(box.width(), box.height())
    ratio = painter.device().devicePixelRatioF()
    mirrored = direction is Qt.LayoutDirection.RightToLeft and name in MIRRORED
    picture = pixmap(name, size, color, ratio, mirrored=mirrored, stroke=stroke)
    painter.drawPixmap(box.x() + (box.width() - size) // 2, box.y() + (box.height() - size) // 2, picture)


def pixmap(
    name: str,
    size: int,
    color: QColor,
    ratio: float = 1.0,
    *,
    mirrored: bool = False,
    stroke: float | None = None,
) -> QPixmap:
    """An icon of ``size`` device-independent pixels."""
    thickness = STROKES.get(size, 1.75) if stroke is None else stroke
    return _paint(name, size, color.name(), ratio, mirrored, thickness)


def icon(name: str, color: QColor, size: int = 20) -> QIcon:
    """An icon for menus and other parts that Qt paints itself."""
    made = QIcon()
    for ratio in (1.0, 2.0):
        made.addPixmap(pixmap(name, size, color, ratio))
    return made


@lru_cache(maxsize=512)
def _paint(name: str, size: int, color: str, ratio: float, mirrored: bool, stroke: float) -> QPixmap:  # noqa: FBT001 - the key of a cache
    pixels = max(1, round(size * ratio))
    picture = QPixmap(pixels, pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(_source(name, color, stroke))).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    if mirrored:
        picture = picture.transformed(QTransform(-1, 0, 0, 1, 0, 0))
    picture.setDevicePixelRatio(ratio)
    return picture


def _source(name: str, color: str, stroke: float) -> bytes:
    text = path(f"icons/{name}.svg").read_text(encoding="utf-8")
    return text.replace("currentColor", color).replace('stroke-width="1.75"', f'stroke-width="{stroke:g}"').encode()
