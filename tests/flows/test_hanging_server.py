"""A server that takes connections and never answers holds up no click, no other learner and not the end of the app."""

import socket
import threading
from concurrent.futures import wait

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest

from lms_desktop import app
from lms_desktop.settings import Home
from lms_desktop.store import profile
from lms_desktop.store.owner import Owner
from lms_desktop.store.rows import Learner, Place
from lms_desktop.sync.credentials import Credentials
from lms_server.contract.ids import new_uuid4
from tests.wait import until

ANA = Learner("0d1f0f3e-5f3c-4c06-9c0a-5d6f3b1c2a01", "Ana Moreno", "ana@example.org")
BEN = Learner("0d1f0f3e-5f3c-4c06-9c0a-5d6f3b1c2a02", "Ben Okoro", "ben@example.org")


@pytest.fixture
def silent():
    """Connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as made:
        yield made


@pytest.fixture
def url(silent):
    return f"http://127.0.0.1:{silent.getsockname()[1]}"


@pytest.fixture
def desk(qapp, tmp_path, silent, url):
    made = app.Desk(Home(tmp_path / "home"))
    server = new_uuid4()
    for learner in (BEN, ANA):
        folder = profile.folder_of(made.home.profiles, server, learner.uid)
        profile.create(folder, Owner(Place(server, url, "Hillside Library"), "", learner))
        Credentials(folder).write("a token")
        made.profiles.make_current(folder)
    yield made
    # The server goes first: then no thread waits into the next test.
    silent.close()
    made.close()
    wait(made._closing.values(), 30)


@pytest.fixture
def window(desk, qtbot):
    opened = app.open_window(desk)
    qtbot.addWidget(opened)
    opened.show()
    return opened


@pytest.fixture
def asked(window, silent):
    """The sync thread's connection: from here on it waits for its first answer."""
    connection, _address = silent.accept()
    with connection:
        yield connection


def account_of(desk, learner):
    return next(account for account in desk.accounts() if account.learner.uid == learner.uid)


def test_another_learner_goes_on_while_sign_ins_and_searches_for_servers_wait(desk, window, asked, url):
    waiting = [desk.look_up(url) for _again in range(4)]
    waiting += [desk.sign_in(url, "ana@example.org", "a password") for _again in range(4)]
    shelf = desk.switch_to(account_of(desk, BEN)).result(30)
    assert shelf.learner == BEN
    assert not any(future.done() for future in waiting)


def test_the_shelf_that_is_put_back_is_closed_behind_the_window(desk, window, asked):
    turns = []
    beat = QTimer()
    beat.timeout.connect(lambda: turns.append(len(desk._closing) > 0))
    beat.start(1)
    window._sidebar.account_chosen.emit(account_of(desk, BEN))
    until(lambda: window._shelf.learner == BEN, "the other learner", 30, lambda: QTest.qWait(5))
    until(lambda: any(turns), "a turn of the window while the sync thread still hangs", 30, lambda: QTest.qWait(5))
    assert not any(closing.done() for closing in desk._closing.values())


def test_who_comes_back_gets_the_same_profile_again(desk, window, asked):
    for learner in (BEN, ANA):
        window._sidebar.account_chosen.emit(account_of(desk, learner))
        asked.close()
        until(lambda who=learner: window._shelf.learner == who, "the learner", 30, lambda: QTest.qWait(5))


def test_the_app_ends_without_the_servers_answer(desk, window, asked, url):
    waiting = desk.look_up(url)
    window.close()
    desk.close()
    assert not waiting.done()
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in {"desk", "sync"})
