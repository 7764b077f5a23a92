"""Puts paragraphs, pictures and boxes into a document, each at its place in the column."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextImageFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
    QTextTableFormat,
)

from lms_desktop.ui.reader.inline import Break, Picture, Piece, Text
from lms_desktop.ui.reader.links import Links, Way
from lms_desktop.ui.reader.markup import Node
from lms_desktop.ui.reader.pictures import Gallery
from lms_desktop.ui.reader.places import Places
from lms_desktop.ui.reader.sheet import BODY, MONO, Face, Sheet, hairline, tiny_letters
from lms_desktop.ui.texts import tr

# Between paragraphs, and around pictures, code, callouts and tables.
GAP = 16
BOX_GAP = 12
INDENT = 28
DEEPEST = 3
DRAWN = (QTextListFormat.Style.ListDisc, QTextListFormat.Style.ListCircle)


@dataclass(slots=True)
class Bullets:
    """A list under way."""

    form: QTextListFormat
    made: QTextList | None = None

    def mark(self, cursor: QTextCursor) -> None:
        if self.made is None:
            self.made = cursor.createList(self.form)
        else:
            self.made.add(cursor.block())
        if self.form.style() in DRAWN:
            # Qt keeps a dot one space of its letters from the text, and letters of one width have a wide one.
            wide = QTextCharFormat()
            wide.setFontFamilies(list(MONO))
            cursor.mergeBlockCharFormat(wide)


@dataclass(slots=True)
class Pen:
    """Where the text goes on; shared by everything that writes into the same cell or page."""

    cursor: QTextCursor
    # The block under the cursor is empty and waits for its first use.
    is_fresh: bool = True
    # The box just above, if the cursor stands right under one.
    box: QTextTable | None = None
    # The list that the next paragraph is an item of.
    bullet: Bullets | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A column inside the page: margins at both sides, the text's width, and how wide a box may grow."""

    left: int
    right: int
    width: int
    wide: int
    level: int = 0
    # How many boxes stand around this place.
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes with one sheet at one place; ``flow`` writes any children, so that boxes can hold everything."""

    pen: Pen
    sheet: Sheet
    gallery: Gallery
    links: Links
    places: Places
    place: Place
    flow: "Callable[[Writer, Iterable[Node | str]], None]"
    ink: str = ""
    face: Face = BODY
    below: float = GAP
    # Where a table's cell sets its text.
    alignment: Qt.AlignmentFlag | None = None

    @property
    def is_deep(self) -> bool:
        """Whether no further box fits here: each one multiplies the work of laying out."""
        return self.place.depth >= DEEPEST

    @property
    def indent_px(self) -> int:
        return self.sheet.px(INDENT)

    def indented(self) -> "Writer":
        place = replace(
            self.place,
            width=max(80, self.place.width - self.indent_px),
            wide=max(80, self.place.width - self.indent_px),
            level=self.place.level + 1,
        )
        return replace(self, place=place)

    def begin(self, block: QTextBlockFormat, face: Face | None = None) -> None:
        """Start a paragraph; its gaps are in the block's own margins."""
        face = face or self.face
        block.setLeftMargin(self.place.left)
        block.setRightMargin(self.place.right)
        block.setIndent(self.place.level)
        if self.alignment is not None:
            block.setAlignment(self.alignment)
        letters = self.sheet.letters(face, colour=self.ink or None)
        cursor = self.pen.cursor
        if self.pen.is_fresh:
            self._keep_off_box(block)
            cursor.setBlockFormat(block)
            # Merged: the first block of a cell also carries the cell's own look.
            cursor.mergeBlockCharFormat(letters)
        else:
            cursor.insertBlock(block, letters)
        self.pen.is_fresh = False
        self.places.settle(cursor.position())
        if self.pen.bullet is not None:
            self.pen.bullet.mark(cursor)
            self.pen.bullet = None

    def paragraph(
        self, line: list[Piece], face: Face | None = None, above: float = 0, below: float | None = None
    ) -> None:
        """Write a paragraph; pictures that aren't of a letter's size get a block of their own."""
        face = face or self.face
        below = self.below if below is None else below
        rest = list(line)
        while rest:
            index = next((i for i, piece in enumerate(rest) if self._stands_alone(piece, face)), len(rest))
            text = _stripped(rest[:index])
            if text:
                self.begin(self._block(text, face, above, below), face)
                self.write(text, face)
            if index < len(rest) and isinstance(picture := rest[index], Picture):
                self.picture(picture)
            rest = rest[index + 1 :]

    def write(self, line: Iterable[Piece], face: Face | None = None) -> None:
        """Write pieces into the paragraph begun."""
        face = face or self.face
        for piece in line:
            if isinstance(piece, Text):
                self._text(piece, face)
            elif isinstance(piece, Break):
                self.pen.cursor.insertText("\u2028")
            else:
                self._inline_picture(piece)

    def picture(self, picture: Picture) -> None:
        """Write a picture as a block, or say in its place what it shows."""
        size = self.gallery.size(picture.path)
        if size is None:
            self.flow(self, [Node("p", {"class": "online"}, [self._missing(picture)])])
            return
        block = QTextBlockFormat()
        block.setLayoutDirection(self.sheet.direction)
        block.setTopMargin(self.sheet.px(4))
        block.setBottomMargin(self.sheet.px(GAP))
        self.begin(block)
        self._insert(picture, self._fitted(size, picture))

    def box(self, width: int, rows: int = 1, columns: int = 1) -> QTextTable:
        """Make a table of a fixed width, centred on the column, and leave the cursor after it."""
        if self.pen.bullet is not None:
            self.begin(self.sheet.block(self.face))
        form = self._box_format(width)
        if self.pen.is_fresh:
            self._shrink(1)
        else:
            # Qt forgets a paragraph's lower margin before a table.
            form.setTopMargin(min(self.sheet.px(BOX_GAP), self.pen.cursor.blockFormat().bottomMargin()))
        table = self.pen.cursor.insertTable(rows, columns, form)
        self.pen.cursor.setPosition(table.lastPosition() + 1)
        self.pen.is_fresh = True
        self.pen.box = table
        self._shrink(1)
        return table

    def inside(self, cursor: QTextCursor, width: int, **changes: object) -> "Writer":
        """Write into a cell that is this wide."""
        place = Place(0, 0, width, width, depth=self.place.depth + 1)
        changes = {"alignment": None, **changes}
        return replace(self, pen=Pen(cursor), place=place, **changes)  # type: ignore[arg-type]  # fields of several types

    def close_with(self, gap: float) -> None:
        """Change the gap under the last paragraph, for the end of a list or what belongs together."""
        if not self.pen.is_fresh:
            block = self.pen.cursor.blockFormat()
            block.setBottomMargin(self.sheet.px(gap))
            self.pen.cursor.setBlockFormat(block)

    def _box_format(self, width: int) -> QTextTableFormat:
        table = QTextTableFormat()
        table.setBorder(0)
        table.setCellSpacing(0)
        table.setCellPadding(0)
        start = self.place.left + (self.place.level * self.indent_px if not self.sheet.is_rtl else 0)
        left = max(0, start - max(0, width - self.place.width) // 2)
        table.setLeftMargin(left)
        # Qt counts the margin as part of a fixed width.
        table.setWidth(QTextLength(QTextLength.Type.FixedLength, width + left))
        table.setBottomMargin(self.sheet.px(GAP))
        return table

    def _keep_off_box(self, block: QTextBlockFormat) -> None:
        """Qt forgets a paragraph's upper margin after a table, so the table keeps it."""
        if self.pen.box is not None and block.topMargin() > 0:
            form = self.pen.box.format()
            form.setBottomMargin(self.sheet.px(GAP) + block.topMargin())
            self.pen.box.setFormat(form)
        self.pen.box = None

    def _shrink(self, height: int) -> None:
        self.pen.cursor.setBlockFormat(hairline(height))
        self.pen.cursor.mergeBlockCharFormat(tiny_letters())

    def _block(self, line: list[Piece], face: Face, above: float, below: float) -> QTextBlockFormat:
        block = self.sheet.block(face, above, below)
        if any(isinstance(piece, Picture) for piece in line):
            # A picture taller than its line must push it, not be cut.
            block.setLineHeight(100, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
        return block

    def _text(self, piece: Text, face: Face) -> None:
        name = self.links.add(piece.style.href) if piece.style.href else None
        letters = self.sheet.letters(face, piece.style, self.sheet.tokens.accent if name else self.ink or None)
        self._link(letters, name)
        letters.setFontUnderline(name is not None)
        self.places.put(piece.style.place, self.pen.cursor.position())
        self.pen.cursor.insertText(piece.text, letters)

    def _link(self, letters: QTextCharFormat, name: str | None) -> None:
        if name is None:
            return
        letters.setAnchor(True)
        letters.setAnchorHref(name)
        link = self.links.find(name)
        if link.way in {Way.WEB, Way.MAIL}:
            letters.setToolTip(link.target)
        elif link.way is Way.FILE:
            letters.setToolTip(link.target.rpartition("/")[2])

    def _stands_alone(self, piece: Piece, face: Face) -> bool:
        if not isinstance(piece, Picture):
            return False
        size = self.gallery.size(piece.path)
        return size is None or self._fitted(size, piece).height() > self.sheet.px(face.line * 1.5)

    def _fitted(self, size: QSize, picture: Picture) -> QSize:
        natural = picture.width or size.width()
        width = max(1, min(self.sheet.px(natural), self.place.width))
        return QSize(width, max(1, round(width * size.height() / size.width())))

    def _inline_picture(self, picture: Picture) -> None:
        size = self.gallery.size(picture.path)
        if size is not None:
            self._insert(picture, self._fitted(size, picture))

    def _missing(self, picture: Picture) -> str:
        if self.gallery.is_here(picture.path):
            told = tr("This picture can't be shown.")
        else:
            told = tr("This picture isn't on this laptop yet.")
        return f"{told} {picture.alt}".strip()

    def _insert(self, picture: Picture, size: QSize) -> None:
        image = QTextImageFormat()
        image.setName(self.gallery.hang(picture.path, size.width(), size.height()))
        image.setWidth(size.width())
        image.setHeight(size.height())
        if picture.alt:
            image.setProperty(QTextFormat.Property.ImageAltText, picture.alt)
            image.setToolTip(picture.alt)
        if picture.href:
            self._link(image, self.links.add(picture.href))
        self.pen.cursor.insertImage(image)


def _stripped(line: list[Piece]) -> list[Piece]:
    """Without the spaces and breaks beside a picture that was taken out."""
    rest = list(line)
    while rest and (isinstance(rest[-1], Break) or (isinstance(end := rest[-1], Text) and not end.text.strip())):
        rest.pop()
    while rest and (isinstance(rest[0], Break) or (isinstance(start := rest[0], Text) and not start.text.strip())):
        rest.pop(0)
    return rest
