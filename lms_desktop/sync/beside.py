"""Do one thing beside another: the next request is under way while the answer before it is being stored."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

# Begins something and returns at once, or not: whoever needs what it comes to asks the future.
Start = Callable[[Callable[[], T]], Future[T]]


def at_once(work: Callable[[], T]) -> Future[T]:
    """Do it here and now; what goes wrong is kept for who asks for the result."""
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 # raised again by the future
        future.set_exception(error)
    return future


def beside(work: Callable[[], T]) -> Future[T]:
    """Do it in a thread of its own. Nobody waits for that at the app's end, however slow the network is."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 # raised again by the future
            future.set_exception(error)

    threading.Thread(target=run, name="request", daemon=True).start()
    return future
