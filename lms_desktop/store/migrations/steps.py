"""The steps by the version that they lead to; plain SQL, for the tables of the code go on changing and a step may not.

Version 1 is the first. A step to version 9 is a function under ``9`` in STEPS, with ``SCHEMA_VERSION = 9`` in the
layout and a file of version 9 among the tests' data.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

Step = Callable[[Connection], None]


def drop_unasked_indexes(conn: Connection) -> None:
    """To 2: indexes that only a server asks, and every click paid for."""
    for name in (
        "ix_courses_revision",
        "ix_lessons_revision",
        "ix_enrollments_revision",
        "ix_lesson_progress_revision",
        "ix_certificates_revision",
        "ix_lesson_progress_completed",
    ):
        conn.execute(text(f"DROP INDEX {name}"))


STEPS: dict[int, Step] = {2: drop_unasked_indexes}
