"""Parts of the window: focus, fields, lists, covers, bars."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lms_desktop.store.rows import DownloadRow
from lms_desktop.store.search import END_MARK, START_MARK
from lms_desktop.ui import icons, texts
from lms_desktop.ui.appearance import dress, next_scale
from lms_desktop.ui.preferences import Preferences
from lms_desktop.ui.theme import font, tokens
from lms_desktop.ui.widgets.banner import Banner
from lms_desktop.ui.widgets.bar import ProgressBar
from lms_desktop.ui.widgets.button import Button
from lms_desktop.ui.widgets.course import CourseCard, laptop_text, progress_text, status_line
from lms_desktop.ui.widgets.cover import art, art_of, cloth
from lms_desktop.ui.widgets.field import LabeledField, SearchField
from lms_desktop.ui.widgets.lessons import LessonList
from lms_desktop.ui.widgets.paint import text_height
from lms_desktop.ui.widgets.ring import FocusRings, _Ring
from lms_desktop.ui.widgets.snippet import Snippet
from lms_desktop.ui.widgets.text import ElidedText, Text
from lms_server.contract.covers import subject_of
from tests.ui.reading_shelf import png
from tests.ui.samples import ACCOUNTING, BAND, FIRST_AID, GARDEN, LESSONS, MB, RUST
from tests.ui.windows import settle


@pytest.fixture
def pair(qapp, qtbot):
    """Two buttons in a window with focus rings."""
    if qapp.findChild(FocusRings) is None:
        FocusRings(qapp)
    window = QWidget()
    qtbot.addWidget(window)
    body = QVBoxLayout(window)
    body.setContentsMargins(20, 20, 20, 20)
    buttons = Button("One"), Button("Two")
    for button in buttons:
        body.addWidget(button)
    window.show()
    window.activateWindow()
    settle()
    return window, *buttons


def rings_in(window):
    return [ring for ring in window.findChildren(_Ring) if ring.isVisible()]


def test_the_keyboard_shows_a_ring_around_the_control_and_nothing_moves(pair):
    window, one, two = pair
    before = one.geometry(), two.geometry()
    two.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    [ring] = rings_in(window)
    assert ring.geometry() == two.geometry().adjusted(-3, -3, 3, 3)
    assert (one.geometry(), two.geometry()) == before
    one.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    assert [ring.geometry().center() for ring in rings_in(window)] == [one.geometry().center()]


def test_the_mouse_shows_none(pair):
    window, one, two = pair
    two.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.mouseClick(one, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    settle()
    assert rings_in(window) == []


@pytest.mark.parametrize(
    ("course", "download", "says"),
    [
        (BAND, None, "Certificate on its way with the next sync"),
        (replace(BAND, certificate="c"), None, "Certificate is here"),
        (RUST, DownloadRow(RUST, "running", 118 * MB, 184 * MB, None, None), "Downloading, 118 of 184\u00a0MB"),
        (RUST, DownloadRow(RUST, "paused", 118 * MB, 184 * MB, None, None), "Paused at 118 of 184\u00a0MB"),
        (FIRST_AID, None, "All on this laptop\u00a0\u00a0·\u200238\u00a0MB"),
        (ACCOUNTING, None, "12 of 40\u00a0MB on this laptop"),
        (GARDEN, None, "Not on this laptop\u00a0\u00a0·\u200224\u00a0MB"),
    ],
)
def test_a_card_says_one_thing_the_first_that_is_true(qapp, course, download, says):
    assert status_line(course, download).text == says


def test_a_card_is_one_button_with_one_name(qapp, qtbot):
    card = CourseCard(FIRST_AID, art(FIRST_AID))
    qtbot.addWidget(card)
    assert card.accessibleName().startswith("First aid. 5 of 14 lessons. All on this laptop")
    with qtbot.waitSignal(card.opened) as opened:
        card.click()
    assert opened.args == [FIRST_AID.uid]


def test_words_about_progress(qapp):
    assert progress_text(FIRST_AID) == "5 of 14 lessons"
    assert progress_text(BAND) == "All 9 lessons done"
    assert laptop_text(replace(GARDEN, bytes_total=0)) == "Not on this laptop"


def test_a_course_has_the_same_cloth_on_every_laptop(qapp):
    assert cloth("18").mark == "#8A4526"
    assert cloth("18") == cloth("18")


@pytest.mark.parametrize(
    ("slug", "title", "icon"),
    [
        ("first-aid", "First aid", "heart-pulse"),
        ("comprehensive-rust", "Comprehensive Rust", "code"),
        ("rock-band", "Rock band in Python", "music"),
        ("x", "مدخل إلى المحاسبة", None),
        ("accounting", "مدخل إلى المحاسبة", "calculator"),
        ("x", "Quiet evenings", None),
    ],
)
def test_the_subject_is_guessed_from_words(slug, title, icon):
    assert subject_of(slug, title) == icon


def test_a_cover_that_is_no_picture_is_not_decoded(qapp):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'
    assert art_of("1", "x", "Tea", svg).picture is None
    assert art_of("1", "x", "Tea").initial == "T"
    picture = art_of("1", "x", "Tea", png(900, 600)).picture
    assert picture is not None
    assert picture.height() == 400


def test_lessons_are_chosen_by_click_and_by_key(qapp, qtbot):
    rows = LessonList(compact=True)
    qtbot.addWidget(rows)
    rows.fill([("Before you help", LESSONS[:3]), ("Breathing", LESSONS[3:])], "l-6")
    rows.resize(272, 400)
    rows.show()
    settle()
    assert rows.currentIndex().data() == "Chest compressions"
    with qtbot.waitSignal(rows.chosen) as chosen:
        QTest.keyClick(rows, Qt.Key.Key_Return)
    assert chosen.args == ["l-6"]
    QTest.keyClick(rows, Qt.Key.Key_Down)
    with qtbot.waitSignal(rows.chosen) as chosen:
        QTest.keyClick(rows, Qt.Key.Key_Space)
    assert chosen.args == ["l-7"]


@pytest.mark.parametrize(("language", "mark"), [("en", "\u200e1"), ("ar", "\u200f\u0661")])
@pytest.mark.parametrize("title", ["Before you help", "قبل المساعدة"])
def test_a_sections_number_stands_at_the_windows_start_whatever_the_titles_script(qapp, qtbot, language, mark, title):
    texts.use(language)
    rows = LessonList(compact=True)
    qtbot.addWidget(rows)
    rows.fill([(title, LESSONS[:3])])
    texts.use("en")
    assert rows.model().index(0, 0).data() == f"{mark}\u2002{title}"


def test_lessons_say_their_state_aloud(qapp, qtbot):
    rows = LessonList(compact=False)
    qtbot.addWidget(rows)
    rows.fill([("", LESSONS[4:9])], "l-6", headings=False)
    said = [rows.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(5)]
    assert said[0] == "Checking for breathing, done, On this laptop, 4 min"
    assert said[1].startswith("Chest compressions, you are here")
    assert "Free preview" in said[3]
    assert "New lesson since your certificate" in said[4]


@pytest.mark.parametrize(("minutes", "kept"), [(None, False), (7, True)])
def test_room_for_minutes_is_kept_where_a_lesson_says_them(qapp, qtbot, minutes, kept):
    rows = LessonList(compact=False)
    qtbot.addWidget(rows)
    silent = [replace(lesson, minutes=None) for lesson in LESSONS[:2]]
    rows.fill([("", [*silent, replace(LESSONS[2], minutes=minutes)])])
    rows.resize(400, rows.sizeHint().height())
    # On a ground, of which the list itself has none, and without its edge, which depends on the style.
    picture = QImage(rows.size(), QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    rows.render(picture)
    colours = {picture.pixelColor(x, y).rgb() for x in range(400 - 40, 400 - 4) for y in range(4, 36)}
    assert (len(colours) == 1) is kept


def test_a_field_tells_what_is_wrong_until_it_is_typed_in(qapp, qtbot):
    field = LabeledField("Address", hint="Such as library.example")
    qtbot.addWidget(field)
    field.set_error("No server answers.")
    assert field.edit.property("wrong") is True
    assert field.edit.accessibleDescription() == "No server answers."
    qtbot.keyClicks(field.edit, "a")
    assert field.message() == "Such as library.example"
    assert field.edit.property("wrong") is False


def test_search_waits_for_a_pause(qapp, qtbot):
    field, heard = SearchField("Search"), []
    qtbot.addWidget(field)
    field.searched.connect(heard.append)
    qtbot.keyClicks(field, "aid ")
    assert heard == []
    qtbot.waitUntil(lambda: heard == ["aid"])
    QTest.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: heard == ["aid", ""])


def test_a_bar_has_its_words_as_name(qapp, qtbot):
    bar = ProgressBar("5 of 14 lessons")
    qtbot.addWidget(bar)
    bar.show_share(2.0, "done", "All done")
    assert bar.value() == bar.maximum()
    assert bar.accessibleName() == "All done"


def test_icons_are_drawn_for_the_screen_and_turn_round_only_if_they_point(qapp):
    ink = QColor("#26231E")
    for name in icons.names():
        sharp = icons.pixmap(name, 20, ink, 2.0)
        assert sharp.width() == 40, name
        turned = icons.pixmap(name, 24, ink, mirrored=True).toImage()
        plain = icons.pixmap(name, 24, ink).toImage()
        assert not plain.isNull()
        assert not any(plain.pixelColor(x, 0).alpha() for x in range(24)), f"{name} leaves its live area"
        assert turned == plain.flipped(Qt.Orientation.Horizontal), name


def test_text_size_goes_step_by_step_and_ends():
    assert next_scale(1.0, 1) == pytest.approx(1.1)
    assert next_scale(2.0, 1) == pytest.approx(2.0)
    assert next_scale(0.8, -1) == pytest.approx(0.8)


def test_a_title_of_two_lines_is_higher_than_of_one(qapp):
    face = font(14)
    assert text_height("one two three", face, 30, 2) > text_height("one", face, 300, 2)


@pytest.mark.parametrize(("width", "said"), [(40, ""), (140, "…"), (900, "whole")])
def test_a_line_that_would_tell_nothing_is_not_shown(qapp, qtbot, width, said):
    line = ElidedText("/ 2  Breathing and circulation", least=8)
    qtbot.addWidget(line)
    line.resize(width, 30)
    line.show()
    settle()
    assert line.text().endswith(said) if said != "whole" else line.text() == line.whole()
    assert bool(line.text()) is bool(said)
    assert line.accessibleName() == line.whole()


def test_with_large_text_a_banners_words_have_the_whole_line(qapp, qtbot):
    dress(qapp, Preferences(scale=2.0))
    try:
        button = Button("Sign in")
        banner = Banner("attention", "Sign in again", "Everything you did is saved here. " * 3, [button])
        qtbot.addWidget(banner)
        banner.resize(600, 600)
        banner.show()
        settle()
        words = [part for part in banner.findChildren(Text) if part.text()]
        assert button.y() > max(part.geometry().bottom() for part in words)
    finally:
        dress(qapp, Preferences())


def test_a_button_without_room_keeps_the_beginning_of_its_words(qapp, qtbot):
    button = Button("First aid: the first ten minutes", "arrow-start", "quiet")
    qtbot.addWidget(button)
    button.resize(160, 40)
    cut = painted(button)
    button.set_text("First aid: the first ten hours, and all that comes after them")
    assert painted(button) == cut


def painted(part):
    picture = QImage(part.size(), QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    part.render(picture, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    return picture


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_a_snippet_shows_what_was_found(qtbot, direction):
    words = f"Press on the {START_MARK}wound{END_MARK} until\n help  {START_MARK}comes{END_MARK}."
    snippet = Snippet(words)
    qtbot.addWidget(snippet)
    snippet.setLayoutDirection(direction)
    snippet.resize(400, 24)
    assert (snippet.whole(), snippet.found) == ("Press on the wound until help comes.", [(13, 5), (30, 5)])
    ground = QColor(tokens().accent_soft).rgb()
    picture = snippet.grab().toImage()
    marked = [x for x in range(400) if picture.pixelColor(x, 6).rgb() == ground]
    assert marked
    assert (max(marked) < 300) is (direction is Qt.LayoutDirection.LeftToRight)


def test_marks_behind_an_emoji_stand_where_the_words_do(qtbot):
    words = f"\N{HELICOPTER} \N{ADHESIVE BANDAGE} the {START_MARK}wound \N{ADHESIVE BANDAGE}{END_MARK}"
    snippet = Snippet(words)
    qtbot.addWidget(snippet)
    # Qt counts in units of UTF-16: each of these pictures is two of them.
    assert snippet.found == [(10, 8)]


def test_a_search_field_says_less_where_there_is_no_room(qapp):
    field = SearchField("Search titles, summaries and lessons")
    field.resize(600, 40)
    field.show()
    settle()
    assert (field.placeholderText(), field.toolTip()) == ("Search titles, summaries and lessons", "")
    field.resize(200, 40)
    settle()
    assert (field.placeholderText(), field.toolTip()) == ("Search", "Search titles, summaries and lessons")
    assert field.accessibleName() == "Search titles, summaries and lessons"
    field.close()
