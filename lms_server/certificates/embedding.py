"""Fonts inside a PDF: only the glyphs of the page, numbered in order of use, with the text that each stands for.

reportlab embeds fonts for one letter after another; shaped scripts need glyphs by number (ISO 32000-2, 9.7).
"""

from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString, PDFZCompress
from reportlab.pdfgen.canvas import Canvas

from lms_server.certificates.typefaces import Typeface

_SYMBOLIC = 4
_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{blocks}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
_BLOCK = 100


class EmbeddedFont:
    """One typeface in one PDF. ``name`` is what the page calls it."""

    def __init__(self, face: Typeface, name: str) -> None:
        self.face = face
        self.name = name
        self._codes: dict[tuple[int, str], int] = {}

    def code(self, glyph: int, text: str) -> str:
        """The glyph's code on the page, hexadecimal; one glyph has a code for each text that it stands for."""
        code = self._codes.setdefault((glyph, text), len(self._codes) + 1)
        return f"{code:04x}"

    def addObjects(self, document: Any) -> None:  # noqa: N802 # reportlab calls it when the page is done
        """Put the font's objects into the document."""
        program, numbers = self.face.cut(glyph for glyph, _ in self._codes)
        base = PDFName(f"AAAAAA+{self.face.name}")
        descendant = {
            "Type": PDFName("Font"),
            "Subtype": PDFName("CIDFontType2"),
            "BaseFont": base,
            "CIDSystemInfo": PDFDictionary(
                {"Registry": PDFString("Adobe"), "Ordering": PDFString("Identity"), "Supplement": 0}
            ),
            "FontDescriptor": document.Reference(self._descriptor(document, base, program)),
            "W": PDFArray([1, PDFArray([self.face.advance(glyph) for glyph, _ in self._codes])]),
            "CIDToGIDMap": document.Reference(_stream(b"".join(n.to_bytes(2, "big") for n in (0, *numbers)))),
        }
        font = {
            "Type": PDFName("Font"),
            "Subtype": PDFName("Type0"),
            "BaseFont": base,
            "Encoding": PDFName("Identity-H"),
            "DescendantFonts": PDFArray([document.Reference(PDFDictionary(descendant))]),
            "ToUnicode": document.Reference(_stream(self._texts())),
        }
        document.idToObject["BasicFonts"].dict[self.name] = document.Reference(PDFDictionary(font))

    def _descriptor(self, document: Any, base: Any, program: bytes) -> PDFDictionary:
        stream = _stream(program)
        stream.dictionary["Length1"] = len(program)
        ascent, descent = self.face.ascent, self.face.descent
        values = {
            "Type": PDFName("FontDescriptor"),
            "FontName": base,
            "Flags": _SYMBOLIC,
            "FontBBox": PDFArray([-500, descent, 1500, ascent]),
            "ItalicAngle": 0,
            "Ascent": ascent,
            "Descent": descent,
            "CapHeight": 714,
            "StemV": 120 if self.face.name.endswith("SemiBold") else 90,
            "FontFile2": document.Reference(stream),
        }
        return PDFDictionary(values)

    def _texts(self) -> bytes:
        lines = [f"<{code:04x}> <{text.encode('utf-16-be').hex()}>" for (_, text), code in self._codes.items() if text]
        blocks = [lines[start : start + _BLOCK] for start in range(0, len(lines), _BLOCK)]
        spelled = [f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks]
        return _CMAP.format(blocks="\n".join(spelled)).encode()


class EmbeddedFonts:
    """The fonts of one canvas, each embedded when it is first used."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        # reportlab has no public way to add a font of one's own making.
        self._document = canvas._doc  # type: ignore[attr-defined]  # noqa: SLF001
        self._fonts: dict[str, EmbeddedFont] = {}

    def of(self, face: Typeface) -> EmbeddedFont:
        """Where this typeface is embedded here."""
        if face.name not in self._fonts:
            font = EmbeddedFont(face, f"G{len(self._fonts) + 1}")
            self._fonts[face.name] = font
            self._document.delayedFonts.append(font)
        return self._fonts[face.name]


def _stream(content: bytes) -> PDFStream:
    return PDFStream(content=content, filters=[PDFZCompress])
