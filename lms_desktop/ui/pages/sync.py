"""Sync: what waits, what needs attention and why, and how the last syncs went."""

from functools import partial
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QSizePolicy, QWidget

from lms_desktop.store.rows import BadgeState, CommandRow, SyncRow, Topic
from lms_desktop.store.rows import SyncPage as SyncRows
from lms_desktop.ui.actions import Failure, server_of
from lms_desktop.ui.bridge import when_done
from lms_desktop.ui.failures import command_icon, command_words, failure_words, reason_words, sync_words
from lms_desktop.ui.page import Context, ScrolledPage
from lms_desktop.ui.texts import day, moment, number, time_of, tr, tr_n
from lms_desktop.ui.theme import font, look
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, Rule, clear, column, line
from lms_desktop.ui.widgets.flow import Flow
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.paint import text_width
from lms_desktop.ui.widgets.text import Text

TOP = Qt.AlignmentFlag.AlignTop
MOST_ROWS = 50
# Where title and button stand beside each other.
HEAD_PX = 480
# After this long without news the page shows again how things stand.
PATIENCE_MS = 15_000


class SyncPage(ScrolledPage):
    """Nothing here is news to the badge: both read the same store."""

    topics: ClassVar = frozenset({Topic.OUTBOX, Topic.SYNC, Topic.ACCOUNT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._said = Text("", "muted")
        self._now = Button(tr("Sync now"), "sync", Kind.PRIMARY, on_click=self._sync)
        self._needed = column(None)
        self._notice = column(None)
        self._work = column(None)
        self._beside = column(None)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._build()

    def refresh(self) -> None:
        rows, badge = self.context.shelf.views.sync(), self.context.shelf.views.badge()
        self._said.setText(_headline(rows))
        has_server = server_of(rows.place) is not None
        self._now.setEnabled(has_server and badge.state is not BadgeState.SENDING)
        self._now.setToolTip("" if has_server else tr("The sample course has no server"))
        clear(self._needed)
        if badge.state is BadgeState.SIGN_IN:
            self._needed.addWidget(self._sign_in_banner())
            self._needed.addSpacing(20)
        clear(self._work)
        for section in self._sections(rows):
            self._work.addWidget(section)
        self._work.addStretch(1)
        clear(self._beside)
        if rows.last_syncs:
            self._beside.addWidget(_last_syncs(rows.last_syncs))
        self._beside.addWidget(self._export_part(rows))
        self._beside.addStretch(1)

    def _sync(self) -> None:
        """Answer the click at once; the store tells when the server has."""
        place = server_of(self.context.shelf.place)
        self._said.setText(tr("Asking {place} now. You can keep working.", place=place.name if place else ""))
        self._now.setEnabled(False)
        QTimer.singleShot(PATIENCE_MS, self, self.reload)
        self.context.actions.sync_now()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def _build(self) -> None:
        words = column(None, 4)
        words.addWidget(Text(tr("Sync"), "title"))
        words.addWidget(self._said)
        self._head.setSpacing(16)
        self._head.addLayout(words, 1)
        self._head.addWidget(self._now, 0, TOP)
        self.body.addLayout(self._head)
        self.body.addSpacing(16)
        self.body.addLayout(self._needed)
        self.body.addLayout(self._notice)
        self._columns.setSpacing(32)
        self._columns.addLayout(self._work, 632)
        self._columns.addLayout(self._beside, 320)
        self.body.addLayout(self._columns)
        self.body.addStretch(1)

    def _turn(self) -> None:
        margins = self.body.contentsMargins()
        room = self.width() - margins.left() - margins.right()
        is_wide = room >= look().px(720)
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(wanted)
        is_roomy = room >= look().px(HEAD_PX)
        self._head.setDirection(QBoxLayout.Direction.LeftToRight if is_roomy else QBoxLayout.Direction.TopToBottom)

    def _sections(self, rows: SyncRows) -> list[QWidget]:
        made: list[QWidget] = []
        if rows.attention:
            cards = [self._attention_card(row) for row in rows.attention]
            made.append(_section(tr("Needs attention"), len(rows.attention), cards))
        if rows.pending:
            more = rows.pending_total - min(MOST_ROWS, len(rows.pending))
            card = _command_card(rows.pending[:MOST_ROWS], more)
            made.append(_section(tr("Waiting to send"), rows.pending_total, [card]))
        if rows.parked:
            card = _command_card(rows.parked[:MOST_ROWS], len(rows.parked) - MOST_ROWS, waits=True)
            made.append(_section(tr("Kept waiting by the server"), len(rows.parked), [card]))
        return made or [_all_sent(rows, is_guest=self.context.shelf.learner.is_guest)]

    def _sign_in_banner(self) -> Banner:
        place = server_of(self.context.shelf.place)
        told = tr(
            "This laptop is not signed in to {place} any more. Everything you did is saved here, and is sent when you sign in.",  # noqa: E501 - a text stands on one line
            place=place.name if place else "",
        )
        # Here again afterwards, to see it go.
        here = partial(self.context.navigator.show_sign_in, lambda _shelf: None)
        return Banner(
            "attention", tr("Sign in again"), told, [Button(tr("Sign in"), "person", on_click=here)], icon="key"
        )

    def _attention_card(self, row: CommandRow) -> Card:
        card = Card("attention", padding=16)
        body = line(None, 16)
        body.addWidget(IconLabel("warning", 24, "attention"), 0, TOP)
        words = column(None, 4)
        words.addWidget(Text(command_words(row, is_done=False), "strong"))
        words.addWidget(Text(reason_words(row.code)))
        name = self.context.shelf.learner.first_name
        words.addWidget(
            Text(tr("Done {moment}, by {name}", moment=moment(row.made_at, inside=True), name=name), "small")
        )
        words.addSpacing(8)
        buttons = QWidget()
        flow = Flow(buttons)
        again = Button(tr("Try again"), "retry", small=True, on_click=lambda: self.context.actions.try_again(row.id))
        flow.addWidget(again)
        flow.addWidget(Button(tr("Export…"), "upload", small=True, on_click=lambda: self._export(row.id)))
        words.addWidget(buttons)
        body.addLayout(words, 1)
        card.body.addLayout(body)
        return card

    def _export_part(self, rows: SyncRows) -> QWidget:
        part = QWidget()
        body = column(part, 6)
        body.setContentsMargins(0, 24 if rows.last_syncs else 0, 0, 0)
        body.addWidget(Text(tr("No network for a long time?"), "strong"))
        body.addWidget(Text(tr("Put the unsent work on a memory stick and hand it to your teacher."), "muted"))
        body.addSpacing(6)
        button = Button(tr("Export unsent work to a file…"), "upload", on_click=self._export)
        button.setEnabled(bool(rows.pending_total or rows.attention or rows.parked))
        button.setToolTip("" if button.isEnabled() else tr("There is no unsent work"))
        body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return part

    def _export(self, command_id: str | None = None) -> None:
        name, _kind = QFileDialog.getSaveFileName(self, tr("Export unsent work"), "unsent-work.json", "JSON (*.json)")
        if name:
            file = Path(name)
            ended = self.context.actions.export_unsent(file, command_id)
            when_done(self, ended, lambda count: self._say_exported(count, file), self._say_failure)

    def _say_exported(self, count: int, file: Path) -> None:
        words = tr_n("{n} piece of work is in {file}", "{n} pieces of work are in {file}", count, file=file.name)
        self._say(Banner("info", words, tr("It also stays on this laptop until the server has it.")))

    def _say_failure(self, failure: Failure) -> None:
        self._say(Banner("danger", tr("The export did not work"), failure_words(failure)))

    def _say(self, banner: Banner) -> None:
        clear(self._notice)
        self._notice.addWidget(banner)
        self._notice.addSpacing(20)


def _headline(rows: SyncRows) -> str:
    place = server_of(rows.place)
    if place is None:
        return tr("The sample course stays on this laptop. Connect to a server to send your work.")
    if rows.last_ok_at is None:
        return tr("Everything you did is saved on this laptop. {place} has not answered yet.", place=place.name)
    shown = _when(rows.last_ok_at)
    return tr("Everything you did is saved on this laptop. {place} answered {when}.", place=place.name, when=shown)


def _when(ms: int) -> str:
    return tr("at {time}", time=time_of(ms)) if day(ms) == tr("Today") else moment(ms, inside=True)


def _section(title: str, count: int, cards: list[Card]) -> QWidget:
    part = QWidget()
    body = column(part, 8)
    body.setContentsMargins(0, 0, 0, 20)
    head = line(None, 8)
    head.addWidget(Text(title, "heading"))
    head.addWidget(Text(number(count), "muted", wrap=False))
    head.addStretch(1)
    body.addLayout(head)
    for card in cards:
        body.addWidget(card)
    return part


def _command_card(rows: tuple[CommandRow, ...], more: int, *, waits: bool = False) -> Card:
    card = Card(padding=0, spacing=0)
    card.body.setContentsMargins(18, 5, 17, 5)
    for place, row in enumerate(rows):
        if place:
            card.body.addWidget(_inset_rule())
        card.body.addWidget(_command_row(row, waits=waits))
    if more > 0:
        card.body.addWidget(_inset_rule())
        card.body.addWidget(Text(tr_n("and {n} more", "and {n} more", more), "small"))
    return card


def _command_row(row: CommandRow, *, waits: bool) -> QWidget:
    part = QWidget()
    body = line(part, 12)
    body.setContentsMargins(0, 9, 0, 9)
    icon, colour = ("clock", "muted") if waits else (command_icon(row.kind), "accent")
    body.addWidget(IconLabel(icon, 20, colour))
    words = column(None, 0)
    words.addStretch(1)
    words.addWidget(Text(command_words(row), "strong"))
    words.addWidget(Text(reason_words(row.code) if waits else row.course_title or "", "small"))
    words.addStretch(1)
    body.addLayout(words, 1)
    when = day(row.made_at) if waits else moment(row.made_at)
    body.addWidget(Text(when, "small", wrap=False))
    return part


def _inset_rule() -> QWidget:
    part = QWidget()
    body = line(part)
    body.setContentsMargins(32, 0, 0, 0)
    body.addWidget(Rule())
    part.setFixedHeight(1)
    return part


def _last_syncs(rows: tuple[SyncRow, ...]) -> QWidget:
    part = QWidget()
    body = column(part, 8)
    body.addWidget(Text(tr("Last syncs"), "heading"))
    card = Card(padding=0, spacing=0)
    card.body.setContentsMargins(1, 4, 1, 4)
    widths = tuple(
        max(text_width(number(count), font(14)) + 1 for count in counts)
        for counts in ([row.sent for row in rows], [row.received for row in rows])
    )
    for place, row in enumerate(rows):
        if place:
            card.body.addWidget(Rule())
        card.body.addWidget(_sync_row(row, widths))
    body.addWidget(card)
    body.addWidget(_legend())
    part.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return part


def _sync_row(row: SyncRow, widths: tuple[int, ...]) -> QWidget:
    """One sync; the figures of all stand under each other."""
    part = QWidget()
    body = line(part, 16)
    body.setContentsMargins(15, 8, 15, 8)
    words = column(None, 0)
    words.addWidget(Text(moment(row.at), "body"))
    said, role = sync_words(row)
    words.addWidget(Text(said, role))
    body.addLayout(words, 1)
    up = tr_n("{n} sent", "{n} sent", row.sent)
    down = tr_n("{n} received", "{n} received", row.received)
    shown = (("arrow-up", row.sent, up), ("arrow-down", row.received, down))
    for (icon, count, spoken), width in zip(shown, widths, strict=True):
        pair = line(None, 4)
        pair.addWidget(IconLabel(icon, 16, "muted"))
        figure = Text(number(count), "body", wrap=False, place="end")
        figure.setMinimumWidth(width)
        figure.setAccessibleName(spoken)
        pair.addWidget(figure)
        body.addLayout(pair)
    return part


def _legend() -> QWidget:
    part = QWidget()
    body = line(part, 4)
    for icon, words in (("arrow-up", tr("sent")), ("arrow-down", tr("received"))):
        body.addWidget(IconLabel(icon, 16, "muted"))
        body.addWidget(Text(words, "small", wrap=False))
        body.addSpacing(12)
    body.addStretch(1)
    return part


def _all_sent(rows: SyncRows, *, is_guest: bool) -> Card:
    card = Card()
    sentence = tr("What you do next is saved here first and sent when there is a network.")
    if is_guest:
        sentence = tr("Sign in, and what you do is saved here first and sent when there is a network.")
        card.body.addWidget(EmptyState("person", tr("Nobody is signed in"), sentence))
    elif rows.last_ok_at is None:
        card.body.addWidget(EmptyState("laptop", tr("Nothing to send yet"), sentence))
    else:
        card.body.addWidget(EmptyState("cloud-check", tr("All work sent"), sentence))
    return card
