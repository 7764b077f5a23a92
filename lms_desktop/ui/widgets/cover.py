"""Covers: a cloth picked by the course's id, a mark picked by its subject, or the course's own picture."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.store.rows import CourseRow
from lms_desktop.ui import icons
from lms_desktop.ui.pixels import picture, shade
from lms_desktop.ui.theme import STRONG, font, tokens
from lms_desktop.ui.tokens import Cloth
from lms_desktop.ui.widgets.paint import rounded
from lms_server.contract.covers import cloth_of, subject_of

# Twice the largest cover, for sharp screens.
MOST_PIXELS = 400


@dataclass(frozen=True, slots=True)
class CoverArt:
    """All that a cover shows."""

    uid: str
    subject: str | None
    initial: str
    picture: QPixmap | None = None

    @property
    def cloth(self) -> Cloth:
        return cloth(self.uid)


def art(course: CourseRow, data: bytes | None = None) -> CoverArt:
    """The cover of a course; ``data`` holds the bytes of its own cover, if it has one here."""
    return art_of(course.uid, course.slug, course.title, data)


def art_of(uid: str, slug: str, title: str, data: bytes | None = None) -> CoverArt:
    """The cover of something that is named like a course."""
    initial = next((letter for letter in title if letter.isalnum()), "·").upper()
    return CoverArt(uid, subject_of(slug, title), initial, None if data is None else _decoded(data))


def cloth(uid: str) -> Cloth:
    """A course's binding in the colours of the present theme."""
    return tokens().cloths[cloth_of(uid)]


def draw_cover(painter: QPainter, box: QRect, shown: CoverArt, radius: int = 0) -> None:
    """Paint a cover into a box; ``radius`` is for covers that stand alone."""
    if shown.picture is not None:
        _draw_picture(painter, box, shown.picture, radius)
        return
    binding = shown.cloth
    rounded(painter, box, QColor(binding.ground), None, radius)
    inset = 8 if box.width() >= 72 else 4
    inner = box.adjusted(inset, inset, -inset, -inset)
    rounded(painter, inner, None, QColor(binding.frame), 3)
    side = max(20, min(72, round(min(inner.width(), inner.height()) * 0.4) + 12))
    middle = QRect(0, 0, side, side)
    middle.moveCenter(box.center())
    if shown.subject:
        icons.draw(painter, shown.subject, middle, QColor(binding.mark), stroke=1.5)
        return
    face = font(16, STRONG)
    face.setPixelSize(side)
    painter.setFont(face)
    painter.setPen(QColor(binding.mark))
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter), shown.initial)


@lru_cache(maxsize=24)
def _decoded(data: bytes) -> QPixmap | None:
    """A course's own cover, measured before it is read, and no larger than any place it is shown in."""
    image = picture(data)
    if image is None:
        return None
    if image.width() > MOST_PIXELS and image.height() > MOST_PIXELS:
        room = QSize(MOST_PIXELS, MOST_PIXELS)
        expand = Qt.AspectRatioMode.KeepAspectRatioByExpanding
        image = image.scaled(room, expand, Qt.TransformationMode.SmoothTransformation)
    return QPixmap.fromImage(image)


def _draw_picture(painter: QPainter, box: QRect, picture: QPixmap, radius: int) -> None:
    ratio = painter.device().devicePixelRatioF()
    size = QSize(round(box.width() * ratio), round(box.height() * ratio))
    mode = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    scaled = picture.scaled(size, mode, Qt.TransformationMode.SmoothTransformation)
    cut = scaled.copy(
        (scaled.width() - size.width()) // 2, (scaled.height() - size.height()) // 2, size.width(), size.height()
    )
    shape = QPainterPath()
    shape.addRoundedRect(box.x(), box.y(), box.width(), box.height(), radius, radius)
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.drawPixmap(box, cut)
    if tokens().is_dark:
        painter.fillRect(box, shade())
    painter.restore()


class Cover(QWidget):
    """A cover that stands by itself."""

    def __init__(self, shown: CoverArt, size: QSize, radius: int) -> None:
        super().__init__()
        self._art = shown
        self._radius = radius
        self.setFixedSize(size)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_cover(painter, self.rect(), self._art, self._radius)
