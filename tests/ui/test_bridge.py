"""News from other threads reach the window on its own thread, and never a page that is gone."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from PySide6.QtCore import QObject, QThread

from lms_desktop.store.rows import Topic
from lms_desktop.ui.actions import ActionFailed, Failure
from lms_desktop.ui.bridge import Bridge, when_done
from lms_desktop.ui.failures import failure_words, reason_words
from lms_server.contract.commands import Code
from tests.ui.samples import SampleShelf
from tests.ui.windows import settle


def test_news_of_the_store_arrive_on_the_windows_thread(qapp, qtbot):
    shelf = SampleShelf()
    bridge = Bridge(shelf)
    heard = []
    bridge.changed.connect(lambda topics: heard.append((topics, QThread.currentThread() is qapp.thread())))
    listener = QObject()
    bridge.changed.connect(listener.objectName)
    worker = threading.Thread(target=shelf.tell, args=(Topic.SYNC, Topic.OUTBOX))
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: heard != [])
    assert heard[0][0] == {Topic.SYNC, Topic.OUTBOX}
    bridge.close()
    shelf.tell(Topic.SYNC)
    settle()
    assert len(heard) == 1


def test_an_answer_from_a_thread_comes_home(qapp, qtbot):
    owner, came = QObject(), []
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(threading.get_ident)
        when_done(owner, future, lambda there: came.append((there, threading.get_ident())), pytest.fail)
        qtbot.waitUntil(lambda: came != [])
    there, here = came[0]
    assert there != here
    assert here == threading.get_ident()


def test_a_failure_comes_as_what_it_is(qapp, qtbot):
    owner, came, future = QObject(), [], Future()
    when_done(owner, future, pytest.fail, came.append)
    future.set_exception(ActionFailed(Failure.THROTTLED))
    qtbot.waitUntil(lambda: came == [Failure.THROTTLED])


def test_a_page_that_is_gone_hears_nothing(qapp, qtbot):
    owner, future = QObject(), Future()
    when_done(owner, future, pytest.fail, pytest.fail)
    owner.deleteLater()
    settle()
    future.set_result(1)
    settle()


def test_a_mistake_in_the_program_is_not_swallowed(qapp, qtbot):
    owner, future, told = QObject(), Future(), []
    with qtbot.captureExceptions() as caught:
        when_done(owner, future, pytest.fail, told.append)
        future.set_exception(ZeroDivisionError())
        qtbot.waitUntil(lambda: len(caught) == 1)
    assert caught[0][0] is ZeroDivisionError
    assert told == [Failure.UNEXPECTED]


def test_every_failure_and_every_code_that_waits_has_words(qapp):
    assert len({failure_words(failure) for failure in Failure}) == len(Failure)
    waiting = set(Code) - {Code.OK, Code.ALREADY_DONE, Code.LESSON_REMOVED}
    unknown = reason_words(None)
    assert all(reason_words(code.value) != unknown for code in waiting)
