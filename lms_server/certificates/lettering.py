"""Set one line of text in any script: ordered, shaped, and drawn so that it can be searched.

Latin, Greek and Cyrillic stand in the PDF as text in embedded fonts. Other scripts are drawn as outlines, since
PDF text can't say where shaped letters go; each stretch carries its text for search and copying (ActualText).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any
from unicodedata import combining, normalize

import uharfbuzz as hb
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from lms_server.certificates.bidi import is_rtl, visual_runs
from lms_server.certificates.typefaces import SANS, Typeface, typeface

_NO_LIGATURES = {"liga": False, "clig": False, "dlig": False}
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Words:
    """Letters of an embedded font, in chunks with the kerning that follows each."""

    face: str
    x: float
    chunks: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Outlines:
    """A drawn stretch: path operators in font units, ``scale`` of them to the em, and the text they show."""

    x: float
    width: float
    scale: float
    operators: str
    text: str


@dataclass(frozen=True)
class Line:
    """One set line; lengths in ems."""

    width: float
    pieces: tuple[Words | Outlines, ...]


@dataclass(frozen=True)
class _Glyph:
    number: int
    cluster: int
    advance: int
    x: int
    y: int


@lru_cache(maxsize=512)
def set_line(text: str, faces: tuple[str, ...], *, rtl: bool = False) -> Line:
    """Set this text with the first of the typefaces that has each letter; letters that none has are left out.

    ``rtl`` is the direction of a text that has no strong letter of its own.
    """
    text = _drawable(normalize("NFC", text), faces)
    pieces: list[Words | Outlines] = []
    x = 0.0
    for run in visual_runs(text, rtl=is_rtl(text, otherwise=rtl)):
        stretches = _by_face(run.text, faces)
        for face, stretch in reversed(stretches) if run.rtl else stretches:
            piece, width = _set(stretch, face, x, rtl=run.rtl)
            pieces.append(piece)
            x += width
    return Line(x, tuple(pieces))


def draw_line(canvas: Canvas, line: Line, x: float, y: float, size: float) -> None:
    """Draw a line with its left end at (x, y), in the canvas's fill colour."""
    for piece in line.pieces:
        if isinstance(piece, Words):
            _draw_words(canvas, piece, x, y, size)
        else:
            _draw_outlines(canvas, piece, x, y, size)


def _drawable(text: str, faces: Sequence[str]) -> str:
    return "".join(char for char in text if char in _JOINERS or any(typeface(name).covers(char) for name in faces))


def _by_face(text: str, faces: Sequence[str]) -> list[tuple[Typeface, str]]:
    chosen: list[Typeface] = []
    for char in text:
        stays = chosen and (char in _JOINERS or ((combining(char) or char.isspace()) and chosen[-1].covers(char)))
        first = next((name for name in faces if typeface(name).covers(char)), faces[0])
        chosen.append(chosen[-1] if stays else typeface(first))
    pairs = zip(chosen, text, strict=True)
    return [(face, "".join(char for _, char in group)) for face, group in groupby(pairs, key=lambda pair: pair[0])]


def _set(text: str, face: Typeface, x: float, *, rtl: bool) -> tuple[Words | Outlines, float]:
    glyphs = _shape(text, face, rtl=rtl)
    width = sum(glyph.advance for glyph in glyphs) / face.units
    if face.is_embedded and not rtl and _is_plain(text, glyphs, face):
        return Words(face.name, x, _chunks(text, glyphs, face)), width
    return Outlines(x, width, 1 / face.units, _operators(glyphs, face), text), width


def _shape(text: str, face: Typeface, *, rtl: bool) -> list[_Glyph]:
    buffer: Any = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if rtl else "ltr"
    hb.shape(face.font, buffer, _NO_LIGATURES if face.is_embedded else {})
    pairs = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    return [_Glyph(info.codepoint, info.cluster, at.x_advance, at.x_offset, at.y_offset) for info, at in pairs]


def _is_plain(text: str, glyphs: Sequence[_Glyph], face: Typeface) -> bool:
    if len(glyphs) != len(text):
        return False
    pairs = zip(text, glyphs, strict=True)
    return all(glyph.number == face.nominal(char) and glyph.x == 0 and glyph.y == 0 for char, glyph in pairs)


def _chunks(text: str, glyphs: Sequence[_Glyph], face: Typeface) -> tuple[tuple[str, float], ...]:
    chunks: list[tuple[str, float]] = []
    letters = ""
    for char, glyph in zip(text, glyphs, strict=True):
        letters += char
        kern = glyph.advance - face.advance(glyph.number)
        if kern:
            chunks.append((letters, kern / face.units))
            letters = ""
    return (*chunks, (letters, 0.0)) if letters else tuple(chunks)


def _operators(glyphs: Sequence[_Glyph], face: Typeface) -> str:
    drawn = []
    place = 0
    for glyph in glyphs:
        outline = face.outline(glyph.number)
        if outline:
            drawn.append(f"q 1 0 0 1 {place + glyph.x} {glyph.y} cm {outline} f Q")
        place += glyph.advance
    return "\n".join(drawn)


def _draw_words(canvas: Canvas, words: Words, x: float, y: float, size: float) -> None:
    # reportlab kerns nothing, and only its document knows a subset's codes.
    document = canvas._doc  # type: ignore[attr-defined]  # noqa: SLF001
    font: Any = pdfmetrics.getFont(words.face)
    for subset, offset, shown in _by_subset(words, font, document):
        name = font.getSubsetInternalName(subset, document)
        canvas.addLiteral(f"BT {name} {size:.3f} Tf {x + offset * size:.3f} {y:.3f} Td [{shown}] TJ ET")


def _by_subset(words: Words, font: Any, document: Any) -> list[tuple[int, float, str]]:
    """Stretches of one subset of the font, where each starts, and its operand of TJ.

    The operand is codes in hexadecimal, and between them how far to step back in thousandths of an em.
    """
    parts: list[tuple[int, float, str]] = []
    x = words.x
    for letters, kern in words.chunks:
        done = 0
        for subset, codes in font.splitString(letters, document):
            if not parts or parts[-1][0] != subset:
                parts.append((subset, x, ""))
            _, start, shown = parts[-1]
            parts[-1] = (subset, start, f"{shown}<{codes.hex()}>")
            x += font.stringWidth(letters[done : done + len(codes)], 1)
            done += len(codes)
        x += kern
        if kern:
            subset, start, shown = parts[-1]
            parts[-1] = (subset, start, f"{shown}{-1000 * kern:.0f}")
    return parts


def _draw_outlines(canvas: Canvas, stretch: Outlines, x: float, y: float, size: float) -> None:
    spelled = stretch.text.encode("utf-16-be").hex().upper()
    left = x + stretch.x * size
    canvas.addLiteral(f"/Span <</ActualText <FEFF{spelled}>>> BDC")
    canvas.addLiteral(f"q {stretch.scale * size:.6f} 0 0 {stretch.scale * size:.6f} {left:.3f} {y:.3f} cm")
    canvas.addLiteral(stretch.operators)
    canvas.addLiteral("Q")
    _place_for_search(canvas, left, y, size, stretch.width)
    canvas.addLiteral("EMC")


def _place_for_search(canvas: Canvas, x: float, y: float, size: float, width: float) -> None:
    """An unseen letter as wide as the stretch: viewers hang the stretch's own text on it."""
    face = typeface(SANS[0])
    natural = face.advance(face.nominal("x") or 0) / face.units
    text = canvas.beginText(x, y)
    text.setTextRenderMode(3)
    text.setFont(face.name, size)
    text.setHorizScale(100 * width / natural)
    text.textOut("x")
    text.setHorizScale(100)
    text.setTextRenderMode(0)
    canvas.drawText(text)
