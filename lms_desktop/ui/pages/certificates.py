"""Certificates: see them, keep a copy, print, and check a file."""

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QFileDialog, QGridLayout, QSizePolicy, QWidget

from lms_desktop.store.rows import CertificateRow, CourseRow, Topic
from lms_desktop.store.rows import CertificatesPage as Row
from lms_desktop.ui.page import Context, ScrolledPage
from lms_desktop.ui.pages.certificate_parts import (
    CertificateCard,
    Sheet,
    check_file,
    completed_words,
    fact_pairs,
    print_paper,
    signed_facts,
)
from lms_desktop.ui.pages.nothing_yet import empty_card
from lms_desktop.ui.reader.viewer import save_copy
from lms_desktop.ui.texts import date, tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, clear, column, line
from lms_desktop.ui.widgets.cover import art, art_of
from lms_desktop.ui.widgets.dialog import Facts
from lms_desktop.ui.widgets.flow import Flow
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.text import Text

LIST_PX = 320
TOP = Qt.AlignmentFlag.AlignTop


class CertificatesPage(ScrolledPage):
    """The learner's certificates and those on their way."""

    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.CERTIFICATES, Topic.PROGRESS, Topic.CATALOG, Topic.ACCOUNT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._chosen: str | None = None
        self._row: Row | None = None
        self._has_come = True
        self._cards = QButtonGroup(self)
        self._list = QWidget()
        self._list_body = column(self._list, 8)
        self._shown = QWidget()
        self._shown_body = column(self._shown, 0)
        self._notice = column(None, 0)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._build()

    def open(self, argument: str | None) -> None:
        """Turn to a certificate; without one, to the one shown last, or the newest."""
        if argument is not None:
            self._chosen = argument
            self._row = None
        clear(self._notice)
        self.reload()

    def refresh(self) -> None:
        row = self.context.shelf.views.certificates()
        has_come = self.context.shelf.views.has_courses()
        if (row, has_come) == (self._row, self._has_come):
            return
        self._row, self._has_come = row, has_come
        if self._chosen not in _keys(row):
            self._chosen = next(iter(_keys(row)), None)
        self._fill_list(row)
        self._show_chosen()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        way = QBoxLayout.Direction
        is_stacked = self.is_narrow or look().is_large
        self._halves.setDirection(way.TopToBottom if is_stacked else way.LeftToRight)
        self._head.setDirection(way.TopToBottom if look().is_large and self.is_narrow else way.LeftToRight)
        self._list.setMaximumWidth(16_777_215 if is_stacked else look().px(LIST_PX))
        self._list.setMinimumWidth(0 if is_stacked else look().px(LIST_PX))

    def _build(self) -> None:
        self._head.setSpacing(8)
        self._head.addWidget(Text(tr("Certificates"), "title"), 1)
        verify = Button(tr("Verify a certificate file…"), "shield-check", on_click=self._verify)
        verify.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._head.addWidget(verify)
        self.body.addLayout(self._head)
        self.body.addLayout(self._notice)
        self.body.addSpacing(20)
        self._halves.setContentsMargins(0, 0, 0, 0)
        self._halves.setSpacing(24)
        self._halves.addWidget(self._list, 0, TOP)
        self._halves.addWidget(self._shown, 1, TOP)
        self.body.addLayout(self._halves)
        self.body.addStretch(1)
        self._cards.setExclusive(True)

    # The list

    def _fill_list(self, row: Row) -> None:
        for card in self._cards.buttons():
            self._cards.removeButton(card)
        clear(self._list_body)
        for certificate in row.certificates:
            self._add_card(certificate.uuid, self._issued_card(certificate))
        for course in row.due:
            self._add_card(course.uid, self._due_card(course))
        self._list_body.addStretch(1)
        self._list.setVisible(bool(_keys(row)))

    def _add_card(self, key: str, card: CertificateCard) -> None:
        card.setChecked(key == self._chosen)
        card.clicked.connect(lambda _checked=False: self._choose(key))
        self._cards.addButton(card)
        self._list_body.addWidget(card)

    def _issued_card(self, row: CertificateRow) -> CertificateCard:
        picture = self.context.shelf.blob(row.cover) if row.cover else None
        cover = art_of(row.course_uid, "", row.course_title, picture)
        here = ("laptop", tr("On this laptop"), "muted")
        state = here if row.file else ("sync", tr("The PDF comes with the next sync"), "accent")
        return CertificateCard(cover, row.course_title, date(row.completed_at), state)

    def _due_card(self, course: CourseRow) -> CertificateCard:
        picture = self.context.shelf.blob(course.cover) if course.cover else None
        state = ("sync", tr("On its way with the next sync"), "accent")
        return CertificateCard(art(course, picture), course.title, tr("All lessons done"), state)

    def _choose(self, key: str) -> None:
        self._chosen = key
        clear(self._notice)
        self._show_chosen()

    # What is shown of one

    def _show_chosen(self) -> None:
        clear(self._shown_body)
        row = self._row
        if row is None:
            return
        certificate = next((held for held in row.certificates if held.uuid == self._chosen), None)
        if certificate is not None:
            self._show_certificate(certificate)
        elif row.due and self._chosen is not None:
            self._show_due()
        else:
            self._show_none()

    def _show_certificate(self, row: CertificateRow) -> None:
        sheet = _sheet(row)
        card = Card(padding=20)
        if sheet is not None:
            card.body.addWidget(sheet)
        else:
            sentence = tr("The certificate is issued and signed. Its PDF is fetched with the next sync.")
            button = Button(tr("Sync now"), "sync", on_click=self.context.actions.sync_now)
            card.body.addWidget(EmptyState("certificate", tr("The PDF is not on this laptop yet"), sentence, button))
        self._shown_body.addWidget(card)
        self._shown_body.addSpacing(16)
        if row.file is not None and sheet is not None:
            self._shown_body.addWidget(self._actions(row, Path(row.file), sheet.data))
            self._shown_body.addSpacing(16)
        self._add_signature(row)

    def _actions(self, row: CertificateRow, file: Path, data: bytes) -> QWidget:
        actions = QWidget()
        flow = Flow(actions)
        flow.addWidget(Button(tr("Save a copy"), "download", Kind.PRIMARY, on_click=lambda: self._save(row, file)))
        flow.addWidget(Button(tr("Print"), "print", on_click=lambda: print_paper(self, data)))
        flow.addWidget(Button(tr("Open folder"), "folder", on_click=lambda: _open_folder(file)))
        return actions

    def _add_signature(self, row: CertificateRow) -> None:
        key = self.context.shelf.public_key_bytes
        facts = signed_facts(row.payload, key) if key else None
        signed = line(None, 8)
        if facts is not None:
            words, role, icon = tr("Signed by {issuer} and unchanged", issuer=facts.issuer), "success", "shield-check"
        elif key:
            words, role, icon = tr("The signature does not hold. Sync to get it again."), "small-danger", "warning"
        else:
            words, role, icon = tr("The signature can be checked after the first sync."), "muted", "info"
        signed.addWidget(IconLabel(icon, 20, role.removeprefix("small-")), 0, TOP)
        signed.addWidget(Text(words, role), 1)
        self._shown_body.addLayout(signed)
        self._shown_body.addSpacing(8)
        completed = completed_words(row.completed_at, facts.lessons) if facts else date(row.completed_at)
        pairs = [(tr("Number"), row.uuid), (tr("Name"), row.learner_name), (tr("Completed"), completed)]
        self._shown_body.addLayout(_grid(pairs))

    def _show_due(self) -> None:
        card = Card()
        button = Button(tr("Sync now"), "sync", on_click=self.context.actions.sync_now)
        sentence = tr(
            "All lessons are done and saved on this laptop. The server issues the certificate at the next sync."
        )
        card.body.addWidget(EmptyState("certificate", tr("On its way with the next sync"), sentence, button))
        self._shown_body.addWidget(card)

    def _show_none(self) -> None:
        sentence = tr("Finish all lessons of a course, and its certificate comes here.")
        self._shown_body.addWidget(empty_card(self.context, "certificate", tr("No certificates yet"), sentence))

    # What is done with one

    def _save(self, row: CertificateRow, file: Path) -> None:
        try:
            data = file.read_bytes()
        except OSError:
            self._say("danger", tr("The file is gone"), tr("Sync to fetch it again."))
            return
        name = "".join(char if char.isalnum() or char in " -_" else " " for char in row.course_title).strip()
        trouble = save_copy(self, f"{name or row.uuid}.pdf", data)
        if trouble is not None:
            self._say("danger", tr("Not saved"), trouble)

    def _verify(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, tr("Verify a certificate file"), "", "PDF (*.pdf)")
        if chosen:
            self.check(Path(chosen))

    def check(self, file: Path) -> None:
        """Say whether a file is a certificate of this place, and what it states."""
        key = self.context.shelf.public_key_bytes
        name = self.context.shelf.place.name if self.context.shelf.place else ""
        if not key:
            self._say("attention", tr("It can't be checked yet"), tr("Sync once: the server's key comes with it."))
            return
        try:
            facts = check_file(file, key)
        except OSError:
            self._say("danger", tr("The file could not be read"), file.name)
            return
        if facts is None:
            title = tr("This is no genuine certificate of {place}", place=name)
            self._say("danger", title, tr("The file was changed, cut or added to, or another server made it."))
            return
        clear(self._notice)
        Facts(self, tr("Genuine and unchanged"), fact_pairs(facts)).exec()

    def _say(self, state: str, title: str, sentence: str) -> None:
        clear(self._notice)
        self._notice.addSpacing(16)
        self._notice.addWidget(Banner(state, title, sentence))


def _keys(row: Row) -> list[str]:
    return [held.uuid for held in row.certificates] + [course.uid for course in row.due]


def _sheet(row: CertificateRow) -> Sheet | None:
    """The certificate as a picture, if its file is here and can be read."""
    if row.file is None:
        return None
    words = tr("Certificate: {course}, for {name}", course=row.course_title, name=row.learner_name)
    try:
        return Sheet(Path(row.file).read_bytes(), words)
    except (OSError, ValueError):
        return None


def _open_folder(file: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def _grid(pairs: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(4)
    for place, (name, value) in enumerate(pairs):
        grid.addWidget(Text(name, "muted", wrap=False), place, 0, TOP)
        words = Text(value, "body")
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(words, place, 1)
    grid.setColumnStretch(1, 1)
    return grid
