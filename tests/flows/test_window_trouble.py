"""A profile that doesn't open, or was damaged, is told about in words; the window opens all the same."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

import resources
from lms_desktop import app
from lms_desktop.settings import Home
from lms_desktop.store.profile import DATABASE
from lms_desktop.store.sample import make_sample_profile


@pytest.fixture
def desk(qapp, tmp_path):
    made = app.Desk(Home(tmp_path / "home"))
    make_sample_profile(made.profiles, resources.path("sample"))
    yield made
    made.close()


def told(window):
    boxes = window.findChildren(QMessageBox)
    texts = [box.text() for box in boxes]
    for box in boxes:
        box.close()
    return texts


def test_a_profile_open_elsewhere_is_named_and_nothing_is_harmed(desk, qtbot):
    elsewhere = desk.profiles.open(desk.profiles.current())
    window = app.open_window(desk)
    qtbot.addWidget(window)
    [text] = told(window)
    assert "another window" in text
    assert "kept" in text
    elsewhere.close()


def test_a_damaged_profile_opens_again_and_says_so_once(desk, qtbot):
    database = Path(desk.profiles.current()) / DATABASE
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        database.with_name(name).unlink(missing_ok=True)
    database.write_bytes(b"not a database at all" * 500)
    window = app.open_window(desk)
    qtbot.addWidget(window)
    assert len(told(window)) == 1
    assert desk.take_notice() is None
