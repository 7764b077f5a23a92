"""A page that knows its reading side: what is drawn from the start lands on the right in a right-to-left course."""

from dataclasses import dataclass

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

from lms_server.certificates.embedding import EmbeddedFonts
from lms_server.certificates.lettering import Line, draw_line, set_line

WIDTH, HEIGHT = landscape(A4)


@dataclass(frozen=True)
class Style:
    """Typefaces, size in points (line by line it may shrink to fit) and colour of a text."""

    faces: tuple[str, ...]
    size: float
    color: str


@dataclass(frozen=True)
class Sheet:
    """A landscape A4 page. Lengths in points; ``x`` counts from the reading side, ``y`` from the top."""

    canvas: Canvas
    fonts: EmbeddedFonts
    rtl: bool

    def left(self, x: float, width: float = 0.0) -> float:
        """Where the left end of something this wide is on paper."""
        return WIDTH - x - width if self.rtl else x

    def text(self, x: float, y: float, text: str, style: Style, room: float = WIDTH) -> None:
        """Write from the reading side, smaller if it is wider than the room."""
        self._write(x, y, set_line(text, style.faces, rtl=self.rtl), style, room)

    def text_ending(self, x: float, y: float, text: str, style: Style, room: float = WIDTH) -> None:
        """Write so that the far end is at x."""
        line = set_line(text, style.faces, rtl=self.rtl)
        self._write(x - line.width * fitting(line, style, room), y, line, style, room)

    def rule(self, x: float, y: float, width: float, color: str, weight: float = 0.7) -> None:
        """Draw a line along the page."""
        self.canvas.setStrokeColor(HexColor(color))
        self.canvas.setLineWidth(weight)
        self.canvas.line(self.left(x, width), HEIGHT - y, self.left(x, width) + width, HEIGHT - y)

    def box(self, x: float, y: float, width: float, height: float, *, fill: str, radius: float = 0) -> None:
        """Fill a rectangle whose top is at y."""
        self.canvas.setFillColor(HexColor(fill))
        self.canvas.roundRect(self.left(x, width), HEIGHT - y - height, width, height, radius, stroke=0, fill=1)

    def outline(self, x: float, y: float, width: float, height: float, *, color: str, radius: float = 0) -> None:
        """Draw the edge of a rectangle whose top is at y."""
        self.canvas.setStrokeColor(HexColor(color))
        self.canvas.setLineWidth(0.7)
        self.canvas.roundRect(self.left(x, width), HEIGHT - y - height, width, height, radius)

    def figure(self, x: float, y: float, width: float, operators: str, units: float) -> None:
        """Draw path operators made for a square of this many units, y upwards, from its top start corner."""
        scale = width / units
        self.canvas.addLiteral(f"q {scale:.5f} 0 0 {scale:.5f} {self.left(x, width):.3f} {HEIGHT - y - width:.3f} cm")
        self.canvas.addLiteral(operators)
        self.canvas.addLiteral("Q")

    def _write(self, x: float, y: float, line: Line, style: Style, room: float) -> None:
        size = fitting(line, style, room)
        self.canvas.setFillColor(HexColor(style.color))
        draw_line(self.fonts, line, self.left(x, line.width * size), HEIGHT - y, size)


def fitting(line: Line, style: Style, room: float) -> float:
    """The style's size, or the largest at which the line still fits."""
    return min(style.size, room / line.width) if line.width else style.size
