"""Starting the app again on the same folder brings its first window to the front."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTemporaryDir
from PySide6.QtTest import QTest

import resources
from lms_desktop import app
from lms_desktop.settings import Home
from lms_desktop.store.sample import make_sample_profile
from lms_desktop.ui import single
from tests.wait import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def desk(qapp, tmp_path):
    made = app.Desk(Home(tmp_path / "home"))
    make_sample_profile(made.profiles, resources.path("sample"))
    yield made
    made.close()


def start_again(home):
    call = [sys.executable, "-m", "lms_desktop", "--home", str(home)]
    return subprocess.Popen(call, cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})


def test_the_second_start_ends_and_the_first_window_comes(desk, qtbot):
    window = app.open_window(desk)
    qtbot.addWidget(window)
    window.showMinimized()
    single.FirstWindow(window, desk.home.path)
    again = start_again(desk.home.path)
    until(lambda: again.poll() is not None, "the second start's end", 60, lambda: QTest.qWait(10))
    assert again.returncode == 0
    assert not window.isMinimized()


def test_nobody_comes_where_no_window_is(qapp, tmp_path):
    assert not single.call_first(tmp_path)


def test_what_a_killed_app_left_behind_is_no_window(desk, qtbot, monkeypatch):
    folder = QTemporaryDir()
    left = f"{folder.path()}/left"
    monkeypatch.setattr(single, "_name", lambda _home: left)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(left)
    window = app.open_window(desk)
    qtbot.addWidget(window)
    first = single.FirstWindow(window, desk.home.path)
    assert first._server.isListening()
