"""The reading pane, offscreen: what a lesson's HTML becomes."""

import itertools
import struct
import zlib

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QTextBlock, QTextCursor, QTextTable
from PySide6.QtTest import QTest

from lms_desktop.ui import theme
from lms_desktop.ui.pixels import measure
from lms_desktop.ui.reader import pictures
from lms_desktop.ui.reader.grids import arrange
from lms_desktop.ui.reader.inline import Text, pieces
from lms_desktop.ui.reader.links import Link, Links, Way, link_of
from lms_desktop.ui.reader.markup import MAX_DEPTH, read
from lms_desktop.ui.reader.page import Head
from lms_desktop.ui.reader.view import LessonView, Reading
from lms_desktop.ui.tokens import LAMP, PAPER

LESSON = "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"


def png(width=1200, height=400, colour=0xFFF3EEE4, kind="PNG"):
    image = QImage(width, height, QImage.Format.Format_ARGB32)
    image.fill(QColor.fromRgba(colour))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)
    return bytes(buffer.data().data())


def claiming(width, height):
    """A small file whose head says that it is a large picture."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return png(4, 4)[:8] + chunk + png(4, 4)[33:]


@pytest.fixture
def view(qapp):
    theme.apply(qapp, theme.Look(PAPER))
    made = LessonView(PAPER)
    made.resize(792, 676)
    made.show()
    yield made
    made.close()


def show(view, html, *, rtl=False, assets=None, files=frozenset(), head=None):
    view.show_lesson(Reading(head or Head(), html, rtl, frozenset(files), (assets or {}).get))
    return view


def blocks(view):
    block = view.document().begin()
    while block.isValid():
        if block.text().strip():
            yield block
        block = block.next()


def tables(view):
    return [frame for frame in view.document().rootFrame().childFrames() if isinstance(frame, QTextTable)]


def text_of(view):
    return [block.text() for block in blocks(view)]


def left_of(view, block: QTextBlock):
    return view.document().documentLayout().blockBoundingRect(block).left() + block.blockFormat().leftMargin()


class TestMarkup:
    def test_nothing_makes_it_fail(self):
        for html in (
            "<",
            "<p",
            "</p></p>",
            "<p><b></p></b>",
            "&",
            "&#x110000;",
            "<a href=",
            "\0",
            "<![CDATA[x",
            "<!--",
        ):
            assert read(html).tag == "root"

    def test_scripts_leave_and_their_neighbours_stay(self):
        assert read("<p>a<script>x</script>b</p><style>y</style>c").text() == "abc"

    def test_depth_is_bounded(self):
        node, depth = read("<div>" * 5000 + "x"), 0
        while node is not None:
            node, depth = next(node.elements(), None), depth + 1
        assert depth <= MAX_DEPTH + 1

    def test_paragraphs_close_each_other(self):
        assert [child.tag for child in read("<p>a<p>b<ul><li>c<li>d</ul>").elements()] == ["p", "p", "ul"]
        [items] = read("<ul><li>c<li>d</ul>").elements()
        assert [item.text() for item in items.elements()] == ["c", "d"]

    def test_spaces_fold_as_in_a_browser(self):
        line = pieces(read("  a \n b<em> c </em> d<br> e ").children)
        assert "".join(piece.text if isinstance(piece, Text) else "\n" for piece in line) == "a b c d\ne"
        assert [piece.style.italic for piece in line if isinstance(piece, Text)] == [False, True, False, False]


class TestGrid:
    def test_spans_are_placed_as_in_a_browser(self):
        [table] = read("<table><tr><td rowspan=2>a<td colspan=2>b<tr><td>c<td>d</table>").elements()
        grid = arrange(table)
        assert (grid.rows, grid.columns) == (2, 3)
        assert [(cell.row, cell.column, cell.rows, cell.columns) for cell in grid.cells] == [
            (0, 0, 2, 1),
            (0, 1, 1, 2),
            (1, 1, 1, 1),
            (1, 2, 1, 1),
        ]

    def test_turned_round_for_right_to_left(self):
        [table] = read("<table><tr><td>a<td colspan=2>b</table>").elements()
        assert [cell.column for cell in arrange(table).mirrored().cells] == [2, 0]

    def test_mad_spans_are_bounded(self):
        [table] = read("<table><tr><td colspan=99999999 rowspan=99999999>a</table>").elements()
        grid = arrange(table)
        assert grid.rows == 1
        assert grid.columns <= 24


class TestLinks:
    @pytest.mark.parametrize(
        ("href", "way"),
        [
            (f"lesson:{LESSON}", Way.LESSON),
            ("https://example.org/a?b=c#d", Way.WEB),
            ("HTTP://example.org", Way.WEB),
            ("mailto:a@example.org", Way.MAIL),
            ("lesson:../x", Way.NOWHERE),
            (f"lesson:{LESSON}#at-x", Way.LESSON),
            (f"lesson:{LESSON}#x", Way.NOWHERE),
            (f"lesson:{LESSON}#at-a/../b", Way.NOWHERE),
            (f"lesson:{LESSON}#", Way.NOWHERE),
            ("#at-x", Way.NOWHERE),
            ("javascript:alert(1)", Way.NOWHERE),
            (" https://example.org", Way.NOWHERE),
            ("https:\\\\evil.example", Way.NOWHERE),
            ("https://bank.example@evil.example/", Way.NOWHERE),
            ("https://", Way.NOWHERE),
            ("https://[", Way.NOWHERE),
            ("file:///etc/passwd", Way.NOWHERE),
            ("//evil.example", Way.NOWHERE),
            ("link:0", Way.NOWHERE),
            ("https://example.org/" + "x" * 5000, Way.NOWHERE),
            ("https://example.org/\u202e", Way.NOWHERE),
        ],
    )
    def test_only_known_ways_lead_somewhere(self, href, way):
        assert link_of(href).way is way

    def test_the_document_holds_numbers(self, view):
        show(view, '<p><a href="https://example.org/">x</a> <a href="file:///x">y</a></p>')
        assert "example.org/" not in {piece.charFormat().anchorHref() for piece in fragments(view)}
        assert [piece.text() for piece in fragments(view) if piece.charFormat().isAnchor()] == ["x"]

    def test_a_files_link_needs_the_file(self):
        links = Links(frozenset({"assets/a b.pdf"}))
        assert links.find(links.add("assets/a b.pdf")) == Link(Way.FILE, "assets/a b.pdf")
        assert links.add("assets/other.pdf") is None
        for name in ("link:7", "link:-1", "link:x", "x:0", ""):
            assert links.find(name).way is Way.NOWHERE

    def test_following_tells_and_opens_nothing(self, view, qtbot):
        show(view, f'<p><a href="lesson:{LESSON}">x</a><a href="https://example.org/">y</a></p>')
        with qtbot.waitSignal(view.lesson_wanted) as told:
            view.anchorClicked.emit(QUrl("link:0"))
        assert told.args == [LESSON]
        with qtbot.waitSignal(view.outside_wanted) as told:
            view.anchorClicked.emit(QUrl("link:1"))
        assert told.args == ["https://example.org/"]
        with qtbot.assertNotEmitted(view.outside_wanted):
            view.anchorClicked.emit(QUrl("https://example.org/"))

    def test_links_can_be_reached_by_keyboard(self, view, qtbot):
        show(view, f'<p>go <a href="lesson:{LESSON}">there</a></p>')
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Tab)
        with qtbot.waitSignal(view.lesson_wanted):
            QTest.keyClick(view, Qt.Key.Key_Return)


FILLING = "".join(f"<p>paragraph {n} {'word ' * 30}</p>" for n in range(40))


class TestPlaces:
    def follow(self, view, words):
        """Click on the link with these words."""
        [found] = [piece for piece in fragments(view) if piece.text() == words and piece.charFormat().isAnchor()]
        view.anchorClicked.emit(QUrl(found.charFormat().anchorHref()))

    def at_top(self, view):
        return view.cursorForPosition(QPoint(view.viewport().width() // 2, 24)).block().text()

    @pytest.mark.parametrize(
        "place",
        [
            '<h2 id="at-x">Here it is</h2>',
            '<p id="at-x">Here it is</p>',
            '<p>Here <span id="at-x">it</span> is</p>',
            '<span id="at-x"></span><p>Here it is</p>',
            '<ol><li id="at-x"><p>Here it is</p></li></ol>',
            '<div class="callout" id="at-x"><h4>Here it is</h4></div>',
            '<div class="callout"><h4 id="at-x">Here it is</h4></div>',
            '<table><tr id="at-x"><td>Here it is</td></tr></table>',
            '<table id="at-x"><tr><td>Here it is</td></tr></table>',
            '<pre id="at-x"><code>Here it is</code></pre>',
            '<dl><dt id="at-x">Here it is</dt><dd>x</dd></dl>',
            '<hr id="at-x"><p>Here it is</p>',
        ],
    )
    def test_a_link_scrolls_to_its_place(self, view, place):
        show(view, f'<p><a href="#at-x">go</a> <a href="#at-gone">dead</a></p>{FILLING}{place}{FILLING}')
        self.follow(view, "go")
        assert "Here it is" in self.at_top(view)
        assert [piece.text() for piece in fragments(view) if piece.charFormat().isAnchor()] == ["go"]

    def test_a_footnote_and_back(self, view):
        note = '<hr><ol><li id="at-fn1"><p>A note. <a href="#at-fnref1">back</a></p></li></ol>'
        words = f'<p>before</p><p>{"long " * 200}<sup><a href="#at-fn1" id="at-fnref1">[1]</a></sup></p>'
        show(view, f"{FILLING}{words}{FILLING}{note}{FILLING}")
        self.follow(view, "[1]")
        assert self.at_top(view).startswith("A note.")
        self.follow(view, "back")
        line = view.cursorForPosition(QPoint(view.viewport().width() // 2, 24))
        assert line.block().text().startswith("long")
        assert line.position() - line.block().position() > 500, "its line, not its paragraph's beginning"

    def test_the_keyboard_goes_on_from_there(self, view, qtbot):
        html = f'<p><a href="#at-x">go</a> <a href="https://a.example/">a</a></p>{FILLING}'
        show(view, html + '<p id="at-x">x <a href="https://b.example/">b</a></p>')
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Tab)
        QTest.keyClick(view, Qt.Key.Key_Return)
        QTest.keyClick(view, Qt.Key.Key_Tab)
        with qtbot.waitSignal(view.outside_wanted) as told:
            QTest.keyClick(view, Qt.Key.Key_Return)
        assert told.args == ["https://b.example/"]

    def test_the_title_and_the_top(self, view):
        html = f'<h1 id="at-t">T</h1>{FILLING}<p><a href="#at-t">title</a> <a href="#at-top">top</a></p>'
        show(view, html, head=Head("T"))
        for words in ("title", "top"):
            view.go_to(1.0)
            assert view.verticalScrollBar().value() > 500
            self.follow(view, words)
            assert view.verticalScrollBar().value() == 0

    def test_places_are_found_again_at_another_size(self, view):
        show(view, f'{FILLING}<h2 id="at-x">Here it is</h2>{FILLING}')
        view.set_text_scale(1.5)
        assert view.go_to_place("at-x")
        assert self.at_top(view) == "Here it is"
        assert not view.go_to_place("at-y")


def fragments(view):
    for block in blocks(view):
        pieces_of = block.begin()
        while not pieces_of.atEnd():
            yield pieces_of.fragment()
            pieces_of += 1


class TestColumn:
    def test_the_text_is_576_wide_and_centred(self, view):
        show(view, "<p>" + "word " * 200 + "</p>")
        frame = view.document().rootFrame().frameFormat()
        [block] = blocks(view)
        left = frame.leftMargin() + block.blockFormat().leftMargin()
        right = frame.rightMargin() + block.blockFormat().rightMargin()
        assert view.viewport().width() - left - right == 576
        assert abs(left - right) <= 1

    def test_the_scroll_bar_is_at_the_panes_edge(self, view):
        show(view, "<p>word</p>" * 100)
        assert view.verticalScrollBar().mapTo(view, QPoint(0, 0)).x() >= view.width() - 20

    @pytest.mark.parametrize("scale", [0.8, 1.0, 1.5, 2.0])
    @pytest.mark.parametrize("width", [360, 560, 808, 1400])
    def test_nothing_is_wider_than_the_pane(self, view, scale, width):
        view.resize(width, 500)
        view.set_text_scale(scale)
        code = "x" * 300
        cells = "".join(f"<td>{'long words in a cell ' * 3}</td>" for _ in range(5))
        html = f"<p>{'word ' * 50}</p><pre>{code}</pre><table><tr>{cells}</tr></table><p><img src='a'></p>"
        show(view, html + f"<ul><li>{html}</li></ul>", assets={"a": png()})
        assert view.document().documentLayout().documentSize().width() <= view.viewport().width() or width == 360

    def test_code_may_outgrow_the_column_but_not_more(self, view):
        show(view, f"<pre>{'x' * 75}</pre><pre>{'x' * 300}</pre><pre>x</pre>")
        widths = [round(view.document().documentLayout().frameBoundingRect(table).width()) for table in tables(view)]
        assert 576 < widths[0] < widths[1] <= 706
        assert widths[2] <= 640

    def test_lines_have_the_height_of_the_design(self, view):
        show(view, "<p>a<br>b</p>")
        [block] = blocks(view)
        layout = block.layout()
        assert abs(layout.lineAt(1).y() - layout.lineAt(0).y() - 26) <= 1
        show(view, "<p>سطر<br>سطر</p>", rtl=True)
        [block] = blocks(view)
        layout = block.layout()
        assert abs(layout.lineAt(1).y() - layout.lineAt(0).y() - 30) <= 1

    def test_headings_have_no_hidden_size(self, view):
        show(view, "<h2>a</h2><h3>b</h3><h5>c</h5><p>d</p>", head=Head("T"))
        assert [piece.charFormat().font().pixelSize() for piece in fragments(view)] == [28, 20, 16, 14, 16]

    def test_a_heading_that_repeats_the_title_is_left_out(self, view):
        show(view, "<h1>Chest  compressions</h1><p>a</p>", head=Head("Chest compressions", "facts"))
        assert text_of(view) == ["Chest compressions", "facts", "a"]

    def test_text_size_keeps_the_place(self, view):
        show(view, "".join(f"<p>paragraph {n} {'word ' * 30}</p>" for n in range(80)))
        view.go_to(0.5)
        before = view.cursorForPosition(QPoint(view.width() // 2, 20)).block().text()[:13]
        view.set_text_scale(1.5)
        after = view.cursorForPosition(QPoint(view.width() // 2, 20)).block().text()[:13]
        assert len(list(blocks(view))) == 80
        assert abs(int(before.split()[1]) - int(after.split()[1])) <= 1
        assert abs(view.position() - 0.5) < 0.02


class TestTheme:
    def test_colours_change_while_it_is_shown(self, view):
        show(view, '<pre><span class="k">let</span></pre><div class="callout"><strong>T</strong><p>x</p></div>')
        before = {piece.text(): piece.charFormat().foreground().color().name().upper() for piece in fragments(view)}
        assert before == {"let": PAPER.accent, "T": PAPER.attention, "x": PAPER.text}
        view.set_tokens(LAMP)
        after = {piece.text(): piece.charFormat().foreground().color().name().upper() for piece in fragments(view)}
        assert after == {"let": LAMP.accent, "T": LAMP.attention, "x": LAMP.text}

    def test_a_picture_is_darkened_and_round(self, view):
        light = pictures.shown(png(100, 100, 0xFFFFFFFF), pictures.Frame(100, 100))
        dark = pictures.shown(png(100, 100, 0xFFFFFFFF), pictures.Frame(100, 100, is_dark=True))
        assert light.pixelColor(50, 50).red() == 255
        assert abs(dark.pixelColor(50, 50).red() - round(255 * 0.86)) <= 1
        assert light.pixelColor(0, 0).alpha() == 0

    def test_a_picture_on_nothing_gets_paper_in_the_dark(self, view):
        dark = pictures.shown(png(100, 100, 0x00000000), pictures.Frame(100, 100, is_dark=True))
        assert dark.pixelColor(50, 50).red() > 200


class TestTables:
    def test_cells_keep_their_side(self, view):
        html = "<table><tr><td>a<td align=right>b<td align=center>c<td align=left>d</table>"
        physical = Qt.AlignmentFlag.AlignAbsolute
        sides = {block.text(): block.blockFormat().alignment() for block in blocks(show(view, html, rtl=True))}
        assert sides["b"] == Qt.AlignmentFlag.AlignRight | physical
        assert sides["c"] == Qt.AlignmentFlag.AlignHCenter
        assert sides["d"] == Qt.AlignmentFlag.AlignLeft | physical
        assert not sides["a"] & physical


class TestLists:
    def test_a_box_to_tick_is_the_only_mark(self, view):
        show(view, "<ul><li>one</li><li>\u2611 two</li><li><p>\u2610 three</p></li></ul>")
        marked = {block.text(): block.textList() is not None for block in blocks(view)}
        assert marked == {"one": True, "\u2611 two": False, "\u2610 three": False}


class TestRightToLeft:
    def test_the_callouts_edge_changes_side(self, view):
        html = '<div class="callout"><strong>T</strong></div>'
        left = tables(show(view, html))[0].cellAt(0, 0).format().toTableCellFormat()
        right = tables(show(view, html, rtl=True))[0].cellAt(0, 0).format().toTableCellFormat()
        assert (left.leftBorder(), left.rightBorder()) == (4, 0)
        assert (right.leftBorder(), right.rightBorder()) == (0, 4)

    def test_columns_run_from_the_right(self, view):
        html = "<table><tr><th>a</th><th>b</th></tr></table>"
        assert text_of(show(view, html)) == ["a", "b"]
        assert text_of(show(view, html, rtl=True)) == ["b", "a"]

    def test_code_stays_left_to_right(self, view):
        show(view, "<p>نص</p><pre>x = 1</pre>", rtl=True)
        directions = [block.blockFormat().layoutDirection() for block in blocks(view)]
        assert directions == [Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight]

    def test_an_element_may_turn_itself(self, view):
        show(view, '<p>نص</p><p dir="ltr">text</p>', rtl=True)
        directions = [block.blockFormat().layoutDirection() for block in blocks(view)]
        assert directions == [Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight]


class TestPictures:
    def test_it_is_scaled_to_the_column(self, view):
        show(view, "<p><img src='a'></p>", assets={"a": png(1152, 484)})
        [image] = [
            piece.charFormat().toImageFormat() for piece in fragments(view) if piece.charFormat().isImageFormat()
        ]
        assert (image.width(), image.height()) == (576, 242)

    def test_a_missing_one_says_so(self, view):
        [told] = text_of(show(view, "<p><img src='a' alt='A cat'></p>"))
        assert told == "This picture isn't on this laptop yet. A cat"

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.4",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a" + b"\xff" * 8,
            b"RIFF\0\0\0\0WEBPVP8 ",
        ],
    )
    def test_what_is_no_picture_is_not_decoded(self, view, data):
        assert measure(data) is None
        assert pictures.shown(data, pictures.Frame(9, 9)).size().width() == 1

    @pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (12_000, 12_000), (60_000, 1)])
    def test_a_flood_is_refused_by_its_head(self, view, width, height):
        assert measure(claiming(4000, 4000)) is not None
        flood = claiming(width, height)
        assert measure(flood) is None
        assert "can't be shown" in text_of(show(view, "<p><img src='a'></p>", assets={"a": flood}))[0]

    def test_a_large_photograph_is_not(self, view):
        assert measure(png(5000, 3000, kind="JPG")) is not None

    def test_a_small_one_stays_in_its_line(self, view):
        show(view, "<p>press <img src='a'> now</p>", assets={"a": png(18, 18)})
        assert len(list(blocks(view))) == 1

    def test_a_caption_follows_its_picture(self, view):
        show(view, "<p><img src='a'></p><p><em>A cat.</em></p>", assets={"a": png()})
        caption = [piece for piece in fragments(view) if piece.text() == "A cat."]
        assert caption[0].charFormat().foreground().color().name().upper() == PAPER.muted
        assert caption[0].charFormat().font().pixelSize() == 14

    def test_only_its_own_pictures_are_given(self, view):
        show(view, "<p><img src='a'></p>", assets={"a": png(), "b": png()})
        assert view.loadResource(2, QUrl("picture:0")).width() == 576
        for name in ("picture:1", "a", "b", "file:///etc/passwd", "http://example.org/a.png", "", "picture:"):
            given = view.loadResource(2, QUrl(name))
            assert (given.width(), given.height(), given.isNull()) == (1, 1, False)


class TestBoxes:
    def test_neighbours_keep_apart(self, view):
        show(view, "<p>a</p><pre>b</pre><pre>c</pre><table><tr><td>d</td></tr></table><h2>e</h2><p>f</p>")
        layout = view.document().documentLayout()
        for above, below in itertools.pairwise(blocks(view)):
            assert layout.blockBoundingRect(below).top() >= layout.blockBoundingRect(above).bottom() + 6
        assert text_of(view) == ["a", "b", "c", "d", "e", "f"]

    def test_lists_nest_and_hold_everything(self, view):
        show(view, "<ol start='9'><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p><pre>e</pre></li></ol><p>f</p>")
        indents = {block.text(): block.blockFormat().indent() for block in blocks(view)}
        assert indents == {"a": 1, "b": 2, "c": 1, "d": 1, "e": 0, "f": 0}
        lists = {block.text(): block.textList() for block in blocks(view)}
        assert lists["a"].itemText(view.document().findBlock(0)) == "9."
        assert lists["d"] is None

    def test_marks_keep_off_their_text(self, view):
        show(view, "<ul><li>a b</li></ul>")
        (item,) = (block for block in blocks(view) if block.textList())
        cursor = QTextCursor(item)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        # The dot is painted as far from the text as a space of the block's letters is wide.
        marked, written = (QFontMetricsF(form.font()) for form in (item.charFormat(), cursor.charFormat()))
        assert marked.horizontalAdvance(" ") >= written.horizontalAdvance(" ") + 4

    def test_copied_code_is_code(self, view):
        show(view, "<pre>if x:\n\ty = 1\n</pre>")
        view.selectAll()
        assert "if x:\n    y = 1" in view.textCursor().selection().toPlainText()

    def test_a_bomb_of_tables_is_quick_and_readable(self, view):
        show(view, "<table><tr><td>" * 300 + "deep")
        assert text_of(view)[-1] == "deep"
        assert sum(1 for _ in blocks(view)) < 10
