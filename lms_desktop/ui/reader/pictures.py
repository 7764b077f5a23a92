"""Pictures of a lesson: measured before they are decoded, scaled to the column, rounded, dimmed in the dark."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QImageReader, QPainter, QPainterPath

from lms_desktop.ui.tokens import PAPER

# A 16-megapixel photograph fits; a small file that unpacks to gigabytes doesn't.
MAX_PIXELS = 24_000_000
MAX_SIDE = 16_384
RADIUS_PX = 8
# How much darker a picture gets under the lamp.
DIMMED = 0.14
# Only pictures made of pixels: SVG and PDF readers can be talked into more.
SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", b"png"),
    (b"\xff\xd8\xff", b"jpeg"),
    (b"GIF87a", b"gif"),
    (b"GIF89a", b"gif"),
    (b"BM", b"bmp"),
)


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


def measure(data: bytes) -> QSize | None:
    """Tell a picture's size from its head alone; nothing for what is no picture or too large to be one."""
    reader = _open(data)
    if reader is None:
        return None
    size = reader[0].size()
    is_sane = 0 < size.width() <= MAX_SIDE and 0 < size.height() <= MAX_SIDE
    return size if is_sane and size.width() * size.height() <= MAX_PIXELS else None


def shown(data: bytes, frame: Frame) -> QImage:
    """Decode for a frame: the first picture of an animation, exactly as large as it is drawn."""
    size = measure(data)
    opened = _open(data)
    if size is None or opened is None:
        return blank()
    target = QSize(max(1, round(frame.width * frame.ratio)), max(1, round(frame.height * frame.ratio)))
    reader = opened[0]
    if target.width() * 2 < size.width() and bytes(reader.format().data()) == b"jpeg":
        # A photograph is read at about twice the size wanted, in a fraction of time and memory.
        reader.setScaledSize(size.scaled(target * 2, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return blank()
    image = image.scaled(target, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return _finished(image, frame)


def _open(data: bytes) -> tuple[QImageReader, QBuffer] | None:
    kind = next((kind for start, kind in SIGNATURES if data.startswith(start)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = b"webp"
    if kind is None:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(kind))
    reader.setAutoDetectImageFormat(False)
    # The reader doesn't keep its device alive.
    return reader, buffer


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
        shade = QColor(Qt.GlobalColor.black)
        shade.setAlphaF(DIMMED)
        painter.fillPath(path, shade)
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
