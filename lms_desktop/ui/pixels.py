"""Pictures from courses: measured by their head before anything decodes them, dimmed in the dark."""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader

# A 16-megapixel photograph fits; a small file that unpacks to gigabytes doesn't.
MAX_PIXELS = 24_000_000
MAX_SIDE = 16_384
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


def picture(data: bytes) -> QImage | None:
    """Decode a picture; nothing for what is no picture or too large to be one."""
    opened = open_picture(data)
    image = opened[0].read() if opened is not None else QImage()
    return None if image.isNull() else image


def measure(data: bytes) -> QSize | None:
    """Tell a picture's size from its head alone; nothing for what is no picture or too large to be one."""
    opened = open_picture(data)
    return opened[0].size() if opened is not None else None


def open_picture(data: bytes) -> tuple[QImageReader, QBuffer] | None:
    """A reader of this picture, with what it reads from: the reader doesn't keep that alive."""
    kind = _kind(data)
    if kind is None:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(kind))
    reader.setAutoDetectImageFormat(False)
    return (reader, buffer) if _is_sane(reader.size()) else None


def shade() -> QColor:
    """Make what is laid over a picture that is too bright for the dark."""
    made = QColor(Qt.GlobalColor.black)
    made.setAlphaF(DIMMED)
    return made


def _kind(data: bytes) -> bytes | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return b"webp"
    return next((kind for start, kind in SIGNATURES if data.startswith(start)), None)


def _is_sane(size: QSize) -> bool:
    has_sides = 0 < size.width() <= MAX_SIDE and 0 < size.height() <= MAX_SIDE
    return has_sides and size.width() * size.height() <= MAX_PIXELS
