"""PDF pages as pictures."""

from dataclasses import dataclass

import pypdfium2
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

MAX_PAGES = 2_000
# A page of a poster is shown smaller, not refused.
MAX_SIDE_PX = 6_000


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page's width and height in points."""

    width: float
    height: float

    def fitting(self, width_px: int) -> QSize:
        """Tell the size of this page when it is as wide as this."""
        return QSize(width_px, max(1, round(width_px * self.height / self.width)))


class Paper:
    """An open PDF. Raises ValueError for bytes that are none, or that want a password."""

    def __init__(self, data: bytes) -> None:
        try:
            self._document = pypdfium2.PdfDocument(data)
            count = min(len(self._document), MAX_PAGES)
            self.pages = tuple(self._size(index) for index in range(count))
        except pypdfium2.PdfiumError as error:
            raise ValueError("no readable PDF") from error
        if not self.pages:
            raise ValueError("a PDF without pages")

    def image(self, page: int, width_px: int, ratio: float = 1.0) -> QImage:
        """Paint a page, on white, ``width_px`` wide on a screen with this many dots a pixel."""
        size = self.pages[page]
        wanted = min(width_px * ratio, MAX_SIDE_PX, MAX_SIDE_PX * size.width / size.height)
        bitmap = self._document[page].render(scale=wanted / size.width, rev_byteorder=True, prefer_bgrx=True)
        data = bytes(bitmap.buffer)
        image = QImage(data, bitmap.width, bitmap.height, bitmap.stride, QImage.Format.Format_RGBX8888).copy()
        image.setDevicePixelRatio(image.width() / width_px)
        return image

    def close(self) -> None:
        self._document.close()

    def _size(self, index: int) -> PageSize:
        width, height = self._document.get_page_size(index)
        return PageSize(max(1.0, float(width)), max(1.0, float(height)))
