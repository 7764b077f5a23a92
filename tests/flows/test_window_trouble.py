"""A profile that doesn't open, or was damaged, is told about in words; the window opens all the same."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from PySide6.QtWidgets import QFileDialog, QLabel

import resources
from lms_desktop import app
from lms_desktop.__main__ import SCREENS, has_screen
from lms_desktop.settings import Home
from lms_desktop.store.errors import Storage
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.sample import make_sample_profile
from lms_desktop.sync import answers
from lms_desktop.sync.client import Client
from lms_desktop.ui import compose, texts
from lms_desktop.ui.actions import ActionFailed, Failure
from lms_desktop.ui.failures import storage_words
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.widgets.button import Button
from lms_desktop.ui.widgets.dialog import Note
from lms_desktop.ui.widgets.sidebar import LearnerButton
from lms_server.contract.commands import Enroll
from lms_server.contract.ids import new_uuid7
from tests.house.source import ROOT
from tests.ui.samples import SampleActions, SampleShelf


@pytest.fixture
def stands():
    """Set when the window's first frame stands."""
    return threading.Event()


@pytest.fixture
def desk(qapp, tmp_path, stands):
    made = app.Desk(Home(tmp_path / "home"), stands)
    make_sample_profile(made.profiles, resources.path("sample"))
    yield made
    stands.set()
    made.close()


def told(window):
    notes = window.findChildren(Note)
    texts = [note.text for note in notes]
    for note in notes:
        note.close()
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


def make_newer(desk):
    """A learner's work in the outbox, then a version of the profile that this app doesn't know."""
    store = desk.profiles.open(desk.profiles.current())
    store.record(Enroll(new_uuid7(), store.views.catalog().courses[0].uid, 1))
    store.close()
    database = Path(desk.profiles.current()) / DATABASE
    with closing(sqlite3.connect(database)) as conn:
        conn.execute("PRAGMA user_version=99")
    return database


def export_button(part):
    [found] = [button for button in part.findChildren(Button) if "Export unsent work" in button.words()]
    return found


def words(part):
    return " ".join(label.text() for label in part.findChildren(QLabel) if label.isVisible())


def test_the_notice_of_a_newer_profile_exports_its_unsent_work(desk, qtbot, tmp_path, monkeypatch):
    database = make_newer(desk)
    before = database.read_bytes()
    window = app.open_window(desk)
    qtbot.addWidget(window)
    window.show()
    [note] = window.findChildren(Note)
    assert "newer version" in note.text
    file = tmp_path / "stick" / "unsent-work.json"
    for place, told_words in ((database / "x.json", "did not work"), (file, "1 piece of work")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, place=place: (str(place), ""))
        export_button(note).click()
        qtbot.waitUntil(lambda told_words=told_words: told_words in words(note))
    assert "Choose another place" not in words(note)
    assert len(json.loads(file.read_text())["commands"]) == 1
    assert database.read_bytes() == before
    note.close()


def test_a_learner_whose_profile_is_newer_can_export_it_where_learners_are_chosen(qtbot, tmp_path, monkeypatch):
    actions = SampleActions(failure=Failure.NEWER)
    actions.known = SampleShelf().views.account_rows
    page = StartPage(actions, PreferenceFile(tmp_path / "window.ini"), lambda _: None)
    qtbot.addWidget(page)
    page.resize(1280, 800)
    page.show()
    assert not export_button(page).isVisible()
    page.findChildren(LearnerButton)[0].click()
    qtbot.waitUntil(lambda: "newer version" in words(page))
    actions.failure = None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "work.json"), ""))
    export_button(page).click()
    qtbot.waitUntil(lambda: "3 pieces of work are in work.json" in words(page))
    assert actions.asked[-1] == ("export_unopened", tmp_path / "work.json")


def test_a_folder_that_can_t_be_made_is_told_in_a_window_and_on_the_terminal(qapp, tmp_path, monkeypatch, capsys):
    told_words = []
    monkeypatch.setattr(Note, "exec", lambda note: told_words.append(note.text))
    monkeypatch.setattr(compose, "make_application", lambda _: qapp)
    (tmp_path / "file").touch()
    code = app.run_window(Home(tmp_path / "file" / "home"), lambda: None)
    assert code == 5
    assert str(tmp_path / "file" / "home") in told_words[0]
    assert "can't be the app's folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environ", "system", "expected"),
    [({}, "linux", False), ({"DISPLAY": ":0"}, "linux", True), ({"DISPLAY": ""}, "linux", False), ({}, "win32", True)],
)
def test_without_a_screen_no_window_is_tried(environ, system, expected):
    assert has_screen(environ, system) is expected


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have one")
def test_without_a_screen_it_says_what_works(tmp_path):
    environ = {name: value for name, value in os.environ.items() if name not in SCREENS}
    call = [sys.executable, "-m", "lms_desktop", "--home", str(tmp_path / "home")]
    done = subprocess.run(call, env=environ, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no screen here" in done.stderr


PROBLEM = b'{"code": "too_many_attempts", "title": "", "server_id": "5d3b3ea5-9e79-4b0a-8c39-0fd0a1f6e3a1"}'


def raise_it(error):
    raise error


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (401, "bad_credentials", Failure.BAD_CREDENTIALS),
        (403, "account_disabled", Failure.ACCOUNT_DISABLED),
        (403, "registration_closed", Failure.REGISTRATION_CLOSED),
        (409, "email_taken", Failure.EMAIL_TAKEN),
        (409, "wrong_server", Failure.WRONG_SERVER),
        (422, "bad_password", Failure.BAD_ACCOUNT),
        (426, "update_needed", Failure.UPDATE_NEEDED),
        (500, "internal", Failure.SERVER_TROUBLE),
    ],
)
def test_what_a_server_refuses_has_its_own_words(qapp, status, code, failure):
    with pytest.raises(ActionFailed) as said:
        app._said_to_the_window(lambda: raise_it(answers._own_trouble(status, code, "")))
    assert said.value.failure is failure


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<p>A school's pages</p>"), ("application/json", b"{}"), ("application/json", b'{"name": "cat"}')],
)
def test_something_else_that_answers_is_not_called_silence(qapp, kind, body):
    headers = {"Content-Type": kind}
    site = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body)))
    asked = Client("http://localhost", transport=site)
    with pytest.raises(ActionFailed) as said:
        app._said_to_the_window(asked.server)
    asked.close()
    assert said.value.failure is Failure.NOT_A_SERVER


def test_who_tried_too_often_is_told_to_wait(qapp):
    headers = httpx.Headers({"Content-Type": "application/problem+json", "Retry-After": "30"})
    answer = answers.Answer(429, headers, PROBLEM)
    with pytest.raises(ActionFailed) as said:
        app._said_to_the_window(lambda: raise_it(answers.trouble_of(answer)))
    assert said.value.failure is Failure.THROTTLED


@pytest.mark.parametrize("code", list(Storage))
def test_a_profile_that_does_not_open_is_told_in_the_learners_language(qapp, code):
    texts.use("es")
    try:
        words = storage_words(code)
    finally:
        texts.use("en")
    assert "lms-desktop export ARCHIVO" in words


def test_a_profile_taken_behind_the_first_frame_is_told_about_too(desk, stands, qtbot):
    window = app.open_window(desk)
    qtbot.addWidget(window)
    assert told(window) == []
    elsewhere = desk.profiles.open(desk.profiles.current())
    stands.set()
    qtbot.waitUntil(lambda: isinstance(window.centralWidget(), StartPage))
    [text] = told(window)
    assert "another window" in text
    elsewhere.close()


def test_the_profile_is_opened_behind_the_first_frame_or_for_the_first_who_wants_more(desk, stands, qtbot):
    shelf = desk.open_current()
    assert len(shelf.views.learn().courses) == 0
    assert not stands.is_set()
    assert not desk.opening.done()
    course = shelf.views.catalog().courses[0].uid
    assert stands.is_set()
    shelf.record(Enroll(new_uuid7(), course, 1))
    assert [row.uid for row in shelf.views.learn().courses] == [course]
    desk.put_back(shelf)
    desk.close()
    desk.profiles.open(desk.profiles.current()).close()
