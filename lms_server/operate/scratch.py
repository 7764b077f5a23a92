"""A folder to work in, beside where the result goes: what a killed command left there goes with the next one."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def scratch(parent: Path, prefix: str, *, spared_s: float = 0) -> Iterator[Path]:
    """A new folder in ``parent``, removed at the end with all that is in it.

    So are older ones of this prefix, which hold copies of the database, but for those of the last ``spared_s``
    seconds, at which another command may be working. The prefix must be nobody else's.
    """
    for left in parent.glob(f"{prefix}*"):
        # Another command may be quicker, and what another account left is no reason to stop.
        with suppress(OSError):
            if time.time() - left.stat().st_mtime >= spared_s:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as name:
        yield Path(name)
