"""The lesson page: read, complete, go on; by mouse and by keyboard."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAccessible, QDesktopServices, QPainter, QPdfWriter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QPlainTextEdit

from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.rows import Learner, Topic
from lms_desktop.ui import theme
from lms_desktop.ui.pages.lesson import LessonPage
from lms_desktop.ui.reader import viewer
from lms_desktop.ui.reader.bar import Step
from lms_desktop.ui.reader.viewer import FileDialog, PaperView, PictureView
from lms_desktop.ui.tokens import LAMP, PAPER
from lms_desktop.ui.widgets import lessons as lessons_module
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.dialog import Question
from tests.ui.reading_shelf import RowShelf, attachment, context_for, lesson_rows, png, uid
from tests.ui.windows import settle

HERE, BEFORE, AFTER = uid(106), uid(105), uid(107)
TEXT = "<p>When the heart stops, your hands can do its work.</p>"
LONG = "".join(f"<p>paragraph {n} {'word ' * 30}</p>" for n in range(60))


@pytest.fixture
def shelf():
    made = RowShelf()
    made.views.texts = {HERE: TEXT, BEFORE: LONG, AFTER: TEXT}
    return made


@pytest.fixture
def open_page(qapp, pages, tmp_path):
    def show(shelf, lesson=HERE, size=(1064, 800), look=None):
        theme.apply(qapp, look or theme.Look(PAPER))
        page = LessonPage(context_for(shelf, tmp_path))
        pages.append(page)
        page.resize(*size)
        page.open(lesson)
        page.show()
        settle()
        return page

    yield show
    theme.apply(qapp, theme.Look(PAPER))


@pytest.fixture
def pdf(tmp_path, qapp):
    writer = QPdfWriter(str(tmp_path / "b.pdf"))
    painter = QPainter(writer)
    painter.drawText(100, 100, "one")
    writer.newPage()
    painter.drawText(100, 100, "two")
    painter.end()
    return (tmp_path / "b.pdf").read_bytes()


def asked(page):
    return page.context.navigator.asked


def notice(page):
    return [label.text() for label in page._notice.findChildren(QLabel) if label.isVisible()]


class TestComplete:
    def test_it_is_said_after_it_is_saved(self, shelf, open_page):
        page = open_page(shelf)
        main = page._bar.main
        assert (main.words(), main.kind) == ("Complete as Ana", Kind.PRIMARY)
        width, place = main.width(), main.geometry()
        assert width >= 220
        main.click()
        settle()
        assert shelf.kinds() == ["StartLesson", "CompleteLesson"]
        assert (main.words(), main.kind) == ("Completed by Ana", Kind.DONE)
        assert main.geometry() == place
        assert QApplication.focusWidget() is page._bar.next

    def test_a_full_disk_says_so_and_nothing_is_completed(self, shelf, open_page):
        page = open_page(shelf)
        shelf.refusing = StorageTrouble(Storage.FULL)
        page._bar.main.click()
        settle()
        assert page._bar.main.words() == "Complete as Ana"
        assert QApplication.focusWidget() is not page._bar.next
        assert any("disk is full" in line for line in notice(page))
        shelf.refusing = None
        page._bar.main.click()
        settle()
        assert notice(page) == []
        assert page._bar.main.words() == "Completed by Ana"

    def test_twice_is_once(self, shelf, open_page):
        page = open_page(shelf)
        page._bar.main.click()
        page._bar.main.click()
        assert shelf.kinds().count("CompleteLesson") == 1

    def test_after_the_last_lesson_the_way_on_leads_to_the_course(self, shelf, open_page):
        rows = shelf.views.rows
        rows[:-1] = [replace(row, is_completed=True) for row in rows[:-1]]
        shelf.views.texts[rows[-1].uid] = "<p>The end.</p>"
        page = open_page(shelf, rows[-1].uid)
        assert page._bar.next.accessibleName() == "10 of 11 lessons: Back to the course"
        page._bar.main.click()
        settle()
        assert page._bar.next.hasFocus()
        assert page._bar.next.accessibleName() == "All 11 lessons done: Back to the course"
        page.reload()
        assert page._bar.next.hasFocus(), "news doesn't take the focus away"
        page._bar.next.click()
        assert asked(page)[-1] == ("show_course", shelf.views.course_row.uid)

    def test_the_middle_stays_in_the_middle(self, shelf, open_page):
        rows = shelf.views.rows
        rows[4] = replace(rows[4], title="A very long title of a lesson that nobody can read in one go " * 3)
        page = open_page(shelf)
        main = page._bar.main
        middle = main.mapTo(page, main.rect().center()).x()
        assert abs(middle - page.width() // 2) <= 1

    def test_opening_starts_it_once(self, shelf, open_page):
        page = open_page(shelf)
        page.reload()
        shelf.announce(Topic.PROGRESS)
        settle()
        assert shelf.kinds() == ["StartLesson"]


class TestWhoMay:
    def test_a_guest_is_asked_to_sign_in(self, shelf, open_page):
        shelf.learner = Learner(None, "", "")
        shelf.views.course_row = replace(shelf.views.course_row, is_enrolled=False)
        assert not open_page(shelf, shelf.views.rows[-1].uid)._bar.next.isEnabled()
        page = open_page(shelf)
        assert page._bar.main.words() == "Sign in to complete"
        page._bar.main.click()
        assert asked(page)[-1][0] == "show_sign_in"
        assert shelf.commands == []

    def test_a_visitor_enrolls_first(self, shelf, open_page):
        shelf.views.course_row = replace(shelf.views.course_row, is_enrolled=False)
        page = open_page(shelf)
        assert page._bar.main.words() == "Enroll as Ana"
        page._bar.main.click()
        settle()
        assert shelf.kinds()[0] == "Enroll"
        assert page._bar.main.words() == "Complete as Ana"

    def test_a_locked_lesson_says_why(self, shelf, open_page):
        shelf.views.rows[5] = replace(shelf.views.rows[5], is_readable=False)
        page = open_page(shelf)
        assert "This lesson is for enrolled learners" in [label.text() for label in page.findChildren(QLabel)]
        assert page._stack.currentWidget() is not page._view

    def test_what_is_not_here_can_be_fetched(self, shelf, open_page, qtbot):
        page = open_page(shelf, uid(108))
        assert not page._bar.main.isEnabled()
        [button] = [button for button in page._instead.findChildren(Button) if button.isVisible()]
        button.click()
        assert page.context.actions.asked == [("download", shelf.views.course_row.uid)]
        shelf.views.texts[uid(108)] = TEXT
        shelf.announce(Topic.DOWNLOADS)
        qtbot.waitUntil(lambda: page._stack.currentWidget() is page._view)
        assert page._bar.main.isEnabled()

    def test_a_removed_lesson_is_no_error(self, shelf, open_page):
        page = open_page(shelf, uid(999))
        assert "This lesson is gone" in [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
        assert not page._bar.main.isVisible()


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "lesson"),
        [(Qt.Key.Key_Left, BEFORE), (Qt.Key.Key_Right, AFTER)],
    )
    def test_alt_and_arrows_turn_pages(self, shelf, open_page, key, lesson):
        page = open_page(shelf)
        QTest.keyClick(page._view, key, Qt.KeyboardModifier.AltModifier)
        assert asked(page) == [("show_lesson", lesson)]

    def test_they_follow_the_window(self, shelf, open_page):
        page = open_page(shelf)
        page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        QTest.keyClick(page._view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
        assert asked(page) == [("show_lesson", AFTER)]

    def test_ctrl_enter_completes_and_goes_on(self, shelf, open_page):
        page = open_page(shelf)
        QTest.keyClick(page._view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert shelf.kinds()[-1] == "CompleteLesson"
        assert asked(page) == [("show_lesson", AFTER)]

    def test_ctrl_enter_stays_when_it_was_not_saved(self, shelf, open_page):
        page = open_page(shelf)
        shelf.refusing = StorageTrouble(Storage.FULL)
        QTest.keyClick(page._view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert asked(page) == []

    def test_ctrl_f_finds(self, shelf, open_page):
        page = open_page(shelf, BEFORE)
        QTest.keyClick(page._view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        field = page._find._field
        assert field.hasFocus()
        QTest.keyClicks(field, "paragraph 40")
        page._find._look("paragraph 40")
        assert page._view.textCursor().selectedText() == "paragraph 40"
        QTest.keyClick(field, Qt.Key.Key_Escape)
        QTest.keyClick(field, Qt.Key.Key_Escape)
        assert not page._find.isVisible()
        assert page._view.hasFocus()

    def test_everything_is_reached_with_tab(self, shelf, open_page):
        page = open_page(shelf)
        page._view.setFocus()
        reached = set()
        for _step in range(30):
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
            reached.add(QApplication.focusWidget())
        assert {page._bar.previous, page._bar.main, page._bar.next, page._header.text_size} <= reached


class TestPlace:
    def test_the_place_is_kept(self, shelf, open_page):
        page = open_page(shelf, BEFORE)
        page._view.go_to(0.5)
        page.open(HERE)
        settle()
        assert page._view.position() == 0.0
        page.open(BEFORE)
        settle()
        assert abs(page._view.position() - 0.5) < 0.02

    def test_the_place_outlives_the_page(self, shelf, open_page):
        first = open_page(shelf, BEFORE)
        first._view.go_to(0.7)
        first.close()
        assert abs(open_page(shelf, BEFORE)._view.position() - 0.7) < 0.02

    def test_news_of_other_things_leave_it_alone(self, shelf, open_page):
        page = open_page(shelf, BEFORE)
        page._view.go_to(0.5)
        before = page._view.verticalScrollBar().value()
        shelf.announce(Topic.PROGRESS, Topic.DOWNLOADS)
        settle()
        assert page._view.verticalScrollBar().value() == before


class TestFiles:
    def test_pictures_of_the_text_are_not_listed(self, shelf, open_page, tmp_path):
        shelf.views.texts[HERE] = '<p><img src="assets/a.png"></p>'
        shelf.views.files = (
            attachment("assets/a.png", png(), "image/png", shelf),
            attachment("assets/b c.pdf", b"%PDF-", "application/pdf", shelf),
        )
        page = open_page(shelf)
        names = [button.accessibleName() for button in page._view.findChildren(Button)]
        assert names == ["Open b c.pdf"]

    def test_a_picture_that_arrives_is_shown(self, shelf, open_page, qtbot):
        shelf.views.texts[HERE] = '<p><img src="assets/a.png" alt="hands"></p>'
        shelf.views.files = (attachment("assets/a.png", b"", "image/png"),)
        page = open_page(shelf)
        assert "isn't on this laptop yet" in page._view.toPlainText()
        shelf.views.files = (attachment("assets/a.png", png(), "image/png", shelf),)
        shelf.announce(Topic.DOWNLOADS)
        qtbot.waitUntil(lambda: "isn't on this laptop yet" not in page._view.toPlainText())

    def test_a_link_to_a_file_opens_it_inside(self, shelf, open_page, monkeypatch):
        shown = []
        monkeypatch.setattr(FileDialog, "exec", lambda self: shown.append(self._shown))
        shelf.views.texts[HERE] = '<p><a href="assets/b c.png">see</a></p>'
        shelf.views.files = (attachment("assets/b c.png", png(), "image/png", shelf),)
        page = open_page(shelf)
        page._view.setFocus()
        QTest.keyClick(page._view, Qt.Key.Key_Tab)
        QTest.keyClick(page._view, Qt.Key.Key_Return)
        assert isinstance(shown[0], PictureView)

    def test_a_file_that_was_closed_is_kept_no_longer(self, shelf, open_page, pdf):
        shelf.views.texts[HERE] = '<p><a href="assets/b.pdf">see</a></p>'
        shelf.views.files = (attachment("assets/b.pdf", pdf, "application/pdf", shelf),)
        page = open_page(shelf)
        page._view.setFocus()
        QTest.keyClick(page._view, Qt.Key.Key_Tab)
        QTimer.singleShot(0, lambda: page.findChild(FileDialog).accept())
        QTest.keyClick(page._view, Qt.Key.Key_Return)
        settle()
        assert page.findChildren(FileDialog) == []

    def test_a_pdf_is_pages(self, shelf, open_page, pdf):
        page = open_page(shelf)
        dialog = FileDialog(page, "b.pdf", "application/pdf", pdf)
        dialog.show()
        settle()
        assert isinstance(dialog._shown, PaperView)
        image = dialog.grab().toImage()
        assert image.pixelColor(image.width() // 2, image.height() // 2).lightness() > 200
        dialog._change_zoom(2)
        assert dialog._shown.horizontalScrollBar().maximum() > 0
        dialog.close()

    @pytest.mark.parametrize(
        ("text", "starts_right"),
        [
            ("ما يلزم\n\n- python3\n- قلم\n", True),
            ("What you need\n\n- قلم\n", False),
            ("1\n00:00:01,000 --> 00:00:03,000\nقلم جديد\n", True),
            ("12;34\n", False),
        ],
    )
    def test_a_text_starts_at_its_own_side_in_any_window(self, shelf, open_page, text, starts_right):
        page = open_page(shelf)
        for window in (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft):
            page.setLayoutDirection(window)
            dialog = FileDialog(page, "needed.txt", "text/plain", text.encode())
            dialog.show()
            settle()
            [shown] = dialog.findChildren(QPlainTextEdit)
            lines = [shown.document().findBlockByNumber(n).layout().lineAt(0) for n in range(text.count("\n"))]
            middle = shown.viewport().width() / 2
            assert {line.naturalTextRect().center().x() > middle for line in lines} == {starts_right}
            dialog.close()

    @pytest.mark.parametrize("data", [b"", b"%PDF-1.4 broken", b"\x89PNG\r\n\x1a\n", b"MZ\x90"])
    def test_what_can_t_be_shown_can_be_saved(self, shelf, open_page, data, monkeypatch, tmp_path):
        page = open_page(shelf)
        dialog = FileDialog(page, "b.bin", "application/octet-stream", data)
        assert "This file can't be shown here" in [label.text() for label in dialog.findChildren(QLabel)]
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "copy"), ""))
        assert viewer.save_copy(page, "b.bin", data) is None
        assert (tmp_path / "copy").read_bytes() == data
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "no" / "copy"), ""))
        assert "could not be written" in viewer.save_copy(page, "b.bin", data)
        [save] = [button for button in dialog.findChildren(Button) if button.words() == "Save a copy"]
        save.click()
        assert any("could not be written" in label.text() for label in dialog.findChildren(QLabel))
        dialog.deleteLater()


class TestLinks:
    @pytest.mark.parametrize(("answer", "opened"), [(True, ["https://example.org/"]), (False, [])])
    def test_outside_is_asked_first(self, shelf, open_page, monkeypatch, answer, opened):
        went = []
        monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: went.append(url.toString()))
        result = QDialog.DialogCode.Accepted if answer else QDialog.DialogCode.Rejected
        monkeypatch.setattr(Question, "exec", lambda _self: result.value)
        page = open_page(shelf)
        page._view.outside_wanted.emit("https://example.org/")
        assert went == opened

    def test_another_lesson_is_shown_here(self, shelf, open_page):
        page = open_page(shelf)
        page._view.lesson_wanted.emit(AFTER)
        assert asked(page) == [("show_lesson", AFTER)]

    def test_a_place_in_another_lesson(self, shelf, open_page):
        shelf.views.texts[HERE] = f'<p><a href="lesson:{BEFORE}#at-x">go</a></p>'
        shelf.views.texts[BEFORE] = f'{LONG}<h2 id="at-x">Here it is</h2>{LONG}'
        page = open_page(shelf)
        page._view.setFocus()
        QTest.keyClick(page._view, Qt.Key.Key_Tab)
        QTest.keyClick(page._view, Qt.Key.Key_Return)
        [(way, argument)] = asked(page)
        assert (way, argument) == ("show_lesson", f"{BEFORE}#at-x")
        page.open(argument)
        settle()
        assert top_line(page) == "Here it is"
        page._view.go_to(0)
        page.open(argument)
        settle()
        assert top_line(page) == "Here it is"
        page.open(f"{BEFORE}#at-gone")
        settle()
        assert top_line(page) == "Here it is"


def top_line(page):
    view = page._view
    return view.cursorForPosition(QPoint(view.viewport().width() // 2, 24)).block().text()


class TestOutline:
    def test_turning_a_page_looks_only_at_the_rows_in_sight(self, shelf, open_page, monkeypatch):
        shelf.views.rows = lesson_rows((("All", tuple(f"Lesson {n}" for n in range(400))),))
        page = open_page(shelf)
        asked = set()
        height = lessons_module.row_height
        monkeypatch.setattr(lessons_module, "row_height", lambda row, **how: asked.add(row.key) or height(row, **how))
        page.open(BEFORE)
        settle()
        assert len(asked) < 60
        rows = page._outline._list._model.rows
        assert [row.lesson.uid for row in rows if row.is_current] == [BEFORE]
        shelf.views.rows = shelf.views.rows[:-1]
        page.reload()
        settle()
        assert len(page._outline._list._model.rows) == len(rows) - 1
        assert len(asked) > 300

    def test_a_lesson_that_is_done_is_marked_there(self, shelf, open_page):
        page = open_page(shelf)
        page._bar.main.click()
        settle()
        [row] = [row for row in page._outline._list._model.rows if row.is_current]
        assert row.lesson.is_completed


class TestSizes:
    def test_wide_has_the_outline_beside_the_text(self, shelf, open_page):
        page = open_page(shelf)
        assert page._outline.isVisible()
        assert page._outline.width() == 272
        assert not page._header.contents.isVisible()

    def test_narrow_has_a_contents_button(self, shelf, open_page):
        page = open_page(shelf, size=(808, 600))
        assert not page._outline.isVisible()
        page._header.contents.click()
        assert page._outline.isVisible()
        QTest.keyClick(page._outline, Qt.Key.Key_Escape)
        assert not page._outline.isVisible()

    def test_the_outline_mirrors(self, shelf, open_page):
        page = open_page(shelf)
        page._spread.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        settle()
        assert page._outline.x() == 0

    @pytest.mark.parametrize("size", [(1064, 800), (808, 600), (584, 480)])
    @pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
    def test_nothing_is_cut(self, shelf, open_page, size, scale):
        page = open_page(shelf, size=size, look=theme.Look(PAPER, scale))
        assert page.width() == size[0]
        assert page._bar.main.width() >= page._bar.main.sizeHint().width()
        for part in (page._bar.previous, page._bar.main, page._bar.next):
            assert page.rect().contains(part.rect().translated(part.mapTo(page, part.rect().topLeft())))
            assert part.height() >= part.sizeHint().height()

    def test_the_theme_changes_while_it_is_read(self, qapp, shelf, open_page):
        page = open_page(shelf)
        theme.apply(qapp, theme.Look(LAMP))
        settle()
        grabbed = page._view.grab().toImage()
        assert grabbed.pixelColor(5, 5).name().upper() == LAMP.surface

    def test_everything_has_a_name(self, shelf, open_page):
        page = open_page(shelf)
        for part in (page._view, page._outline, page._bar.previous, page._bar.next, page._header.search):
            assert QAccessible.queryAccessibleInterface(part).text(QAccessible.Text.Name)
        assert page._bar.next.accessibleName() == "Next: Using a defibrillator"


@pytest.mark.parametrize("title", ["Go", "المنصة", "A title that is so long that no bar has room for it"])
def test_a_step_with_room_for_its_title_says_it(qapp, qtbot, title):
    step = Step(is_next=True)
    qtbot.addWidget(step)
    step.show_lesson(title)
    step.resize(step.sizeHint())
    said = step.grab().toImage()
    step.resize(step.minimumSizeHint())
    arrow = step.grab().toImage()
    assert len(inked_columns(said)) > len(inked_columns(arrow))


def inked_columns(picture):
    ground = picture.pixel(0, 0)
    return {x for x in range(picture.width()) if any(picture.pixel(x, y) != ground for y in range(picture.height()))}
