"""Settings: how the window looks and speaks, and what this program is made of."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, version
from platform import python_version
from typing import ClassVar

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QWidget

from lms_desktop.store.rows import Topic
from lms_desktop.ui.actions import server_of
from lms_desktop.ui.notices import has_tray
from lms_desktop.ui.page import Context, ScrolledPage
from lms_desktop.ui.pages.start_pin import PinDialog, pin_words
from lms_desktop.ui.pin import Pins
from lms_desktop.ui.preferences import LOCKS, SCALES, Preferences
from lms_desktop.ui.texts import LANGUAGES, facts, percent, tr, tr_n
from lms_desktop.ui.widgets.button import Button, Kind, stop_at_chosen
from lms_desktop.ui.widgets.card import Card, clear, column
from lms_desktop.ui.widgets.flow import Flow
from lms_desktop.ui.widgets.text import Text

PARTS = ("PySide6-Essentials", "SQLAlchemy", "httpx", "msgspec", "cryptography", "keyring", "pypdfium2", "platformdirs")


class SettingsPage(ScrolledPage):
    """Every choice takes effect at once."""

    topics: ClassVar = frozenset({Topic.ACCOUNT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.body.addWidget(Text(tr("Settings"), "title"))
        self.body.addSpacing(16)
        self._shown = column(None, 16)
        self.body.addLayout(self._shown)
        self.body.addStretch(1)

    def refresh(self) -> None:
        clear(self._shown)
        chosen = self.context.preferences.read()
        self._shown.addWidget(self._look_card(chosen))
        self._shown.addWidget(self._server_card(chosen))
        self._shown.addWidget(_about_card())

    def _look_card(self, chosen: Preferences) -> Card:
        card = Card()
        card.body.addWidget(Text(tr("How it looks"), "section"))
        themes = [("system", tr("As the system")), ("paper", tr("Paper, light")), ("lamp", tr("Lamp, dark"))]
        languages = [("system", tr("As the system")), *LANGUAGES.items()]
        scales = [(f"{scale:g}", percent(scale)) for scale in SCALES]
        self._add_choice(card, tr("Theme"), themes, chosen.theme, lambda value: self._choose(theme=value))
        self._add_choice(card, tr("Language"), languages, chosen.language, lambda value: self._choose(language=value))
        self._add_choice(
            card, tr("Text size"), scales, f"{chosen.scale:g}", lambda value: self._choose(scale=float(value))
        )
        card.body.addWidget(
            Text(tr("Ctrl++ and Ctrl+- do the same on every page. Lessons have a step of their own."), "small")
        )
        moves = [("yes", tr("A little")), ("no", tr("None"))]
        now = "yes" if chosen.has_motion else "no"
        self._add_choice(card, tr("Motion"), moves, now, lambda value: self._choose(has_motion=value == "yes"))
        if has_tray():
            icons = [("no", tr("No icon")), ("yes", tr("An icon that tells how things stand"))]
            tray = "yes" if chosen.has_tray else "no"
            self._add_choice(card, tr("System tray"), icons, tray, lambda value: self._choose(has_tray=value == "yes"))
        return card

    def _add_choice(
        self,
        card: Card,
        title: str,
        options: Sequence[tuple[str, str]],
        current: str,
        choose: Callable[[str], None],
    ) -> None:
        card.body.addSpacing(8)
        card.body.addWidget(Text(title, "strong"))
        row = QWidget()
        row.setAccessibleName(title)
        flow = Flow(row)
        group = QButtonGroup(row)
        for value, words in options:
            chip = Button(words, kind=Kind.CHIP)
            chip.setAccessibleName(tr("{choice}, {option}", choice=title, option=words))
            chip.setChecked(value == current)
            chip.clicked.connect(lambda _checked=False, value=value: choose(value))
            group.addButton(chip)
            flow.addWidget(chip)
        stop_at_chosen(group)
        card.body.addWidget(row)

    def _choose(self, **changes: object) -> None:
        chosen = self.context.preferences.read()
        self.context.navigator.choose(replace(chosen, **changes))  # type: ignore[arg-type]

    def _server_card(self, chosen: Preferences) -> Card:
        card = Card()
        shelf = self.context.shelf
        card.body.addWidget(Text(tr("Where you learn"), "section"))
        place, learner = server_of(shelf.place), shelf.learner
        pairs = [(tr("Server"), facts(place.name, place.url) if place else tr("None: this is the sample course"))]
        if not learner.is_guest:
            pairs.append((tr("Learner"), facts(learner.name, learner.email)))
        card.body.addLayout(_facts(pairs))
        words = tr("Sign in") if learner.is_guest else tr("Sign in as somebody else")
        card.body.addSpacing(4)
        button = Button(words, "person", on_click=self.context.navigator.show_sign_in)
        card.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        locks = [(value, _lock_words(int(value))) for value in LOCKS]
        asked = tr("On a shared laptop, ask who is learning")
        self._add_choice(
            card, asked, locks, str(chosen.lock_minutes), lambda value: self._choose(lock_minutes=int(value))
        )
        if not learner.is_guest:
            self._add_pin(card)
        return card

    def _add_pin(self, card: Card) -> None:
        shelf, pins = self.context.shelf, Pins(self.context.preferences)
        has_pin = bool(pins.kept(shelf.place, shelf.learner))
        card.body.addSpacing(8)
        title = tr("The courses of {name} open with a PIN", name=shelf.learner.first_name) if has_pin else tr("PIN")
        card.body.addWidget(Text(title, "strong"))
        card.body.addWidget(Text(pin_words(), "small"))
        words, act = (tr("Remove the PIN"), self._remove_pin) if has_pin else (tr("Set a PIN…"), self._set_pin)
        card.body.addWidget(Button(words, "lock", on_click=act), 0, Qt.AlignmentFlag.AlignLeft)

    def _set_pin(self) -> None:
        dialog = PinDialog(self)
        if dialog.exec():
            self._keep_pin(dialog.made)

    def _remove_pin(self) -> None:
        self._keep_pin("")

    def _keep_pin(self, made: str) -> None:
        shelf = self.context.shelf
        Pins(self.context.preferences).keep(shelf.place, shelf.learner, made)
        self.reload()


def _lock_words(minutes: int) -> str:
    if minutes == 0:
        return tr("Never by itself")
    return tr_n("After {n} idle minute", "After {n} idle minutes", minutes)


def _about_card() -> Card:
    card = Card()
    card.body.addWidget(Text(tr("About"), "section"))
    card.body.addWidget(Text(tr("A small library for courses that are read, kept and finished without the internet.")))
    own = [
        (tr("This program"), facts(f"LMS Desktop {_version('lms-desktop')}", "Apache-2.0")),
        ("Python", facts(python_version(), "PSF-2.0")),
        ("Qt", facts(qVersion(), "LGPL-3.0")),
        (tr("Fonts"), facts("Noto Sans, Noto Sans Arabic, Noto Sans Mono", "OFL-1.1")),
    ]
    card.body.addLayout(_facts([*own, *((name, _made_of(name)) for name in PARTS)]))
    return card


def _facts(pairs: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for row, (name, value) in enumerate(pairs):
        grid.addWidget(Text(name, "muted", wrap=False), row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Text(value, "body"), row, 1)
    return grid


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@cache
def _made_of(name: str) -> str:
    """A library's version and licence, as its package tells them."""
    try:
        about = metadata(name).json
    except PackageNotFoundError:
        return ""
    told = str(about.get("license_expression") or about.get("license") or "")
    return facts(str(about["version"]), told.splitlines()[0] if told else None)
