"""Pictures of a lesson: measured before they are decoded, scaled to the column, rounded, dimmed in the dark."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath

from lms_desktop.ui.pixels import measure, open_picture, shade
from lms_desktop.ui.tokens import PAPER

RADIUS_PX = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """How a picture is shown: size in pixels of the page, sharpness of the screen, theme."""

    width: int
    height: int
    ratio: float = 1.0
    is_dark: bool = False


def blank() -> QImage:
    """Make the valid picture that is given for everything refused: Qt looks on the disk when given nothing."""
    image = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    return image


def shown(data: bytes, frame: Frame) -> QImage:
    """Decode for a frame: the first picture of an animation, exactly as large as it is drawn."""
    opened = open_picture(data)
    if opened is None:
        return blank()
    target = QSize(max(1, round(frame.width * frame.ratio)), max(1, round(frame.height * frame.ratio)))
    reader, size = opened[0], opened[0].size()
    if target.width() * 2 < size.width() and bytes(reader.format().data()) == b"jpeg":
        # A photograph is read at about twice the size wanted, in a fraction of time and memory.
        reader.setScaledSize(size.scaled(target * 2, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return blank()
    image = image.scaled(target, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return _finished(image, frame)


def _finished(image: QImage, frame: Frame) -> QImage:
    result = QImage(image.size(), QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(Qt.GlobalColor.transparent)
    edge = RADIUS_PX * frame.ratio if min(frame.width, frame.height) > 4 * RADIUS_PX else 0
    path = QPainterPath()
    path.addRoundedRect(QRectF(image.rect()), edge, edge)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if frame.is_dark and image.hasAlphaChannel():
        # Drawn for paper: black lines on nothing would be lost under the lamp.
        painter.fillPath(path, QColor(PAPER.surface))
    painter.fillPath(path, QBrush(image))
    if frame.is_dark:
        painter.fillPath(path, shade())
    painter.end()
    result.setDevicePixelRatio(frame.ratio)
    return result


class Gallery:
    """The pictures of one lesson: only what was hung here under a number is ever shown."""

    def __init__(self, assets: Callable[[str], bytes | None]) -> None:
        self._assets = assets
        self._sizes: dict[str, QSize | None] = {}
        self._hung: dict[str, tuple[str, int, int]] = {}

    def is_here(self, path: str) -> bool:
        return bool(self._assets(path))

    def size(self, path: str) -> QSize | None:
        if path not in self._sizes:
            data = self._assets(path)
            self._sizes[path] = measure(data) if data else None
        return self._sizes[path]

    def hang(self, path: str, width: int, height: int) -> str:
        """Give the name by which the document asks for this picture at this size."""
        name = f"picture:{len(self._hung)}"
        self._hung[name] = (path, width, height)
        return name

    def take_down(self) -> None:
        self._hung.clear()

    def image(self, name: str, *, ratio: float, is_dark: bool) -> QImage:
        path, width, height = self._hung.get(name, ("", 0, 0))
        data = self._assets(path) if path else None
        return shown(data, Frame(width, height, ratio, is_dark)) if data else blank()
