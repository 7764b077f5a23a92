"""Downloads: what is on this laptop, what is on its way, and the room that is left."""

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QApplication, QWidget

from lms_desktop.store.rows import CourseRow, DownloadRow, Topic
from lms_desktop.ui.page import Context, ScrolledPage
from lms_desktop.ui.pages.downloads_room import Room
from lms_desktop.ui.pages.folder_risk import warning
from lms_desktop.ui.pages.nothing_yet import empty_card
from lms_desktop.ui.texts import facts, left, part_of, percent, size, tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.bar import BarState, ProgressBar
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, clear, column, line
from lms_desktop.ui.widgets.cover import Cover, art
from lms_desktop.ui.widgets.dialog import Question
from lms_desktop.ui.widgets.flow import Flow
from lms_desktop.ui.widgets.text import ElidedText, Text

MIDDLE = Qt.AlignmentFlag.AlignVCenter
COVER_SIZE = QSize(56, 72)


class DownloadsPage(ScrolledPage):
    """One card a course."""

    topics: ClassVar = frozenset({Topic.DOWNLOADS, Topic.CATALOG, Topic.ENROLLMENTS, Topic.ACCOUNT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._room = Room(self._fetch_all)
        self._warned = column(None, 0)
        self._shown = column(None, 10)
        self._shape: tuple[list[tuple[CourseRow, str, bool]], bool] | None = None
        self._going: dict[str, Going] = {}
        self.body.addWidget(Text(tr("Downloads"), "title"))
        self.body.addSpacing(4)
        self.body.addWidget(self._room)
        self.body.addSpacing(20)
        self.body.addLayout(self._warned)
        self.body.addLayout(self._shown)
        self.body.addStretch(1)

    def refresh(self) -> None:
        rows = self.context.shelf.views.downloads()
        for row in rows:
            if row.course.uid in self._going:
                self._going[row.course.uid].show_row(row)
        shape = [(row.course, row.state, row.bytes_done > 0) for row in rows]
        has_come = bool(rows) or self.context.shelf.views.has_courses()
        if (shape, has_come) == self._shape:
            return
        self._shape = shape, has_come
        self._room.show_rows(rows, self.context.shelf.views.room_taken(), self.context.actions.free_bytes())
        self._warn()
        focused = QApplication.focusWidget()
        name = focused.accessibleName() if focused is not None and self.isAncestorOf(focused) else ""
        self._show_cards(rows)
        self._give_back_focus(name)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._shape = None
            self.reload()

    def _warn(self) -> None:
        """The banner goes only when its reason does."""
        clear(self._warned)
        risk = self.context.shelf.views.risk()
        if risk is not None:
            self._warned.addWidget(warning(risk))
            self._warned.addSpacing(16)

    def _show_cards(self, rows: Sequence[DownloadRow]) -> None:
        """What is here or on its way, then what could be."""
        clear(self._shown)
        self._going = {}
        wanted = [row for row in rows if row.state != "none" or row.bytes_done > 0]
        offered = [row for row in rows if row not in wanted]
        if not wanted:
            self._shown.addWidget(self._empty())
        for row in wanted:
            self._shown.addWidget(self._card(row))
        if offered:
            self._shown.addSpacing(18)
            self._shown.addWidget(Text(tr("Not on this laptop"), "section"))
        for row in offered:
            self._shown.addWidget(self._card(row))

    def _fetch_all(self, uids: Sequence[str]) -> None:
        for uid in uids:
            self.context.actions.download(uid)

    def _give_back_focus(self, name: str) -> None:
        """Cards are made anew when their buttons change; the keyboard stays on the button of the same name."""
        for button in self.findChildren(Button):
            if name and button.accessibleName() == name and not button.isHidden():
                button.setFocus()
                return

    def _card(self, row: DownloadRow) -> Card:
        card = Card(padding=16)
        body = line(None, 16)
        body.addWidget(self._cover(row.course), 0, MIDDLE)
        words = column(None, 4)
        words.addStretch(1)
        words.addWidget(ElidedText(row.course.title, "heading"))
        self._going[row.course.uid] = Going(row)
        words.addWidget(self._going[row.course.uid])
        words.addStretch(1)
        body.addLayout(words, 1)
        if look().is_large:
            under = QWidget()
            flow = Flow(under)
            words.insertWidget(words.count() - 1, under)
            for button in self._buttons(row):
                flow.addWidget(button)
        else:
            for button in self._buttons(row):
                body.addWidget(button, 0, MIDDLE)
        card.body.addLayout(body)
        return card

    def _cover(self, course: CourseRow) -> Cover:
        picture = self.context.shelf.blob(course.cover) if course.cover else None
        return Cover(art(course, picture), COVER_SIZE, 4)

    def _buttons(self, row: DownloadRow) -> list[Button]:
        uid, do = row.course.uid, self.context.actions
        pause = Button(tr("Pause"), "pause", small=True, on_click=lambda: do.pause_download(uid))
        resume = Button(tr("Resume"), "play", small=True, on_click=lambda: do.download(uid))
        again = Button(tr("Try again"), "retry", small=True, on_click=lambda: do.download(uid))
        cancel = Button(tr("Cancel"), kind=Kind.QUIET, small=True, on_click=lambda: do.cancel_download(uid))
        start = Button(tr("Download"), "download", small=True, on_click=lambda: do.download(uid))
        shown = Button(tr("Open"), kind=Kind.QUIET, small=True, on_click=lambda: self._open(uid))
        remove = Button(tr("Remove…"), "trash", small=True, on_click=lambda: self._remove(row.course))
        buttons = {
            "running": [pause, cancel],
            "queued": [pause, cancel],
            "paused": [resume, cancel],
            "failed": [again, cancel],
            "done": [shown, remove],
        }.get(row.state, [start, remove] if row.bytes_done else [start])
        for button in buttons:
            button.setAccessibleName(tr("{action}, {course}", action=button.words(), course=row.course.title))
        return buttons

    def _open(self, uid: str) -> None:
        self.context.navigator.show_course(uid)

    def _remove(self, course: CourseRow) -> None:
        title = tr("Remove {course} from this laptop?", course=course.title)
        sentence = tr("What you have done stays. The lessons can be read again after another download.")
        if Question(self, title, sentence, tr("Remove")).ask():
            self.context.actions.remove_download(course.uid)

    def _empty(self) -> Card:
        sentence = tr("Open a course and choose “Download for offline”.")
        return empty_card(self.context, "import", tr("Nothing downloaded yet"), sentence)


class Going(QWidget):
    """How a download goes: its words and its bar; shows every step without being made anew."""

    def __init__(self, row: DownloadRow) -> None:
        super().__init__()
        self._words = Text("", "small")
        self._bar = ProgressBar("", thick=True)
        body = column(self, 8)
        body.addWidget(self._words)
        body.addWidget(self._bar)
        self.show_row(row)

    def show_row(self, row: DownloadRow) -> None:
        """Say how it goes now."""
        words = _state_words(row)
        states = {"done": BarState.DONE, "paused": BarState.PAUSED, "failed": BarState.PAUSED}
        self._words.set_role("small-danger" if row.state == "failed" else "small")
        self._words.setText(words)
        share = row.bytes_done / row.bytes_total if row.bytes_total else 0.0
        self._bar.show_share(share, states.get(row.state, BarState.GOING), words)
        self._bar.setVisible(row.bytes_done > 0 or row.state in {"queued", "running", "paused", "failed"})


def _state_words(row: DownloadRow) -> str:
    done = part_of(row.bytes_done, row.bytes_total)
    share = percent(row.bytes_done / row.bytes_total) if row.bytes_total else None
    words = {
        "done": facts(tr("All on this laptop"), size(row.bytes_total)),
        "paused": tr("Paused at {done}", done=done),
        "queued": _failed_words(row.reason, done) if row.reason else facts(tr("Waits for its turn"), done),
        "running": facts(tr("Downloading, {done}", done=done), share, _rate(row)),
        "failed": _failed_words(row.reason, done),
    }
    return words.get(row.state) or _here_words(row, done)


def _here_words(row: DownloadRow, done: str) -> str:
    if row.bytes_done > 0:
        return tr("{part} on this laptop", part=done)
    return size(row.bytes_total) if row.bytes_total else tr("Size not known yet")


def _rate(row: DownloadRow) -> str | None:
    if not row.bytes_per_s:
        return None
    rest = left((row.bytes_total - row.bytes_done) // row.bytes_per_s)
    return tr("{rate} a second, {left}", rate=size(row.bytes_per_s), left=rest)


def _failed_words(reason: str | None, done: str) -> str:
    if reason == "disk_full":
        return tr("The disk is full. The download stopped at {done}. Free some room and try again.", done=done)
    if reason == "offline":
        return tr("No network. The download stopped at {done} and goes on from there.", done=done)
    return tr("The download stopped at {done}. What is here stays here; try again.", done=done)
