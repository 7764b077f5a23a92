"""Course, catalog and certificates pages: what they show and what their buttons ask for."""

import gc
from dataclasses import replace

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPageSize
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from lms_desktop.store.errors import Refused, Storage, StorageTrouble
from lms_desktop.store.rows import BadgeState, CertificateRow, CertificatesPage, DownloadRow, Found, Learner, Topic
from lms_desktop.ui import theme
from lms_desktop.ui.pages.catalog import CatalogPage
from lms_desktop.ui.pages.certificate_parts import Sheet, check_file, paint_pages
from lms_desktop.ui.pages.certificates import CertificatesPage as CertificatesScreen
from lms_desktop.ui.pages.course import CoursePage
from lms_desktop.ui.pages.course_sections import SectionCard
from lms_desktop.ui.pages.found import FoundLessons
from lms_desktop.ui.reader.paper import Paper
from lms_desktop.ui.tokens import PAPER
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.cover import Cover
from lms_desktop.ui.widgets.dialog import Facts
from lms_server.certificates.pdf import render_certificate
from lms_server.certificates.signing import public_key_of, sign_facts
from lms_server.contract.commands import Code
from tests.ui.reading_shelf import COURSE, RowShelf, context_for, course_row, png, uid
from tests.ui.windows import settle

KEY = bytes(range(32))
GUEST = Learner(None, "", "")


@pytest.fixture
def show(qapp, pages, tmp_path):
    def open_page(page_type, shelf, argument=None, size=(1064, 800)):
        theme.apply(qapp, theme.Look(PAPER))
        page = page_type(context_for(shelf, tmp_path))
        pages.append(page)
        page.resize(*size)
        page.open(argument)
        page.show()
        settle()
        return page

    return open_page


def words(page):
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def button(page, text):
    [found] = [part for part in page.findChildren(Button) if part.isVisible() and part.words() == text]
    return found


def primaries(page):
    return [part.words() for part in page.findChildren(Button) if part.isVisible() and part.kind is Kind.PRIMARY]


class TestCourse:
    def test_it_goes_on_where_the_learner_is(self, show):
        page = show(CoursePage, RowShelf(), COURSE)
        assert "Continue: Chest compressions" in words(page)
        assert primaries(page) == ["Continue"]
        button(page, "Continue").click()
        assert page.context.navigator.asked == [("show_lesson", uid(106))]

    def test_only_the_present_section_of_a_long_course_is_open(self, show):
        shelf = RowShelf()
        shelf.views.rows += [
            replace(row, uid=uid(500 + n), section="More") for n, row in enumerate(shelf.views.rows[-2:] * 3)
        ]
        page = show(CoursePage, shelf, COURSE)
        cards = page.findChildren(SectionCard)
        assert [card.fold.isChecked() for card in cards] == [False, True, False, False]
        QTest.keyClick(cards[0].fold, Qt.Key.Key_Space)
        assert cards[0].lessons.isVisible()

    def test_the_cover_is_shown_as_soon_as_it_is_downloaded(self, show):
        shelf = RowShelf()
        shelf.views.course_row = course_row(cover="c" * 64)
        page = show(CoursePage, shelf, COURSE)
        drawn = page.findChild(Cover).grab().toImage()
        shelf.blobs["c" * 64] = png(200, 250)
        page.reload()
        settle()
        assert page.findChild(Cover).grab().toImage() != drawn

    def test_folding_outlives_news(self, show):
        shelf = RowShelf()
        page = show(CoursePage, shelf, COURSE)
        page.findChildren(SectionCard)[0].fold.click()
        shelf.announce(Topic.PROGRESS)
        settle()
        assert not page.findChildren(SectionCard)[0].fold.isChecked()

    def test_a_lesson_is_opened_by_key(self, show):
        page = show(CoursePage, RowShelf(), COURSE)
        lessons = page.findChildren(SectionCard)[0].lessons
        lessons.setFocus()
        QTest.keyClick(lessons, Qt.Key.Key_Down)
        QTest.keyClick(lessons, Qt.Key.Key_Return)
        assert page.context.navigator.asked[0][0] == "show_lesson"

    def test_enrolling(self, show):
        shelf = RowShelf()
        shelf.views.course_row = course_row(is_enrolled=False)
        page = show(CoursePage, shelf, COURSE)
        assert primaries(page) == ["Enroll as Ana"]
        button(page, "Enroll as Ana").click()
        settle()
        assert shelf.kinds() == ["Enroll"]
        assert primaries(page) == ["Continue"]

    @pytest.mark.parametrize(
        ("refusing", "told"),
        [(Refused(Code.COURSE_DRAFT), "no new learners"), (StorageTrouble(Storage.FULL), "disk is full")],
    )
    def test_a_refusal_is_told_in_words(self, show, refusing, told):
        shelf = RowShelf()
        shelf.views.course_row = course_row(is_enrolled=False)
        shelf.refusing = refusing
        page = show(CoursePage, shelf, COURSE)
        button(page, "Enroll as Ana").click()
        settle()
        assert any(told in line for line in words(page))
        assert primaries(page) == ["Enroll as Ana"]

    def test_a_guest_signs_in_and_is_enrolled_then(self, show):
        shelf = RowShelf(GUEST)
        shelf.views.course_row = course_row(is_enrolled=False)
        page = show(CoursePage, shelf, COURSE)
        button(page, "Sign in to enroll").click()
        [(name, then)] = page.context.navigator.asked
        other = RowShelf()
        other.views.course_row = course_row(is_enrolled=False)
        then(other)
        assert (name, shelf.commands, other.kinds()) == ("show_sign_in", [], ["Enroll"])

    @pytest.mark.parametrize(
        ("state", "text", "ask"),
        [
            ("none", "Download", "download"),
            ("running", "Pause", "pause_download"),
            ("running", "Cancel", "cancel_download"),
            ("paused", "Resume", "download"),
            ("failed", "Try again", "download"),
        ],
    )
    def test_the_download_can_be_steered(self, show, state, text, ask):
        shelf = RowShelf()
        row = shelf.views.course_row
        shelf.views.download_rows = (DownloadRow(row, state, 10_000_000, 24_000_000, 1_000_000, "disk_full"),)
        page = show(CoursePage, shelf, COURSE)
        button(page, text).click()
        assert page.context.actions.asked[-1] == (ask, COURSE)

    def test_steps_of_a_download_leave_the_focus(self, show, qtbot):
        shelf = RowShelf()
        row = shelf.views.course_row
        shelf.views.download_rows = (DownloadRow(row, "running", 1_000_000, 24_000_000, 1_000_000, None),)
        page = show(CoursePage, shelf, COURSE)
        button(page, "Pause").setFocus()
        shelf.views.download_rows = (DownloadRow(row, "running", 2_000_000, 24_000_000, 1_000_000, None),)
        shelf.announce(Topic.DOWNLOADS)
        # Pages may gather such news for a moment.
        qtbot.waitUntil(lambda: "2 of 24\u00a0MB" in words(page))
        settle()
        assert QApplication.focusWidget() is button(page, "Pause")

    def test_no_room_is_said_before_the_download(self, show):
        shelf = RowShelf()
        shelf.views.course_row = course_row(bytes_here=0, bytes_total=10**11)
        page = show(CoursePage, shelf, COURSE)
        assert not button(page, "Download").isEnabled()
        assert any("Make some room first" in line for line in words(page))

    def test_a_finished_course_tells_of_its_certificate(self, show, qtbot):
        shelf = RowShelf()
        shelf.views.rows = [replace(row, is_completed=True) for row in shelf.views.rows]
        page = show(CoursePage, shelf, COURSE)
        assert "The certificate comes with the next sync." in words(page)
        shelf.views.course_row = course_row(certificate=uid(7))
        shelf.announce(Topic.CERTIFICATES)
        qtbot.waitUntil(lambda: "Show certificate" in [part.words() for part in page.findChildren(Button)])
        settle()
        button(page, "Show certificate").click()
        assert page.context.navigator.asked == [("show_certificates", uid(7))]

    def test_a_withdrawn_course_is_no_error(self, show):
        page = show(CoursePage, RowShelf(), uid(99))
        assert "This course is not here" in words(page)


class TestCatalog:
    @pytest.fixture
    def shelf(self):
        made = RowShelf()
        made.views.catalog_rows = (
            course_row(),
            course_row(uid=uid(11), title="Growing vegetables", is_enrolled=False, bytes_here=0),
            course_row(uid=uid(12), title="مدخل إلى المحاسبة", language="ar", direction="rtl", level="advanced"),
        )
        return made

    def test_search_as_you_type(self, show, shelf, qtbot):
        page = show(CatalogPage, shelf)
        assert page.focus_search()
        QTest.keyClicks(page._search, "vege")
        qtbot.waitUntil(lambda: shelf.views.searched[-1][0] == "vege")
        settle()
        assert page._list.model().rowCount() == 1
        assert "1 of 3 courses" in words(page)

    def test_filters(self, show, shelf):
        page = show(CatalogPage, shelf)
        button(page, "Advanced").click()
        settle()
        assert page._list.model().rowCount() == 1
        button(page, "Intermediate").click()
        settle()
        assert "No course fits these filters" in words(page)
        button(page, "Show all courses").click()
        settle()
        assert page._list.model().rowCount() == 3

    def test_a_row_opens_and_its_button_enrolls(self, show, shelf):
        page = show(CatalogPage, shelf)
        view = page._list
        first, second = (view.model().index(row, 0) for row in (0, 1))
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(first).center())
        assert page.context.navigator.asked == [("show_course", COURSE)]
        shelf.views.course_row = shelf.views.catalog_rows[1]
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.button_box(second).center())
        assert shelf.kinds() == ["Enroll"]
        assert page.context.navigator.asked[-1] == ("show_course", uid(11))

    def test_a_guest_who_enrolls_signs_in(self, show, shelf):
        shelf.learner = GUEST
        page = show(CatalogPage, shelf)
        view = page._list
        second = view.model().index(1, 0)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.button_box(second).center())
        assert page.context.navigator.asked[0][0] == "show_sign_in"
        assert shelf.commands == []

    def test_keys_open_a_row(self, show, shelf):
        page = show(CatalogPage, shelf)
        page._list.setFocus()
        QTest.keyClick(page._list, Qt.Key.Key_Down)
        QTest.keyClick(page._list, Qt.Key.Key_Return)
        assert page.context.navigator.asked[0][0] == "show_course"

    def test_offline_says_when_it_can_be_fetched(self, show, shelf):
        shelf.views.state = BadgeState.OFFLINE
        page = show(CatalogPage, shelf)
        spoken = page._list.model().index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        assert "24\u00a0MB, when online" in spoken
        assert "not enrolled" in spoken

    def test_an_empty_catalog_says_what_will_be_there(self, show):
        shelf = RowShelf()
        shelf.views.catalog_rows = ()
        page = show(CatalogPage, shelf)
        assert "No courses here yet" in words(page)
        button(page, "Sync now").click()
        assert page.context.actions.asked == [("sync_now",)]

    def test_lessons_that_a_search_found_stand_under_the_courses_and_open(self, show, shelf, qtbot):
        page = show(CatalogPage, shelf)
        assert page.findChild(FoundLessons).isHidden()
        shelf.views.found = (Found("lesson-1", "Burns and scalds", "c", "First aid", "cool \x02water\x03 for long"),)
        page.open("water")
        qtbot.waitUntil(lambda: not page.findChild(FoundLessons).isHidden())
        button = page.findChild(FoundLessons).findChild(Button)
        assert "Burns and scalds" in button.accessibleName()
        with qtbot.waitSignal(page.findChild(FoundLessons).chosen) as chosen:
            button.click()
        assert chosen.args == ["lesson-1"]

    def test_lessons_of_courses_that_the_filters_leave_out_are_left_out_too(self, show, shelf):
        mine, other = shelf.views.catalog_rows[:2]
        shelf.views.catalog_rows = (replace(mine, level="beginner"), replace(other, level="advanced"))
        shelf.views.found = tuple(
            Found(f"lesson-{row.uid}", f"Of {row.title}", row.uid, row.title, "words") for row in (mine, other)
        )
        page = show(CatalogPage, shelf, "water")
        page._levels.choose("advanced")
        page.reload()
        settle()
        shown = [
            part.accessibleName() for part in page.findChild(FoundLessons).findChildren(Button) if part.isVisible()
        ]
        assert [name.split("\u00a0\u00a0·")[0] for name in shown] == [f"Of {other.title}  ·  {other.title}"]

    def test_one_language_is_no_choice(self, show, shelf):
        shelf.views.catalog_rows = shelf.views.catalog_rows[:1]
        page = show(CatalogPage, shelf)
        assert page._languages.parts() == []
        assert page._search.nextInFocusChain() in page._levels.chips()

    def test_the_window_may_ask_for_a_search(self, show, shelf):
        page = show(CatalogPage, shelf, "vege")
        assert page._search.text() == "vege"


class TestCertificates:
    @pytest.fixture
    def certificate(self, tmp_path):
        def make(number, *, is_here=True):
            facts = {
                "uuid": uid(number),
                "server": uid(2),
                "issuer": "Hillside Library",
                "user": uid(1),
                "learner_name": "Ana Moreno",
                "course": uid(50 + number),
                "course_title": "First aid",
                "lessons": 14,
                "completed_at": "2026-11-22T10:00:00.000Z",
                "issued_at": "2026-11-22T11:00:00.000Z",
                "language": "en",
                "direction": "ltr",
                "address": "https://hillside.example",
            }
            payload = sign_facts(KEY, facts)
            file = tmp_path / f"{number}.pdf"
            file.write_bytes(render_certificate(payload, KEY))
            at = 1_795_341_600_000
            held = str(file) if is_here else None
            return CertificateRow(uid(number), uid(50 + number), "First aid", "Ana Moreno", None, at, at, payload, held)

        return make

    @pytest.fixture
    def shelf(self, certificate):
        made = RowShelf()
        made.public_key_bytes = public_key_of(KEY)
        rows = (certificate(1), certificate(2, is_here=False))
        made.views.certificate_page = CertificatesPage(rows, (course_row(uid=uid(77), title="Rock band"),))
        return made

    def test_the_first_is_shown_and_its_signature_checked(self, show, shelf):
        page = show(CertificatesScreen, shelf)
        assert "Signed by Hillside Library and unchanged" in words(page)
        assert primaries(page) == ["Save a copy"]

    def test_a_changed_row_is_told(self, show, shelf):
        page_row = shelf.views.certificate_page
        forged = replace(page_row.certificates[0], payload=page_row.certificates[0].payload[:-4] + "AAAA")
        shelf.views.certificate_page = CertificatesPage((forged,), ())
        assert any("signature does not hold" in line for line in words(show(CertificatesScreen, shelf)))

    def test_no_pdf_stays_open_behind_its_picture(self, show, shelf):
        page = show(CertificatesScreen, shelf)
        assert page.findChild(Sheet)._image is not None
        assert [found for found in gc.get_objects() if isinstance(found, pypdfium2.PdfDocument) and found.raw] == []

    def test_one_without_its_pdf_and_one_on_its_way(self, show, shelf):
        assert "The PDF is not on this laptop yet" in words(show(CertificatesScreen, shelf, uid(2)))
        assert "On its way with the next sync" in words(show(CertificatesScreen, shelf, uid(77)))

    def test_none_says_how_to_get_one(self, show):
        assert "No certificates yet" in words(show(CertificatesScreen, RowShelf()))

    def test_a_copy_is_the_same_bytes(self, show, shelf, monkeypatch, tmp_path):
        target = tmp_path / "copy.pdf"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(target), ""))
        page = show(CertificatesScreen, shelf)
        button(page, "Save a copy").click()
        assert target.read_bytes() == (tmp_path / "1.pdf").read_bytes()

    def test_a_genuine_file(self, show, shelf, monkeypatch, tmp_path):
        told = []
        monkeypatch.setattr(Facts, "exec", lambda self: told.append(words_of(self)))
        show(CertificatesScreen, shelf).check(tmp_path / "1.pdf")
        assert {"Ana Moreno", "First aid", "22 November 2026, all 14 lessons"} <= set(told[0])

    @pytest.mark.parametrize("change", [lambda data: data + b"x", lambda data: data[:-9], lambda _data: b""])
    def test_a_changed_file(self, show, shelf, tmp_path, change):
        file = tmp_path / "changed.pdf"
        file.write_bytes(change((tmp_path / "1.pdf").read_bytes()))
        page = show(CertificatesScreen, shelf)
        page.check(file)
        settle()
        assert "This is no genuine certificate of Hillside Library" in words(page)
        assert check_file(file, public_key_of(KEY)) is None

    def test_a_missing_file_and_a_missing_key(self, show, shelf, tmp_path):
        page = show(CertificatesScreen, shelf)
        page.check(tmp_path / "none.pdf")
        settle()
        assert "The file could not be read" in words(page)
        shelf.public_key_bytes = b""
        page.check(tmp_path / "1.pdf")
        settle()
        assert "It can't be checked yet" in words(page)

    def test_printing_fills_the_sheet(self, qapp, certificate, tmp_path):
        row = certificate(1)
        paper = Paper((tmp_path / "1.pdf").read_bytes())
        printer = QPrinter(QPrinter.PrinterMode.ScreenResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        printer.setOutputFileName(str(tmp_path / "printed.pdf"))
        paint_pages(printer, paper)
        printed = Paper((tmp_path / "printed.pdf").read_bytes())
        assert len(printed.pages) == len(paper.pages) == 1
        assert row.file is not None
        dark = printed.image(0, 400)
        assert min(dark.pixelColor(x, dark.height() // 2).lightness() for x in range(0, 400, 2)) < 150


def words_of(dialog):
    return [label.text() for label in dialog.findChildren(QLabel)]
