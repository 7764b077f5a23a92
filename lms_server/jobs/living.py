"""Which workers of this machine live: each holds a lock on a file of its own, which ends with its process."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

if sys.platform != "win32":
    import fcntl

# So much of a lease names its worker.
MARK_CHARS = 8


@contextmanager
def alive(folder: Path | None) -> Iterator[str]:
    """The mark of a worker that runs in this block. Without a folder, or room in it, nobody can tell when it dies."""
    mark = token_hex(MARK_CHARS // 2)
    held = None
    try:
        if folder is not None and sys.platform != "win32":
            held = _hold(folder, mark)
        yield mark
    finally:
        if held is not None:
            held.close()


def find_dead(folder: Path | None, marks: Collection[str]) -> set[str]:
    """Those of these workers that ran on this machine and don't any more; of others nothing is known."""
    let_go: set[str] = set()
    # A folder that can't be read, somebody else's for one, tells nothing and stops nobody.
    with suppress(OSError):
        if folder is not None and folder.is_dir():
            let_go.update(path.name for path in folder.iterdir() if _is_let_go(path))
            for name in let_go.difference(marks):
                # None of its jobs is left.
                (folder / name).unlink(missing_ok=True)
    return let_go.intersection(marks)


def _hold(folder: Path, mark: str) -> IO[bytes] | None:
    hidden = folder / f".{mark}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = hidden.open("wb")
    except OSError:
        return None
    with suppress(OSError):
        if _lock(file):
            # Held before it has the name that others look for.
            hidden.replace(folder / mark)
            return file
    file.close()
    with suppress(OSError):
        hidden.unlink()
    return None


def _is_let_go(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    try:
        with path.open("rb+") as file:
            return _lock(file)
    except OSError:
        return False


def _lock(file: IO[bytes]) -> bool:
    """False where somebody else holds it, and on Windows, where leases end by time alone."""
    is_ours = False
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = True
    return is_ours
