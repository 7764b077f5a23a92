"""Set one line of text in any script: ordered for the eye, shaped, and drawn as text that can be found and copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from unicodedata import combining, normalize

from lms_server.certificates.bidi import is_rtl, visual_runs
from lms_server.certificates.embedding import EmbeddedFont, EmbeddedFonts
from lms_server.certificates.typefaces import Glyph, Typeface, typeface

_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Stretch:
    """Glyphs of one typeface from left to right; ``x`` is where they start, in ems."""

    face: str
    x: float
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True)
class Line:
    """One set line; ``width`` in ems."""

    width: float
    stretches: tuple[Stretch, ...]


@lru_cache(maxsize=512)
def set_line(text: str, faces: tuple[str, ...], *, rtl: bool = False) -> Line:
    """Set this text with the first of the typefaces that has each letter; letters that none has are left out.

    ``rtl`` is the direction of a text that has no strong letter of its own.
    """
    text = _drawable(normalize("NFC", text), faces)
    stretches: list[Stretch] = []
    x = 0.0
    for run in visual_runs(text, rtl=is_rtl(text, otherwise=rtl)):
        parts = _by_face(run.text, faces)
        for face, part in reversed(parts) if run.rtl else parts:
            glyphs = face.shape(part, rtl=run.rtl)
            stretches.append(Stretch(face.name, x, glyphs))
            x += sum(glyph.advance for glyph in glyphs) / 1000
    return Line(x, tuple(stretches))


def draw_line(fonts: EmbeddedFonts, line: Line, x: float, y: float, size: float) -> None:
    """Draw a line with its left end at (x, y), in the canvas's fill colour."""
    for stretch in line.stretches:
        font = fonts.of(typeface(stretch.face))
        shown = _operators(stretch.glyphs, font, size)
        fonts.canvas.addLiteral(f"BT /{font.name} {size:.3f} Tf {x + stretch.x * size:.3f} {y:.3f} Td {shown} ET")


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


def _operators(glyphs: Sequence[Glyph], font: EmbeddedFont, size: float) -> str:
    """TJ with the codes of the glyphs, and between them how far to step back; marks above the line rise."""
    shown: list[str] = []
    pen = place = 0.0
    for y, level in groupby(glyphs, key=lambda glyph: glyph.y):
        operand = ""
        for glyph in level:
            back = round(pen - place - glyph.x)
            operand += (f"{back}" if back else "") + f"<{font.code(glyph.number, glyph.text)}>"
            pen += font.face.advance(glyph.number) - back
            place += glyph.advance
        shown.append(f"{y * size / 1000:.3f} Ts [{operand}] TJ" if y else f"[{operand}] TJ")
        if y:
            shown.append("0 Ts")
    return " ".join(shown).replace("><", "")
