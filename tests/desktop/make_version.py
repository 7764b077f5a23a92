"""Writes a profile's database as the present version makes it, to be kept and opened by every later one.

``python -m tests.desktop.make_version`` from the project's folder, once for each version that is released.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import SCHEMA_VERSION
from lms_desktop.store.store import Store
from tests.world import Laptop, World

DATA = Path(__file__).parent / "data"


def make(file):
    """A learner of a course with three lessons: one completion acknowledged, one not."""
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name) / "server")
        course = world.course()
        laptop = Laptop(world, world.learner(), Path(name) / "profile")
        laptop.sync()
        laptop.store.enroll(course.uid)
        laptop.study(course, 0)
        laptop.sync()
        laptop.study(course, 1)
        laptop.close()
        world.close()
        # Opened once more by the store alone, then packed into one small file.
        Store(Path(name) / "profile", Blobs(Path(name) / "blobs")).close()
        pack(Path(name) / "profile" / "store.sqlite3", file)


def pack(database, file):
    with closing(sqlite3.connect(database)) as conn:
        conn.execute("PRAGMA journal_mode=DELETE")
        conn.execute("VACUUM INTO ?", (str(file),))


if __name__ == "__main__":
    target = DATA / f"version-{SCHEMA_VERSION}.sqlite3"
    target.unlink(missing_ok=True)
    make(target)
    print(target, target.stat().st_size, file=sys.stderr)
