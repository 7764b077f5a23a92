"""Who is using the data folder: a running server shares it, a restore wants it alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lms_server.actions.refusals import Refused

if sys.platform != "win32":
    import fcntl

_FILE = "in-use"


@contextmanager
def present(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the folder while the block runs; raises Refused when somebody is in the way."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / _FILE).open("ab") as file:
        # Windows itself refuses to replace files that a program has open. The lock ends with the open file.
        if sys.platform != "win32":
            try:
                fcntl.flock(file.fileno(), (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                words = "A server is using this data folder; stop it first." if alone else "A restore is running here."
                raise Refused("in_use", words) from None
        yield
