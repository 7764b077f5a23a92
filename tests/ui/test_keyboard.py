"""Everything works by keyboard: Tab goes through each page as it is read, and F1 tells every key there is."""

import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from lms_desktop.store.rows import AccountRow, CatalogPage, CertificatesPage, LearnPage, SyncPage
from lms_desktop.ui.actions import ServerFacts
from lms_desktop.ui.compose import PAGES
from lms_desktop.ui.keys import key_facts
from lms_desktop.ui.pages.course_sections import SectionCard
from lms_desktop.ui.pages.start_pin import PinDialog
from lms_desktop.ui.preferences import Preferences
from lms_desktop.ui.widgets.dialog import Note
from lms_desktop.ui.widgets.ring import _Ring
from tests.ui.samples import ANA, GUEST, HILLSIDE, SampleShelf, SampleViews
from tests.ui.test_pages import cut, nameless, too_wide
from tests.ui.windows import go, opened, settle

# Keys that do what another one does.
TWINS = {"Ctrl+=": "Ctrl++", "Ctrl+Return": "Ctrl+Enter"}
ARROWS = {"Left": "←", "Right": "→"}


def stops(window):
    """Where Tab stops, from the first item of the sidebar on."""
    window._sidebar.items["learn"].setFocus(Qt.FocusReason.TabFocusReason)
    found = []
    while (stop := QApplication.focusWidget()) not in found:
        found.append(stop)
        window.focusNextChild()
    return found


def box_of(window, part):
    return QRect(part.mapTo(window, QPoint(0, 0)), part.size())


def goes_back(before, after, *, is_mirrored):
    """Whether a stop lies above the one before it, other than in a column further to the end."""
    is_further = after.right() < before.left() if is_mirrored else after.left() > before.right()
    return after.bottom() < before.top() and not is_further


@pytest.mark.parametrize("size", [(1280, 800), (1024, 600)])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_tab_goes_through_a_page_as_it_is_read(qapp, tmp_path, language, size):
    with opened(tmp_path, Preferences(theme="paper", language=language)) as (window, _actions):
        window.resize(*size)
        for page in PAGES:
            go(window, page)
            inside = [stop for stop in stops(window) if window._stack.currentWidget().isAncestorOf(stop)]
            assert inside, page
            boxes = [box_of(window, stop) for stop in inside]
            back = [
                (page, before.accessibleName(), after.accessibleName())
                for before, after, first, second in zip(inside, inside[1:], boxes, boxes[1:], strict=False)
                if goes_back(first, second, is_mirrored=language == "ar")
            ]
            assert back == []


def cut_ring(window, stop):
    """Whether a part of the ring around the control with the focus is outside of what it is drawn on."""
    settle()
    rings = [ring for ring in window.findChildren(_Ring) if ring.isVisible()]
    return [stop.accessibleName() for ring in rings if not ring.parentWidget().rect().contains(ring.geometry())]


@pytest.mark.parametrize("look", [{}, {"language": "ar"}, {"scale": 2.0}], ids=["en", "ar", "large"])
def test_the_ring_around_what_has_the_focus_is_whole(qapp, tmp_path, look):
    with opened(tmp_path, Preferences(theme="paper", **{"language": "en"} | look)) as (window, _actions):
        cut_rings, seen = [], 0
        for page in PAGES:
            go(window, page)
            for stop in stops(window):
                stop.setFocus(Qt.FocusReason.TabFocusReason)
                cut_rings += [(page, name) for name in cut_ring(window, stop)]
                seen += 1
        assert cut_rings == []
        assert seen > len(PAGES)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_enter_presses_what_has_the_focus_as_space_does(qapp, tmp_path, key):
    with opened(tmp_path) as (window, _actions):
        pressed = []
        for page in PAGES:
            go(window, page)
            for stop in [stop for stop in stops(window) if isinstance(stop, QAbstractButton)]:
                stop.blockSignals(True)
                stop.setCheckable(True)
                was_checked = stop.isChecked()
                QTest.keyClick(stop, key)
                pressed.append((page, stop.accessibleName(), stop.isChecked() != was_checked or stop.group()))
        assert len(pressed) > 4 * len(PAGES)
        assert [(page, name) for page, name, is_pressed in pressed if not is_pressed] == []


class LongCourse(SampleViews):
    """So many lessons that only the section where the learner is stands open."""

    def course(self, uid):
        row = super().course(uid)
        more = tuple(replace(row.lessons[-1], uid=f"m-{place}", number=20 + place) for place in range(9))
        return replace(row, lessons=row.lessons + more)


@pytest.mark.parametrize("size", [(1280, 800), (1024, 600)])
def test_tab_goes_from_a_section_that_was_opened_into_it(qapp, tmp_path, size):
    with opened(tmp_path, shelf=SampleShelf(LongCourse()), size=size) as (window, _actions):
        go(window, "course")
        cards = [card for card in window.findChildren(SectionCard) if card.isVisible()]
        assert [card.fold.isChecked() for card in cards] == [False, True, False]
        for card in cards:
            if not card.fold.isChecked():
                card.fold.click()
                settle()
        found = stops(window)
        assert [found[found.index(card.fold) + 1] for card in cards] == [card.lessons for card in cards]


def test_tab_reaches_every_button_of_every_page(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        for page in PAGES:
            go(window, page)
            reached = set(stops(window))
            missed = {
                button.accessibleName()
                for button in window.findChildren(QAbstractButton)
                if button.isVisible() and button.isEnabled() and button not in reached and not is_by_arrows(button)
            }
            assert missed == set(), page


def is_by_arrows(button):
    """Of buttons that exclude each other Tab stops at the one that is chosen; arrows reach the others."""
    group = button.group()
    return group is not None and group.exclusive() and not button.isChecked()


def test_f1_tells_every_key_there_is(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "lesson")
        keys = {shortcut.key().toString() for shortcut in window.findChildren(QShortcut)}
    told = " ".join(name for name, _words in key_facts())
    first, last = re.search(r"Ctrl\+(\d) … Ctrl\+(\d)", told).groups()
    numbers = {f"Ctrl+{number}" for number in range(int(first), int(last) + 1)}
    assert numbers <= keys
    for key in keys - numbers:
        name = TWINS.get(key, key)
        for word, arrow in ARROWS.items():
            name = name.replace(word, arrow)
        assert name in told.split(), key


def test_the_arrows_of_f1_point_the_way_the_window_runs(qapp, tmp_path):
    for language, arrows in (("en", "Alt+← / Alt+→"), ("ar", "Alt+→ / Alt+←")):
        with opened(tmp_path, Preferences(theme="paper", language=language)):
            assert arrows in [name for name, _words in key_facts()]


def empty_views():
    views = SampleViews(going_on=None, courses=(), catalog_courses=(), download_rows=())
    views.certificate_rows = CertificatesPage((), ())
    views.sync_page = SyncPage((), (), 0, (), (), None, HILLSIDE)
    views.learn = lambda: LearnPage(ANA, None, ())
    views.catalog = lambda *_filters: CatalogPage(0, (), ())
    return views


STATES = {
    "guest": lambda: SampleViews(who=GUEST, account_rows=()),
    "nothing yet": empty_views,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("look", [Preferences("paper", "en"), Preferences("lamp", "es", 2.0)], ids=["en", "es-large"])
def test_every_page_is_whole_and_named_for_guests_and_when_there_is_nothing(qapp, tmp_path, state, look):
    with opened(tmp_path, look, shelf=SampleShelf(STATES[state]()), size=(1024, 600)) as (window, _actions):
        for page in PAGES:
            go(window, page)
            assert (cut(window), too_wide(window), nameless(window)) == ([], [], []), page


@pytest.mark.parametrize("look", [Preferences("paper", "en"), Preferences("lamp", "ar", 2.0)], ids=["en", "ar-large"])
def test_every_form_of_the_start_and_every_dialog_is_whole_and_named(qapp, tmp_path, look):
    known = (AccountRow(HILLSIDE, ANA, 3, is_current=True),)
    with opened(tmp_path, look, size=(1024, 600), known=known) as (window, _actions):
        window.open_shelf(None)
        start = window.centralWidget()
        server = ServerFacts("hillside.example", "Hillside Library", registration_is_open=True)
        shows = (
            lambda: None,
            start.show_address,
            lambda: start.show_sign_in(server),
            lambda: start.show_account(server),
            lambda: start.ask_pin(known[0]),
        )
        for show in shows:
            show()
            for form in start._all:
                form._working.show()
            settle()
            assert (cut(window), too_wide(window), nameless(window)) == ([], [], [])
        for dialog in (PinDialog(window), Note(window, "A title", "One thing.\n\nAnother thing.")):
            dialog.show()
            settle()
            assert (cut(dialog), nameless(dialog)) == ([], [])
            dialog.close()
