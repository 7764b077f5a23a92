"""The Downloads page: what takes room, everything new at once, and a warning of the folder."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel

from lms_desktop.store.drive import Kind, Risk
from lms_desktop.store.rows import DownloadRow, Topic
from lms_desktop.ui import theme
from lms_desktop.ui.pages.downloads import DownloadsPage
from lms_desktop.ui.tokens import PAPER
from lms_desktop.ui.widgets.button import Button
from tests.ui.reading_shelf import RowShelf, context_for, course_row
from tests.ui.windows import settle

MB = 1_000_000


def row(uid, state, done, total, reason=None):
    return DownloadRow(replace(course_row(), uid=uid, title=uid.title()), state, done, total, None, reason)


@pytest.fixture
def page(qapp, tmp_path):
    theme.apply(qapp, theme.Look(PAPER))
    shelf = RowShelf()
    shelf.views.download_rows = (
        row("here", "done", 38 * MB, 38 * MB),
        row("new", "none", 0, 90 * MB),
        row("changed", "none", 20 * MB, 26 * MB),
        row("paused", "paused", 1 * MB, 40 * MB),
        row("waiting", "queued", 2 * MB, 40 * MB, "offline"),
    )
    made = DownloadsPage(context_for(shelf, tmp_path))
    made.resize(1064, 900)
    made.open(None)
    made.show()
    settle()
    yield made
    made.close()
    made.deleteLater()
    settle()


def words(page):
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def button(page, beginning):
    [found] = [b for b in page.findChildren(Button) if b.accessibleName().startswith(beginning) and b.isVisible()]
    return found


def show_again(page):
    page.context.shelf.announce(Topic.DOWNLOADS)
    page.reload()
    settle()


def test_everything_new_is_one_click(page):
    everything = button(page, "Everything new in my courses")
    assert "96" in everything.words()
    everything.click()
    assert page.context.actions.asked[-2:] == [("download", "new"), ("download", "changed")]
    page.context.shelf.views.download_rows = page.context.shelf.views.download_rows[:1]
    show_again(page)
    assert not [b for b in page.findChildren(Button) if "Everything" in b.accessibleName() and b.isVisible()]


def test_what_takes_room_is_said(page, monkeypatch):
    shelf = page.context.shelf
    assert any("61\u00a0MB for my courses" in line and "other" not in line for line in words(page))
    monkeypatch.setattr(type(shelf.views), "room_taken", lambda _: 181 * MB)
    shelf.views.download_rows = shelf.views.download_rows[:-1]
    show_again(page)
    assert any(
        "59\u00a0MB for my courses" in line and "122\u00a0MB for other learners' courses" in line
        for line in words(page)
    )


def test_too_much_for_the_disk_is_said_before(page, monkeypatch):
    monkeypatch.setattr(page.context.actions, "free_bytes", lambda: 95 * MB, raising=False)
    page._shape = None
    show_again(page)
    assert not button(page, "Everything new").isEnabled()
    assert any("Not enough room" in line for line in words(page))


def test_what_is_here_in_part_can_be_removed_too(page):
    names = [b.accessibleName() for b in page.findChildren(Button)]
    assert "Remove…, Changed" in names
    assert "Remove…, New" not in names


def test_a_download_without_network_says_so(page):
    assert any("No network" in line and "goes on from there" in line for line in words(page))


def test_a_folder_that_others_copy_is_warned_of(page, monkeypatch):
    views = type(page.context.shelf.views)
    for risk, told in (
        (Risk(Kind.SYNCED, "OneDrive", ("store-LAPTOP.sqlite3",)), "OneDrive copies the folder"),
        (Risk(Kind.SYNCED, ""), "Another program copies"),
        (Risk(Kind.NETWORK, "nfs4"), "network drive"),
        (Risk(Kind.ROAMING, ""), "from computer to computer"),
    ):
        monkeypatch.setattr(views, "risk", lambda _, risk=risk: risk)
        page._shape = None
        show_again(page)
        assert len([line for line in words(page) if told in line]) == 1
        assert any("Your work is safe on this laptop" in line for line in words(page))
        assert any("store-LAPTOP.sqlite3" in line for line in words(page)) == bool(risk.copies)
    monkeypatch.setattr(views, "risk", lambda _: None)
    page._shape = None
    show_again(page)
    assert not any("Your work is safe" in line for line in words(page))
