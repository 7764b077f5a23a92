"""A PIN is a curtain: asked for wherever a shelf is opened, kept as a hash only, given up for the password."""

import pytest
from PySide6.QtGui import QShortcut

from lms_desktop.store.rows import AccountRow
from lms_desktop.ui.actions import Failure
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.pages.start_pin import PinDialog
from lms_desktop.ui.pin import Pins, fits, hashed
from lms_desktop.ui.preferences import PreferenceFile, Preferences
from lms_desktop.ui.window import Route
from tests.ui.samples import ANA, HILLSIDE, LEILA, SampleShelf, SampleViews
from tests.ui.windows import go, opened, settle

PIN = "4711"
KNOWN = (AccountRow(HILLSIDE, ANA, 3, is_current=True), AccountRow(HILLSIDE, LEILA, 12, is_current=False))


@pytest.fixture(scope="module")
def made():
    return hashed(PIN)


def keep(window, learner, made):
    Pins(window._preferences).keep(HILLSIDE, learner, made)


def start_of(window):
    page = window.centralWidget()
    assert isinstance(page, StartPage)
    return page


def type_pin(window, qtbot, pin):
    form = start_of(window)._pin
    form.field.edit.setText(pin)
    form.primary.click()
    qtbot.waitUntil(form.primary.isEnabled)
    settle()


def test_only_a_salted_hash_is_kept(made):
    assert PIN not in made
    assert made != hashed(PIN)
    assert fits(PIN, made)
    assert not fits("4712", made)
    assert not fits(PIN, "")
    assert not fits(PIN, "scrypt:broken")


def test_the_same_number_may_be_typed_in_other_figures(made):
    assert fits("٤٧١١", made)


def test_a_shelf_with_a_pin_is_not_shown_to_whoever_starts_the_app(qapp, tmp_path, qtbot, made):
    preferences = PreferenceFile(tmp_path / "window.ini")
    Pins(preferences).keep(HILLSIDE, ANA, made)
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf, known=KNOWN) as (window, actions):
        actions.shelf = shelf
        assert start_of(window)._pin.isVisible()
        for key in window.findChildren(QShortcut):
            if key.key().toString().startswith("Ctrl+") or key.key().toString() == "F5":
                key.activated.emit()
        assert start_of(window)._pin.isVisible()
        type_pin(window, qtbot, "0000")
        assert start_of(window)._pin.field.message() == "This is not the PIN. Try again."
        form = start_of(window)._pin
        form.field.edit.setText(PIN)
        form.primary.click()
        qtbot.waitUntil(lambda: not isinstance(window.centralWidget(), StartPage))
        assert window.route() == Route("learn")


def test_another_language_lifts_no_curtain(qapp, tmp_path, made):
    preferences = PreferenceFile(tmp_path / "window.ini")
    Pins(preferences).keep(HILLSIDE, ANA, made)
    with opened(tmp_path, shelf=SampleShelf(), known=KNOWN) as (window, _actions):
        start_of(window).language_chosen.emit("es")
        settle()
        assert start_of(window)._pin.isVisible()
        assert not start_of(window).can_return


def test_another_language_leaves_a_locked_window_locked(qapp, tmp_path):
    with opened(tmp_path, known=KNOWN) as (window, _actions):
        window._entrance.lock()
        start_of(window).language_chosen.emit("es")
        settle()
        assert start_of(window)._who.isVisible()
        assert not start_of(window).can_return


def test_switching_to_a_learner_with_a_pin_asks_for_it_and_can_be_left(qapp, tmp_path, qtbot, made):
    with opened(tmp_path, known=KNOWN) as (window, actions):
        go(window, "sync")
        keep(window, LEILA, made)
        window._sidebar.account_chosen.emit(KNOWN[1])
        settle()
        assert ("switch_to", KNOWN[1]) not in actions.asked
        start_of(window)._pin.returned.emit()
        settle()
        assert window.route() == Route("sync")
        window._sidebar.account_chosen.emit(KNOWN[1])
        start_of(window)._pin.field.edit.setText(PIN)
        start_of(window)._pin.primary.click()
        qtbot.waitUntil(lambda: ("switch_to", KNOWN[1]) in actions.asked)


def test_an_idle_laptop_asks_for_the_pin_of_the_learner_who_is_chosen(qapp, tmp_path, made):
    with opened(tmp_path, known=KNOWN) as (window, actions):
        keep(window, ANA, made)
        window._entrance.lock()
        settle()
        start_of(window)._who.buttons[0].click()
        settle()
        assert start_of(window)._pin.isVisible()
        assert actions.asked == []
        start_of(window)._pin.returned.emit()
        settle()
        assert start_of(window)._who.isVisible()


def test_a_forgotten_pin_gives_way_to_the_password(qapp, tmp_path, qtbot, made):
    shelf = SampleShelf()
    with opened(tmp_path, shelf=shelf, known=KNOWN) as (window, actions):
        actions.shelf = shelf
        keep(window, ANA, made)
        window._entrance.lock()
        start = start_of(window)
        start._who.buttons[0].click()
        start._pin._forget()
        start._address.primary.click()
        settle()
        assert start._sign_in.email.text() == ANA.email
        start._sign_in.password.edit.setText("wrong")
        actions.failure = Failure.BAD_CREDENTIALS
        start._sign_in.primary.click()
        settle()
        assert Pins(window._preferences).kept(HILLSIDE, ANA) == made
        actions.failure = None
        start._sign_in.primary.click()
        settle()
        assert Pins(window._preferences).kept(HILLSIDE, ANA) == ""
        assert not isinstance(window.centralWidget(), StartPage)


def test_another_learners_password_opens_nobody_elses_pin(qapp, tmp_path, made):
    other = SampleShelf(SampleViews(who=LEILA))
    with opened(tmp_path, known=KNOWN) as (window, actions):
        actions.shelf = other
        keep(window, ANA, made)
        window._entrance.lock()
        start = start_of(window)
        start._sign_in_instead(KNOWN[0])
        start._sign_in.password.edit.setText("a password for Leila")
        start._sign_in.primary.click()
        settle()
        assert Pins(window._preferences).kept(HILLSIDE, ANA) == made


def test_a_pin_is_set_by_typing_it_twice(qapp, tmp_path, qtbot):
    with opened(tmp_path) as (window, _actions):
        dialog = PinDialog(window)
        dialog.open()
        for first, second, told in (("47", "47", dialog.first), (PIN, "4712", dialog.second)):
            dialog.first.edit.setText(first)
            dialog.second.edit.setText(second)
            dialog.save.click()
            assert told.message()
            assert dialog.isVisible()
        dialog.second.edit.setText(PIN)
        dialog.save.click()
        qtbot.waitUntil(lambda: not dialog.isVisible())
        assert fits(PIN, dialog.made)


def test_settings_say_that_it_is_a_curtain_and_take_it_away(qapp, tmp_path, made):
    with opened(tmp_path, Preferences(theme="paper", language="en")) as (window, _actions):
        go(window, "settings")
        page = window._stack.currentWidget()
        page._keep_pin(made)
        assert Pins(window._preferences).kept(HILLSIDE, ANA) == made
        page._remove_pin()
        assert Pins(window._preferences).kept(HILLSIDE, ANA) == ""
