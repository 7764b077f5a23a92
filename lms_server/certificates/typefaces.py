"""The certificate's typefaces, each opened once a process: shaped by HarfBuzz, embedded by reportlab."""

from functools import lru_cache
from io import BytesIO
from typing import Any

import uharfbuzz as hb
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from resources import path

_OTHER_SCRIPTS = tuple(
    f"NotoSans{script}-SemiBold"
    for script in (
        *("Armenian", "Bengali", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Hebrew", "Kannada"),
        *("Khmer", "Lao", "Malayalam", "Myanmar", "Sinhala", "Tamil", "Telugu", "Thai"),
    )
)
# Chinese, Japanese and Korean in one small file; it comes last because it has letters of other scripts too.
_FALLBACK = (*_OTHER_SCRIPTS, "DroidSansFallback")
_EMBEDDED = ("NotoSans-Regular", "NotoSans-SemiBold", "NotoSerif-SemiBold")

SANS = ("NotoSans-Regular", "NotoSansArabic-Regular", "NotoSansDevanagari-Regular", *_FALLBACK)
SANS_STRONG = ("NotoSans-SemiBold", "NotoSansArabic-SemiBold", "NotoSansDevanagari-SemiBold", *_FALLBACK)
SERIF_STRONG = ("NotoSerif-SemiBold", "NotoNaskhArabic-SemiBold", "NotoSerifDevanagari-SemiBold", *_FALLBACK)


class Typeface:
    """One font file. ``is_embedded``: its letters can stand in the PDF as text, in place of outlines."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_embedded = name in _EMBEDDED
        face = hb.Face(hb.Blob.from_file_path(str(path(f"fonts/{name}.ttf"))))
        self.font = hb.Font(face)
        self.units = face.upem
        self._codepoints = face.unicodes
        self._outlines: dict[int, str] = {}
        if self.is_embedded:
            pdfmetrics.registerFont(TTFont(name, BytesIO(_without_hints(face))))

    def covers(self, char: str) -> bool:
        return ord(char) in self._codepoints

    def nominal(self, char: str) -> int | None:
        """The glyph of this letter alone."""
        glyph: int | None = self.font.get_nominal_glyph(ord(char))
        return glyph

    def advance(self, glyph: int) -> int:
        """The glyph's own width in font units."""
        width: int = self.font.get_glyph_h_advance(glyph)
        return width

    def outline(self, glyph: int) -> str:
        """The glyph as operators of a PDF path in font units, empty for a space."""
        if glyph not in self._outlines:
            operators: list[str] = []
            self.font.draw_glyph(glyph, _PEN, operators)
            self._outlines[glyph] = " ".join(operators)
        return self._outlines[glyph]


@lru_cache(maxsize=64)
def typeface(name: str) -> Typeface:
    """The typeface in this file of ``resources/fonts``, opened at its first use."""
    return Typeface(name)


def _without_hints(face: Any) -> bytes:
    # Hints are most of a subset's bytes and time, and paper has no pixels to fit.
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.RETAIN_GIDS
    wanted.sets(hb.SubsetInputSets.UNICODE).set(face.unicodes)
    slim = hb.subset(face, wanted)
    content: bytes = slim.blob.data
    return content


def _point(*values: float) -> str:
    # A thousandth of an em is finer than any printer.
    return " ".join(str(round(value)) for value in values)


def _pen() -> Any:
    pen = hb.DrawFuncs()
    pen.set_move_to_func(lambda x, y, out: out.append(f"{_point(x, y)} m"))
    pen.set_line_to_func(lambda x, y, out: out.append(f"{_point(x, y)} l"))
    pen.set_cubic_to_func(lambda a, b, c, d, x, y, out: out.append(f"{_point(a, b, c, d, x, y)} c"))
    pen.set_close_path_func(lambda out: out.append("h"))
    return pen


_PEN = _pen()
