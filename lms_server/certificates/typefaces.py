"""The certificate's typefaces, each opened once a process and shaped and cut down by HarfBuzz."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import uharfbuzz as hb

from resources import path

_OTHER_SCRIPTS = (
    *("Armenian", "Bengali", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Hebrew", "Kannada", "Khmer", "Lao"),
    *("Malayalam", "Myanmar", "Sinhala", "Tamil", "Telugu", "Thaana", "Thai", "Cherokee", "MeeteiMayek", "OlChiki"),
)
# These are made in one weight only.
_REGULAR_SCRIPTS = ("Adlam", "NKo", "Oriya", "Syriac", "Tifinagh")
# Chinese, Japanese and Korean in one small file; it comes last because it has letters of other scripts too.
_FALLBACK = (
    *(f"NotoSans{script}-SemiBold" for script in _OTHER_SCRIPTS),
    *(f"NotoSans{script}-Regular" for script in _REGULAR_SCRIPTS),
    "DroidSansFallback",
)

SANS = ("NotoSans-Regular", "NotoSansArabic-Regular", "NotoSansDevanagari-Regular", *_FALLBACK)
SANS_STRONG = ("NotoSans-SemiBold", "NotoSansArabic-SemiBold", "NotoSansDevanagari-SemiBold", *_FALLBACK)
SERIF_STRONG = ("NotoSerif-SemiBold", "NotoNaskhArabic-SemiBold", "NotoSerifDevanagari-SemiBold", *_FALLBACK)

# A PDF's font needs outlines and widths; what is for finding and shaping glyphs has done its work.
_DROPPED = ("GSUB", "GPOS", "GDEF", "cmap", "name", "OS/2", "post", "kern", "DSIG", "gasp", "meta", "STAT")


@dataclass(frozen=True)
class Glyph:
    """A shaped glyph: its number, the text it stands for, and its advance and shift in thousandths of an em."""

    number: int
    text: str
    advance: float
    x: float
    y: float


class Typeface:
    """One font file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._face = hb.Face(hb.Blob.from_file_path(str(path(f"fonts/{name}.ttf"))))
        self._font = hb.Font(self._face)
        self._codepoints = self._face.unicodes
        self._scale = 1000 / self._face.upem
        # Preparing the whole font once makes cutting it down for a page five to fifty times faster.
        self._prepared = hb.subset_preprocess(self._face)
        extents = self._font.get_font_extents("ltr")
        self.ascent = round(extents.ascender * self._scale)
        self.descent = round(extents.descender * self._scale)

    def covers(self, char: str) -> bool:
        return ord(char) in self._codepoints

    @lru_cache(maxsize=4096)  # noqa: B019 # typefaces live as long as the process
    def advance(self, glyph: int) -> int:
        """The glyph's own width in thousandths of an em."""
        width: float = self._font.get_glyph_h_advance(glyph) * self._scale
        return round(width)

    def shape(self, text: str, *, rtl: bool) -> tuple[Glyph, ...]:
        """The glyphs of this text of one direction, from left to right."""
        buffer: Any = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if rtl else "ltr"
        hb.shape(self._font, buffer)
        infos = buffer.glyph_infos
        texts = _texts(text, [info.cluster for info in infos], rtl=rtl)
        scale = self._scale
        return tuple(
            Glyph(info.codepoint, shown, at.x_advance * scale, at.x_offset * scale, at.y_offset * scale)
            for info, at, shown in zip(infos, buffer.glyph_positions, texts, strict=True)
        )

    def cut(self, glyphs: Iterable[int]) -> tuple[bytes, list[int]]:
        """A font file with only these glyphs, and the number that each has in it."""
        wanted = hb.SubsetInput()
        wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
        numbers = list(glyphs)
        wanted.sets(hb.SubsetInputSets.GLYPH_INDEX).update(numbers)
        wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).update(int.from_bytes(tag.encode(), "big") for tag in _DROPPED)
        plan = hb.SubsetPlan(self._prepared, wanted)
        renumbered = plan.old_to_new_glyph_mapping
        content: bytes = plan.execute().blob.data
        return content, [renumbered[number] for number in numbers]


@lru_cache(maxsize=64)
def typeface(name: str) -> Typeface:
    """The typeface in this file of ``resources/fonts``, opened at its first use."""
    return Typeface(name)


def _texts(text: str, clusters: Sequence[int], *, rtl: bool) -> list[str]:
    """What each glyph stands for, so that the glyphs in reading order spell the text."""
    texts = [""] * len(clusters)
    starts = sorted(set(clusters))
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    for start, group in groupby(range(len(clusters)), key=clusters.__getitem__):
        glyphs = list(group)
        letters = text[start : ends[start]]
        for order, index in enumerate(reversed(glyphs) if rtl else glyphs):
            texts[index] = letters[order:] if order == len(glyphs) - 1 else letters[order : order + 1]
    return texts
