"""What the sync badge says in each state, and that it never says what is not so."""

from dataclasses import replace

import pytest

from lms_desktop.store.rows import Badge, BadgeState
from lms_desktop.ui import texts
from lms_desktop.ui.widgets.badge import SyncBadge, badge_words

NOW = 1_764_000_000_000


def badge(state: BadgeState, **changes) -> Badge:
    return replace(Badge(state, pending=3, attention=1, sending=2, last_ok_at=NOW, retry_at=NOW), **changes)


SAID = [
    (badge(BadgeState.SENT, pending=0, last_ok_at=NOW - 120_000), "All work sent", "2 minutes ago"),
    (badge(BadgeState.SENT, last_ok_at=None), "All work sent", "Nothing to send yet"),
    (badge(BadgeState.SAVED), "Saved on this laptop", "3 to send"),
    (badge(BadgeState.SENDING), "Sending 2 of 3", "Keep working"),
    (badge(BadgeState.OFFLINE), "Offline", "Everything is saved here"),
    (badge(BadgeState.ATTENTION), "1 needs attention", "3 more to send"),
    (badge(BadgeState.ATTENTION, attention=2, pending=0), "2 need attention", "Everything else is sent"),
    (badge(BadgeState.SIGN_IN, pending=12), "Sign in again", "to send 12"),
    (badge(BadgeState.SIGN_IN, pending=0), "Sign in again", "Everything is saved here"),
    (badge(BadgeState.TROUBLE, retry_at=None), "The server is in trouble", "Everything is saved here"),
]
SHOWN = {
    BadgeState.SENT: ("cloud-check", "success"),
    BadgeState.SAVED: ("laptop-up", "accent"),
    BadgeState.SENDING: ("sync", "accent"),
    BadgeState.OFFLINE: ("cloud-off", "muted"),
    BadgeState.ATTENTION: ("warning", "attention"),
    BadgeState.SIGN_IN: ("key", "attention"),
    BadgeState.TROUBLE: ("warning", "danger"),
}


@pytest.mark.parametrize(("row", "first", "second"), SAID)
def test_each_state_has_its_words_icon_and_colour(row, first, second):
    words = badge_words(row, NOW)
    assert (words.first, words.second) == (first, second)
    assert (words.icon, words.colour) == SHOWN[row.state]


def test_trouble_tells_when_it_tries_again():
    assert badge_words(badge(BadgeState.TROUBLE), NOW).second == f"Saved here, trying again at {texts.time_of(NOW)}"


def test_states_stand_in_the_order_of_precedence():
    assert [state.value for state in BadgeState] == [
        "sign_in", "attention", "trouble", "sending", "offline", "saved", "sent",
    ]  # fmt: skip


def test_states_differ_in_more_than_colour():
    shown = [badge_words(badge(state), NOW) for state in BadgeState]
    assert len({words.first for words in shown}) == len(shown)
    assert len({(words.icon, words.first) for words in shown}) == len(shown)


def test_the_badge_speaks_and_grows_rather_than_cut(qtbot):
    widget = SyncBadge()
    qtbot.addWidget(widget)
    widget.show_words(badge_words(badge(BadgeState.SAVED), NOW))
    short = widget.heightForWidth(191)
    widget.show_words(badge_words(badge(BadgeState.TROUBLE), NOW))
    assert widget.accessibleName().startswith("The server is in trouble. Saved here, trying again at ")
    assert widget.heightForWidth(191) > short
