"""A certificate that came is told on the desktop, once; an icon stands in the tray only where it is wanted."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QProcess, QStandardPaths
from PySide6.QtWidgets import QSystemTrayIcon

from lms_desktop.store.rows import Topic
from lms_desktop.ui import notices
from lms_desktop.ui.preferences import Preferences
from tests.ui.samples import CERTIFICATES, SampleShelf
from tests.ui.windows import go, opened, settle


@pytest.fixture
def told(monkeypatch):
    """What the desktop was asked to show."""
    said = []
    monkeypatch.setattr(QStandardPaths, "findExecutable", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(QProcess, "startDetached", lambda program, given: said.append((program, given[-2:])))
    return said


def give(shelf, *rows):
    page = shelf.views.certificate_rows
    shelf.views.certificate_rows = replace(page, certificates=rows)
    shelf.tell(Topic.CERTIFICATES)
    settle()


def test_a_certificate_that_came_is_told_once(qapp, tmp_path, told):
    shelf = SampleShelf()
    first, second = CERTIFICATES
    with opened(tmp_path, shelf=shelf):
        assert told == []
        newest = replace(first, uuid="cert-3", course_title="-f is a title too", issued_at=first.issued_at + 1)
        give(shelf, first, second, newest)
        give(shelf, first, second, newest)
        assert told == [("/somewhere/notify-send", ["Certificate issued", "-f is a title too"])]


def test_several_are_one_notice_and_another_learners_are_no_news(qapp, tmp_path, told):
    shelf = SampleShelf()
    first, second = CERTIFICATES
    shelf.views.certificate_rows = replace(shelf.views.certificate_rows, certificates=())
    with opened(tmp_path, shelf=shelf) as (window, _actions):
        give(shelf, first, second)
        [(_program, words)] = told
        assert words == ["2 certificates issued", "Español para el trabajo, First aid"]
        window.open_shelf(SampleShelf())
        settle()
        assert len(told) == 1


class Tray(QSystemTrayIcon):
    """A tray that is always there."""

    shown: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def isSystemTrayAvailable():  # noqa: N802 - Qt's name
        return True

    def showMessage(self, title, text, *_):  # noqa: N802 - Qt's name
        Tray.shown = (*Tray.shown, (title, text))


@pytest.fixture
def tray(monkeypatch):
    monkeypatch.setattr(notices, "QSystemTrayIcon", Tray)
    monkeypatch.setattr(Tray, "shown", ())


def test_no_icon_stands_in_the_tray_unless_it_is_chosen(qapp, tmp_path, tray, told):
    with opened(tmp_path) as (window, _actions):
        assert window.findChildren(Tray) == []
        go(window, "settings")
        window._stack.currentWidget()._choose(has_tray=True)
        [icon] = window.findChildren(Tray)
        window._shelf.tell(Topic.SYNC)
        settle()
        assert icon.toolTip() == window._sidebar.badge.accessibleName()
        assert [action.text() for action in icon.contextMenu().actions() if action.text()] == [
            "Open",
            "Sync now",
            "Close the app",
        ]
        give(window._shelf, *CERTIFICATES, replace(CERTIFICATES[0], uuid="cert-3", issued_at=10**15))
        assert Tray.shown == (("Certificate issued", "First aid"),)
        assert told == []
        window._stack.currentWidget()._choose(has_tray=False)
        settle()
        assert window.findChildren(Tray) == []


def test_the_choice_is_kept(qapp, tmp_path, tray):
    with opened(tmp_path, Preferences(theme="paper", language="en", has_tray=True)) as (window, _actions):
        assert len(window.findChildren(Tray)) == 1


def test_a_click_on_the_icon_brings_the_window_back(qapp, tmp_path, tray):
    with opened(tmp_path, Preferences(theme="paper", language="en", has_tray=True)) as (window, _actions):
        window.showMinimized()
        [icon] = window.findChildren(Tray)
        icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
        assert not window.isMinimized()
        assert window.isVisible()
