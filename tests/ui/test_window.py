"""Going about the window: pages, keys, learners, sign-in and back to the same place."""

from concurrent.futures import Future
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from lms_desktop.store.rows import AccountRow, Badge, BadgeState, Topic
from lms_desktop.ui import entrance
from lms_desktop.ui.actions import Failure, ServerFacts
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.preferences import Preferences
from lms_desktop.ui.theme import tokens
from lms_desktop.ui.widgets.banner import Banner
from lms_desktop.ui.widgets.button import Button
from lms_desktop.ui.widgets.course import ContinueCard
from lms_desktop.ui.widgets.ring import _Ring
from lms_desktop.ui.window import Route
from tests.ui.samples import ANA, GUEST, HILLSIDE, LEILA, SampleShelf, SampleViews
from tests.ui.windows import go, opened, settle


def press(window, key):
    """Do what a shortcut does."""
    shortcuts = {shortcut.key().toString(): shortcut for shortcut in window.findChildren(QShortcut)}
    shortcuts[key].activated.emit()
    settle()


def shown_page(window):
    return window._stack.currentWidget()


def guest_shelf():
    return SampleShelf(SampleViews(who=GUEST, going_on=None, courses=(), account_rows=()))


def test_numbers_open_the_five_pages(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        for number, name in enumerate(("learn", "catalog", "downloads", "certificates", "sync"), start=1):
            press(window, f"Ctrl+{number}")
            assert window.route() == Route(name)
            assert window._sidebar.items[name].isChecked()


def test_f5_syncs_and_the_badge_opens_sync(qapp, tmp_path):
    with opened(tmp_path) as (window, actions):
        press(window, "F5")
        assert ("sync_now",) in actions.asked
        window._sidebar.badge.click()
        assert window.route() == Route("sync")


def test_sync_now_answers_at_once_and_again_when_the_server_has(qapp, tmp_path, qtbot):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf) as (window, actions):
        go(window, "sync")
        page = shown_page(window)
        page._now.click()
        assert page._said.text() == "Asking Hillside Library now. You can keep working."
        assert not page._now.isEnabled()
        assert ("sync_now",) in actions.asked
        shelf.tell(Topic.SYNC)
        qtbot.waitUntil(page._now.isEnabled)
        assert page._said.text().startswith("Everything you did is saved on this laptop.")


def test_back_returns_to_where_one_came_from(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "sync")
        go(window, "downloads")
        go(window, "settings")
        window.back()
        assert window.route() == Route("downloads")
        window.back()
        window.back()
        assert window.route() == Route("learn")


def test_lessons_of_a_course_are_one_step_back(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        window.show_course("18")
        for uid in ("l-6", "l-7", "l-8"):
            window.show_lesson(uid)
        window.back()
        assert window.route() == Route("course", "18")
        assert window._sidebar.items["learn"].isChecked()


def test_text_size_follows_the_keys_and_is_kept(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        before = window._sidebar.width()
        press(window, "Ctrl++")
        assert window._preferences.read().scale == pytest.approx(1.1)
        assert window._sidebar.width() > before
        press(window, "Ctrl+0")
        assert window._preferences.read().scale == pytest.approx(1.0)
        assert window._sidebar.width() == before


def test_a_theme_is_shown_at_once_and_a_language_builds_the_pages_again(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "sync")
        window.choose(replace(window._preferences.read(), theme="lamp"))
        assert tokens().name == "lamp"
        window.choose(replace(window._preferences.read(), language="ar"))
        settle()
        assert window.route() == Route("sync")
        assert window._sidebar.items["sync"].text() == "المزامنة"
        assert window.layoutDirection() is Qt.LayoutDirection.RightToLeft
        window.choose(Preferences(theme="paper", language="en"))
        assert window._sidebar.items["sync"].text() == "Sync"


def test_the_badge_follows_the_store(qapp, tmp_path):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf) as (window, _actions):
        shelf.views.badge_row = Badge(BadgeState.OFFLINE, 3, 0, 0, None, None)
        shelf.tell(Topic.SYNC)
        settle()
        assert window._sidebar.badge.words().first == "Offline"


def test_a_page_that_is_not_seen_reads_only_when_it_is(qapp, tmp_path, qtbot):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf) as (window, _actions):
        go(window, "sync")
        reads = []
        learn, shelf.views.learn = shelf.views.learn, lambda: reads.append(1) or learn()
        shelf.tell(Topic.PROGRESS)
        shelf.tell(Topic.PROGRESS)
        assert reads == []
        go(window, "learn")
        assert reads == [1]
        shelf.tell(Topic.PROGRESS)
        shelf.tell(Topic.PROGRESS)
        qtbot.waitUntil(lambda: reads == [1, 1])


def test_a_guest_signs_in_and_comes_back_to_the_same_place_and_deed(qapp, tmp_path, qtbot):
    mine = SampleShelf()
    with opened(tmp_path, shelf=guest_shelf()) as (window, actions):
        actions.shelf = mine
        window.show_course("0")
        done = []
        window.show_sign_in(done.append)
        start = window.centralWidget()
        assert isinstance(start, StartPage)
        start._address.field.edit.setText("hillside.example")
        start._address.primary.click()
        settle()
        start._sign_in.email.edit.setText("ana@hillside.example")
        start._sign_in.password.edit.setText("a good password")
        start._sign_in.primary.click()
        settle()
        assert window.route() == Route("course", "0")
        assert done == [mine]
        assert ("sign_in", "hillside.example", "ana@hillside.example", "a good password") in actions.asked
        assert actions.asked[-1][0] == "put_back"


def test_who_has_to_sign_in_again_does_so_from_the_sync_page(qapp, tmp_path):
    views = SampleViews(badge_row=Badge(BadgeState.SIGN_IN, 12, 0, 0, None, None))
    with opened(tmp_path, shelf=SampleShelf(views)) as (window, actions):
        go(window, "sync")
        banner = next(part for part in window.findChildren(Banner) if part.isVisible())
        banner.findChild(Button).click()
        settle()
        start = window.centralWidget()
        start._address.primary.click()
        settle()
        assert start._sign_in.email.text() == ANA.email
        actions.shelf = SampleShelf()
        start._sign_in.password.edit.setText("a good password")
        start._sign_in.primary.click()
        settle()
        assert window.route() == Route("sync")
        assert not [part for part in window.findChildren(Banner) if part.isVisible()]


def test_a_wrong_password_is_told_beside_the_field(qapp, tmp_path):
    with opened(tmp_path, shelf=guest_shelf()) as (window, actions):
        window.show_sign_in()
        start = window.centralWidget()
        start._address.field.edit.setText("hillside.example")
        start._address.primary.click()
        settle()
        actions.failure = Failure.BAD_CREDENTIALS
        start._sign_in.email.edit.setText("ana@hillside.example")
        start._sign_in.password.edit.setText("wrong")
        start._sign_in.primary.click()
        settle()
        assert "password is not right" in start._sign_in.password.message()
        assert start._sign_in.primary.isEnabled()


def sign_in_that_waits(window, actions, qtbot):
    """Ask a server that takes its time; the answer is in the future that is returned."""
    answer = Future()
    actions.sign_in = lambda *_given: answer
    window.show_sign_in()
    start = window.centralWidget()
    start.show_sign_in(ServerFacts("hillside.example", "Hillside Library", registration_is_open=True))
    form = start._sign_in
    form._patience.setInterval(1)
    form.email.edit.setText("ana@hillside.example")
    form.password.edit.setText("a good password")
    form.primary.click()
    qtbot.waitUntil(form._working.isVisible)
    return form, answer


def test_who_waits_is_told_for_whom_and_may_stop(qapp, tmp_path, qtbot):
    with opened(tmp_path, shelf=guest_shelf()) as (window, actions):
        form, answer = sign_in_that_waits(window, actions, qtbot)
        assert form._working.words.text() == "Asking Hillside Library"
        assert not form.primary.isEnabled()
        form._working.findChild(QAbstractButton).click()
        assert form.primary.isEnabled()
        assert not form._working.isVisible()
        late = SampleShelf()
        answer.set_result(late)
        qtbot.waitUntil(lambda: ("put_back", late) in actions.asked)
        assert isinstance(window.centralWidget(), StartPage)


def test_a_shelf_that_comes_after_the_page_was_left_is_put_back(qapp, tmp_path, qtbot):
    with opened(tmp_path, shelf=guest_shelf()) as (window, actions):
        _form, answer = sign_in_that_waits(window, actions, qtbot)
        window._entrance.returned.emit()
        settle()
        late = SampleShelf()
        answer.set_result(late)
        qtbot.waitUntil(lambda: ("put_back", late) in actions.asked)
        assert window._shelf is not late


def test_an_address_that_nobody_answers_says_so(qapp, tmp_path):
    with opened(tmp_path) as (window, actions):
        window.open_shelf(None)
        start = window.centralWidget()
        actions.failure = Failure.OFFLINE
        start._address.field.edit.setText("hilside.example")
        start._address.primary.click()
        settle()
        assert start._address.field.message().startswith("No server answers")
        assert start._address.primary.isEnabled()


def test_going_back_from_sign_in_changes_nothing(qapp, tmp_path):
    with opened(tmp_path, shelf=guest_shelf()) as (window, _actions):
        go(window, "downloads")
        window.show_sign_in(lambda _shelf: pytest.fail("nobody signed in"))
        window.centralWidget()._address.returned.emit()
        settle()
        assert window.route() == Route("downloads")
        assert not isinstance(window.centralWidget(), StartPage)


def test_learners_switch_in_two_clicks_and_each_count_is_shown(qapp, tmp_path):
    with opened(tmp_path) as (window, actions):
        menu = window._sidebar.learner_menu()
        entries = {action.text(): action for action in menu.actions() if action.text()}
        assert any("Ana Moreno" in text and "3 to send" in text for text in entries)
        leila = next(action for text, action in entries.items() if LEILA.name in text)
        assert "12 to send" in leila.text()
        leila.trigger()
        settle()
        assert actions.asked[-2][0] == "switch_to"
        assert actions.asked[-2][1].learner == LEILA


def test_after_a_sign_out_the_learners_of_this_laptop_are_one_click_away(qapp, tmp_path):
    with opened(tmp_path) as (window, actions):
        actions.known = (
            AccountRow(HILLSIDE, ANA, 3, is_current=False),
            AccountRow(HILLSIDE, LEILA, 0, is_current=False),
        )
        window.open_shelf(None)
        settle()
        who = window.centralWidget()._who
        assert [button.accessibleName() for button in who.buttons] == [
            "Ana Moreno. Hillside Library\u00a0\u00a0·\u20023 to send",
            "ليلى حداد. Hillside Library",
        ]
        who.buttons[1].click()
        settle()
        assert ("switch_to", actions.known[1]) in actions.asked
        assert not isinstance(window.centralWidget(), StartPage)


@pytest.mark.parametrize("answer", [True, False])
def test_signing_out_with_unsent_work_warns_first(qapp, tmp_path, monkeypatch, answer):
    said = []

    class Asked:
        def __init__(self, _parent, _title, sentence, _yes):
            said.append(sentence)

        def ask(self):
            return answer

    monkeypatch.setattr(entrance, "Question", Asked)
    with opened(tmp_path) as (window, actions):
        window._sidebar.sign_out_chosen.emit()
        settle()
        assert said[0].startswith("4 pieces of work are not sent yet.")
        assert (("sign_out",) in actions.asked) is answer
        assert isinstance(window.centralWidget(), StartPage) is answer


def test_an_idle_laptop_asks_who_is_learning_and_the_same_learner_comes_back_to_the_same_place(qapp, tmp_path, qtbot):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf) as (window, actions):
        actions.shelf = shelf
        actions.known = (AccountRow(HILLSIDE, ANA, 3, is_current=True),)
        go(window, "sync")
        window._idle._timer.setInterval(20)
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
        qtbot.waitUntil(lambda: isinstance(window.centralWidget(), StartPage))
        window.centralWidget()._who.buttons[0].click()
        settle()
        assert window.route() == Route("sync")
        assert not isinstance(window.centralWidget(), StartPage)


def test_while_nobody_is_chosen_keys_clocks_and_news_reach_no_page(qapp, tmp_path, qtbot):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf) as (window, actions), qtbot.captureExceptions() as caught:
        go(window, "sync")
        actions.known = (AccountRow(HILLSIDE, ANA, 3, is_current=True),)
        for leave in (window._entrance.lock, window.show_sign_in):
            leave()
            settle()
            for key in ("Ctrl+1", "Ctrl+5", "Ctrl+K", "Ctrl++", "F5"):
                press(window, key)
            window._tell_the_time()
            shelf.tell(*Topic)
            settle()
            assert isinstance(window.centralWidget(), StartPage)
            window._entrance.returned.emit()
            settle()
            assert window.route() == Route("sync")
    assert caught == []


def test_the_sidebar_follows_a_course_that_was_taken_up(qapp, tmp_path, qtbot):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf) as (window, _actions):
        go(window, "catalog")
        window.show_course("0")
        assert window._sidebar.items["catalog"].isChecked()
        rows = (replace(row, is_enrolled=True) for row in shelf.views.catalog_courses)
        shelf.views.catalog_courses = tuple(rows)
        shelf.tell(Topic.ENROLLMENTS)
        qtbot.waitUntil(window._sidebar.items["learn"].isChecked)


def ringed(window):
    """Parts that are shown as if the keyboard had gone to them."""
    rings = [ring for ring in window.findChildren(_Ring) if ring.isVisible()]
    return rings + [item for item in window._sidebar.items.values() if item._shows_focus]


def test_what_a_click_made_anew_leaves_no_ring_behind(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "settings")
        chip = next(part for part in shown_page(window).findChildren(Button) if part.words() == "80\u00a0%")
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
        shown_page(window).reload()
        settle()
        assert ringed(window) == []


def test_tab_goes_on_into_the_page_that_was_opened(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "learn")
        window.findChild(ContinueCard).setFocus(Qt.FocusReason.TabFocusReason)
        go(window, "sync")
        window.focusNextChild()
        assert window._stack.currentWidget().isAncestorOf(QApplication.focusWidget())


def test_a_laptop_of_one_learner_is_never_locked_by_itself(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        assert not window._idle._timer.isActive()
        window.choose(replace(window._preferences.read(), lock_minutes=5))
        assert window._idle._timer.isActive()
        assert window._preferences.read().lock_minutes == 5


def test_a_certificate_that_came_is_counted_until_its_page_was_open(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        item = window._sidebar.items["certificates"]
        assert item.accessibleName() == "Certificates, 2 new"
        window.show_certificates()
        assert item.accessibleName() == "Certificates"
        window.show_learn()
        assert item.accessibleName() == "Certificates"


def test_window_state_is_kept(qapp, tmp_path):
    with opened(tmp_path, size=(1100, 700)) as (window, _actions):
        preferences = window._preferences
    assert not preferences.window_state().isEmpty()


def test_every_control_can_be_reached_by_tab(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "sync")
        wanted = {
            button for button in window.findChildren(QAbstractButton) if button.isVisible() and button.isEnabled()
        }
        reached = set()
        window._sidebar.items["sync"].setFocus(Qt.FocusReason.TabFocusReason)
        for _step in range(60):
            reached.add(QApplication.focusWidget())
            window.focusNextChild()
        assert {button.accessibleName() for button in wanted - reached} == set()
