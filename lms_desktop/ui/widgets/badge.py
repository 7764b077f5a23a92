"""The sync badge: the truth about the learner's work in words, always visible."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.store.rows import Badge, BadgeState
from lms_desktop.ui import icons
from lms_desktop.ui.texts import ago, time_of, tr, tr_n
from lms_desktop.ui.theme import STRONG, font, look, tokens
from lms_desktop.ui.widgets.enter import EnterButton
from lms_desktop.ui.widgets.paint import Frame, draw_text, rounded, text_height
from lms_desktop.ui.widgets.ring import note_focus

INSET = 11
LINES = 3


@dataclass(frozen=True, slots=True)
class BadgeWords:
    """What a badge shows; ``colour`` names a token."""

    icon: str
    colour: str
    first: str
    second: str


def badge_words(badge: Badge, now: int | None = None) -> BadgeWords:
    """The words of a state; they agree with the Sync page to the unit."""
    ways: dict[BadgeState, Callable[[Badge], BadgeWords]] = {
        BadgeState.SIGN_IN: _sign_in,
        BadgeState.ATTENTION: _attention,
        BadgeState.TROUBLE: _trouble,
        BadgeState.SENDING: _sending,
        BadgeState.OFFLINE: _offline,
        BadgeState.SAVED: _saved,
        BadgeState.SENT: partial(_sent, now=now),
    }
    return ways[badge.state](badge)


def guest_words() -> BadgeWords:
    """What the badge says while nobody is signed in: there is nothing to send."""
    return BadgeWords("person", "muted", tr("Looking around"), tr("Sign in to keep your progress"))


def _sign_in(badge: Badge) -> BadgeWords:
    second = tr_n("to send {n}", "to send {n}", badge.pending) if badge.pending else tr("Everything is saved here")
    return BadgeWords("key", "attention", tr("Sign in again"), second)


def _attention(badge: Badge) -> BadgeWords:
    first = tr_n("{n} needs attention", "{n} need attention", badge.attention)
    more = tr_n("{n} more to send", "{n} more to send", badge.pending)
    return BadgeWords("warning", "attention", first, more if badge.pending else tr("Everything else is sent"))


def _trouble(badge: Badge) -> BadgeWords:
    second = tr("Everything is saved here")
    if badge.retry_at is not None:
        second = tr("Saved here, trying again at {time}", time=time_of(badge.retry_at))
    return BadgeWords("warning", "danger", tr("The server is in trouble"), second)


def _sending(badge: Badge) -> BadgeWords:
    first = tr("Asking the server")
    if badge.sending:
        first = tr("Sending {n} of {total}", n=badge.sending, total=max(badge.pending, badge.sending))
    return BadgeWords("sync", "accent", first, tr("Keep working"))


def _offline(_badge: Badge) -> BadgeWords:
    return BadgeWords("cloud-off", "muted", tr("Offline"), tr("Everything is saved here"))


def _saved(badge: Badge) -> BadgeWords:
    second = tr_n("{n} to send", "{n} to send", badge.pending) if badge.pending else tr("Nothing to send yet")
    return BadgeWords("laptop-up", "accent", tr("Saved on this laptop"), second)


def _sent(badge: Badge, now: int | None) -> BadgeWords:
    since = tr("Nothing to send yet") if badge.last_ok_at is None else ago(badge.last_ok_at, now)
    return BadgeWords("cloud-check", "success", tr("All work sent"), since)


class SyncBadge(EnterButton):
    """The badge at the foot of the sidebar; a button that opens the Sync page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = BadgeWords("cloud-check", "success", "", "")
        self.setProperty("ring", 8)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_words(self, words: BadgeWords) -> None:
        """Say something; it is the badge's name as well."""
        self._words = words
        self.setAccessibleName(f"{words.first}. {words.second}")
        self.setToolTip(tr("Open Sync"))
        self.updateGeometry()
        self.update()

    def words(self) -> BadgeWords:
        return self._words

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        room = self._room(width)
        first = text_height(self._words.first, font(14, STRONG), room, LINES)
        second = text_height(self._words.second, font(12), room, LINES)
        return max(56, first + second + 18)

    def sizeHint(self) -> QSize:
        width = max(120, self.width())
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(120, self.width())))

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = t.background if self.isDown() else t.raised if self.underMouse() else t.surface
        rounded(painter, self.rect(), QColor(ground), QColor(t.border), 8)
        frame = Frame(self.rect(), self.layoutDirection())
        side = look().px(20)
        icon = frame.rect(INSET, 9, side, side)
        icons.draw(painter, self._words.icon, icon, QColor(getattr(t, self._words.colour)), self.layoutDirection())
        self._draw_words(painter, frame)

    def _draw_words(self, painter: QPainter, frame: Frame) -> None:
        room = self._room(self.width())
        start = self.width() - INSET - room
        first = frame.rect(start, 9, room, self.height())
        taken = draw_text(
            painter,
            self._words.first,
            first,
            font(14, STRONG),
            QColor(tokens().text),
            self.layoutDirection(),
            LINES,
        )
        second = frame.rect(start, 9 + taken, room, self.height())
        muted = QColor(tokens().muted)
        draw_text(painter, self._words.second, second, font(12), muted, self.layoutDirection(), LINES)

    def _room(self, width: int) -> int:
        return width - INSET - look().px(20) - 8 - INSET
