"""Waiting for what comes in its own time."""

import time


class NeverCame(Exception):
    """What was waited for did not happen."""


def until(ask, what="", within_s=30, meanwhile=lambda: time.sleep(0.02)):
    """Ask again and again until the answer is truthy; returns it."""
    deadline = time.monotonic() + within_s
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise NeverCame(what or getattr(ask, "__name__", "it"))
        meanwhile()
    return answer
