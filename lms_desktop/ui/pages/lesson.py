"""The lesson: read, complete, go on."""

from typing import ClassVar

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from lms_desktop.store.rows import Attachment, Topic
from lms_desktop.store.rows import LessonPage as Row
from lms_desktop.ui import saving
from lms_desktop.ui.page import Context, Page
from lms_desktop.ui.reader.bar import BottomBar
from lms_desktop.ui.reader.files import FileList
from lms_desktop.ui.reader.find import FindBar
from lms_desktop.ui.reader.head import Header, choose_text_size
from lms_desktop.ui.reader.outline import Outline, Spread, numbered
from lms_desktop.ui.reader.page import Head
from lms_desktop.ui.reader.view import LessonView, Reading
from lms_desktop.ui.reader.viewer import FileDialog
from lms_desktop.ui.texts import facts, tr, tr_n
from lms_desktop.ui.theme import look, tokens
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Rule, clear, column
from lms_desktop.ui.widgets.course import progress_text
from lms_desktop.ui.widgets.dialog import Question

RTL = Qt.LayoutDirection.RightToLeft


class LessonPage(Page):
    """One lesson with its course's outline."""

    topics: ClassVar[frozenset[Topic]] = frozenset(
        {Topic.CATALOG, Topic.ENROLLMENTS, Topic.PROGRESS, Topic.DOWNLOADS, Topic.CERTIFICATES, Topic.ACCOUNT}
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._uid: str | None = None
        # Where a link from another lesson leads to in this one.
        self._place = ""
        self._row: Row | None = None
        # The file that was asked for and isn't on this laptop.
        self._awaited = ""
        self._shown: Reading | None = None
        self._shown_files: tuple[Attachment, ...] = ()
        self._header = Header()
        self._view = LessonView(tokens())
        self._find = FindBar(self._view)
        self._outline = Outline()
        self._bar = BottomBar()
        self._instead = QFrame()
        self._instead.setProperty("ground", "surface")
        self._stack = QStackedWidget()
        self._spread = Spread(self._stack, self._outline)
        self._notice = QWidget()
        self._build()
        self._connect()

    def open(self, argument: str | None) -> None:
        """Turn to a lesson, or a place in it (``uid#place``); the one on show keeps its place for the next time."""
        uid, _, self._place = (argument or "").partition("#")
        if uid != (self._uid or ""):
            self._remember()
            self._uid = uid or None
            self._shown = None
            self._notify(None)
        elif self._place and self._shown is not None:
            self._view.go_to_place(self._place)
        self.reload()

    def refresh(self) -> None:
        row = self.context.shelf.views.lesson(self._uid) if self._uid else None
        self._row = row
        if row is None:
            self._say_gone()
            return
        if self._awaited and self._asset(self._awaited) is not None:
            self._notify(None)
        self._header.show_place(row.course.title, _section(row))
        self._outline.fill(row.course, row.lessons, row.lesson.uid)
        self._show_bar(row)
        if row.html is not None and row.lesson.is_readable:
            self._show_text(row, row.html)
            # The text is seen first; what is written to the disk comes after it.
            QTimer.singleShot(0, self, lambda: self._start(row))
        else:
            self._shown = None
            self._say_why_not(row)

    def home(self) -> str | None:
        """Tell which item of the sidebar this belongs to."""
        if self._row is None:
            return None
        return "learn" if self._row.course.is_enrolled else "catalog"

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.PaletteChange} and self._row is not None:
            self._dress()
            self._show_bar(self._row)

    def hideEvent(self, event: QHideEvent) -> None:
        self._remember()
        super().hideEvent(event)

    # Parts

    def _build(self) -> None:
        body = column(self)
        self._notice_body = column(self._notice)
        self._instead_body = column(self._instead)
        self._stack.addWidget(self._view)
        self._stack.addWidget(self._instead)
        for part in (self._header, Rule(), self._find, self._notice):
            body.addWidget(part)
        body.addWidget(self._spread, 1)
        body.addWidget(Rule())
        body.addWidget(self._bar)

    def _connect(self) -> None:
        self._header.wants_course.connect(self._show_course)
        self._header.wants_search.connect(self._find.open_bar)
        self._header.wants_size.connect(self._choose_size)
        self._header.wants_contents.connect(lambda: self._spread.open_outline(is_open=not self._spread.is_open))
        self._spread.narrowed.connect(self._header.contents.setVisible)
        self._outline.chosen.connect(self._go)
        self._view.lesson_wanted.connect(self._go)
        self._view.file_wanted.connect(self._open_file)
        self._view.outside_wanted.connect(self._ask_outside)
        self._bar.wants_previous.connect(self._go_back)
        self._bar.wants_next.connect(self._go_on)
        self._bar.wants_main.connect(self._act)
        for key, act in (
            ("Ctrl+Return", self._complete_and_go_on),
            ("Ctrl+Enter", self._complete_and_go_on),
            ("Ctrl+F", self._find.open_bar),
            ("Alt+Left", lambda: self._go_on() if self.layoutDirection() is RTL else self._go_back()),
            ("Alt+Right", lambda: self._go_back() if self.layoutDirection() is RTL else self._go_on()),
        ):
            QShortcut(QKeySequence(key), self, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # What is read

    def _show_text(self, row: Row, html: str) -> None:
        files = frozenset(file.path for file in row.attachments)
        reading = Reading(_head(row), html, row.course.direction == "rtl", files, self._asset)
        if self._shown is not None and _same(reading, self._shown) and row.attachments == self._shown_files:
            return
        is_new = self._shown is None
        self._shown, self._shown_files = reading, row.attachments
        position = self._remembered() if is_new else self._view.position()
        self._dress()
        self._view.show_lesson(reading)
        self._view.set_footer(self._files(row))
        self._stack.setCurrentWidget(self._view)
        # The pane has its width only after the layout has run.
        QTimer.singleShot(0, self._view, lambda: self._arrive(position))
        if is_new:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrive(self, position: float) -> None:
        place, self._place = self._place, ""
        if not place or not self._view.go_to_place(place):
            self._view.go_to(position)

    def _files(self, row: Row) -> FileList | None:
        shown = self._view.pictures
        files = [file for file in row.attachments if file.path not in shown]
        if not files:
            return None
        made = FileList(files)
        made.wanted.connect(self._open_file)
        return made

    def _asset(self, path: str) -> bytes | None:
        file = self._file(path)
        return self.context.shelf.blob(file.sha256) if file is not None and file.is_here else None

    def _file(self, path: str) -> Attachment | None:
        files = self._row.attachments if self._row else ()
        return next((file for file in files if file.path == path), None)

    def _dress(self) -> None:
        self._view.set_tokens(tokens())
        self._view.set_text_scale(look().scale * self.context.preferences.read().reading_scale)

    def _remember(self) -> None:
        if self._uid and self._shown is not None:
            self.context.preferences.keep_note(f"position/{self._uid}", f"{self._view.position():.4f}")

    def _remembered(self) -> float:
        try:
            return min(1.0, max(0.0, float(self.context.preferences.note(f"position/{self._uid}", "0"))))
        except ValueError:
            return 0.0

    # What stands there instead

    def _say_why_not(self, row: Row) -> None:
        if row.lesson.is_readable:
            title = tr("This lesson is not on this laptop yet")
            sentence = tr(
                "It comes with the course. What you have done is saved, and the rest can be read offline after."
            )
            button = Button(
                tr("Download the course"), "download", on_click=lambda: self.context.actions.download(row.course.uid)
            )
            self._say_instead(EmptyState("download", title, sentence, button))
        else:
            title = tr("This lesson is for enrolled learners")
            sentence = tr("Enroll to read it. It costs nothing, and it works offline.")
            self._say_instead(EmptyState("lock", title, sentence))

    def _say_gone(self) -> None:
        self._shown = None
        back = Button(tr("Go to Learn"), "book", on_click=self.context.navigator.show_learn)
        sentence = tr("It was taken out of its course. What you have done is kept.")
        self._say_instead(EmptyState("info", tr("This lesson is gone"), sentence, back))
        self._bar.previous.show_lesson(None)
        self._bar.next.show_lesson(None)
        self._bar.main.hide()

    def _say_instead(self, state: EmptyState) -> None:
        clear(self._instead_body)
        self._instead_body.addWidget(state)
        self._view.set_footer(None)
        self._stack.setCurrentWidget(self._instead)

    # What is done

    def _show_bar(self, row: Row) -> None:
        titles = {lesson.uid: lesson.title for lesson in row.lessons}
        self._bar.previous.show_lesson(titles.get(row.previous_uid or ""))
        # Never off and on again: a control that is off for a moment loses the focus for good.
        if _is_last(row):
            self._bar.next.show_place(progress_text(row.course), tr("Back to the course"))
        else:
            self._bar.next.show_lesson(titles.get(row.next_uid or ""))
        self._bar.main.show()
        self._bar.main.setEnabled(True)
        learner = self.context.shelf.learner
        name = learner.first_name
        if learner.is_guest:
            self._bar.show_main(tr("Sign in to complete"), Kind.PRIMARY, "person", ())
        elif not row.course.is_enrolled:
            self._bar.show_main(tr("Enroll as {name}", name=name), Kind.PRIMARY, "plus", ())
        else:
            to_do, done = tr("Complete as {name}", name=name), tr("Completed by {name}", name=name)
            is_done = row.lesson.is_completed
            can_read = row.html is not None
            self._bar.main.setEnabled(is_done or can_read)
            self._bar.main.setToolTip("" if is_done or can_read else tr("The lesson has to be on this laptop first."))
            self._bar.show_main(
                done if is_done else to_do, Kind.DONE if is_done else Kind.PRIMARY, "check", (to_do, done)
            )

    def _act(self) -> None:
        """Do what the button in the middle says."""
        row = self._row
        if row is None:
            return
        if self.context.shelf.learner.is_guest:
            self.context.navigator.show_sign_in(lambda _shelf: None)
        elif not row.course.is_enrolled:
            self._tell(saving.enroll(self.context.shelf, row.course.uid))
            self.reload()
        elif not row.lesson.is_completed and row.html is not None:
            self._complete(row)

    def _complete(self, row: Row) -> bool:
        trouble = saving.complete(self.context.shelf, row.lesson.uid)
        self._tell(trouble)
        if trouble is None:
            # The bridge's word may come later; "completed" is true now, and the focus goes on.
            self.reload()
            self._bar.next.setFocus(Qt.FocusReason.TabFocusReason)
        return trouble is None

    def _complete_and_go_on(self) -> None:
        row = self._row
        if row is None or self.context.shelf.learner.is_guest or not row.course.is_enrolled:
            self._act()
        elif row.lesson.is_completed or (row.html is not None and self._complete(row)):
            self._go_on()

    def _start(self, row: Row) -> None:
        is_new = row.course.is_enrolled and not row.lesson.is_started and row is self._row and self.isVisible()
        if is_new and not self.context.shelf.learner.is_guest:
            # Nobody asked for this one, so nobody is told when the disk refuses; completing implies it.
            saving.start(self.context.shelf, row.lesson.uid)

    def _tell(self, trouble: str | None) -> None:
        self._notify(None if trouble is None else Banner("danger", tr("Not saved"), trouble))

    def _notify(self, banner: Banner | None) -> None:
        self._awaited = ""
        clear(self._notice_body)
        self._notice_body.setContentsMargins(*((0, 0, 0, 0) if banner is None else (16, 12, 16, 12)))
        if banner is not None:
            self._notice_body.addWidget(banner)

    # Ways out

    def _go(self, uid: str) -> None:
        self._spread.open_outline(is_open=False)
        self.context.navigator.show_lesson(uid)

    def _go_back(self) -> None:
        if self._row is not None and self._row.previous_uid:
            self._go(self._row.previous_uid)

    def _go_on(self) -> None:
        if self._row is not None and self._row.next_uid:
            self._go(self._row.next_uid)
        elif self._row is not None and _is_last(self._row):
            self._show_course()

    def _show_course(self) -> None:
        if self._row is not None:
            self.context.navigator.show_course(self._row.course.uid)

    def _choose_size(self) -> None:
        choose_text_size(self._header.text_size, self.context.preferences, self._dress)

    def _open_file(self, path: str) -> None:
        file, data = self._file(path), self._asset(path)
        if file is not None and data is not None:
            FileDialog(self, file.name, file.type, data).exec()
        elif file is not None and self._row is not None:
            self._notify(_not_here_yet(file, self._row, self.context))
            self._awaited = path

    def _ask_outside(self, address: str) -> None:
        sentence = tr("This needs a connection and opens in another program: {address}", address=address)
        if Question(self, tr("Leave the lesson?"), sentence, tr("Open"), is_danger=False).ask():
            QDesktopServices.openUrl(QUrl(address))


def _not_here_yet(file: Attachment, row: Row, context: Context) -> Banner:
    button = Button(tr("Download the course"), "download", on_click=lambda: context.actions.download(row.course.uid))
    sentence = tr("{file} comes with the course.", file=file.name)
    return Banner("info", tr("This file is not on this laptop yet"), sentence, [button])


def _is_last(row: Row) -> bool:
    """Whether the way on leads out of the lessons: to the course, which says what is left to do."""
    return row.next_uid is None and row.course.is_enrolled


def _same(one: Reading, other: Reading) -> bool:
    return (one.head, one.html, one.is_rtl, one.files) == (other.head, other.html, other.is_rtl, other.files)


def _section(row: Row) -> str:
    sections = list(dict.fromkeys(lesson.section for lesson in row.lessons))
    if not row.lesson.section:
        return ""
    return numbered(sections.index(row.lesson.section) + 1, row.lesson.section)


def _head(row: Row) -> Head:
    place = tr("Lesson {n} of {total}", n=row.lesson.number, total=len(row.lessons))
    minutes = row.lesson.minutes
    about = None if minutes is None else tr_n("about {n} minute", "about {n} minutes", minutes)
    return Head(row.lesson.title, facts(place, about))
