"""Writes ``lms_desktop/store/sight_sql.py``: ``python -m tests.desktop.make_sight``."""

from pathlib import Path
from textwrap import fill

from sqlalchemy import Select, literal_column
from sqlalchemy.dialects import sqlite

from lms_desktop.store import outbox, queries, sight_sql

HEAD = '"""The statements of the first frame: those of ``queries``, written out by tests/desktop/make_sight.py."""\n\n'
STATEMENTS = {
    "LEARNER": queries.LEARNER,
    "PROFILE": queries.PROFILE,
    "MY_COURSES": queries.my_courses(),
    "OUTLINE": queries.select_outline(literal_column(":course")),
    "DOWNLOADS": queries.DOWNLOADS,
    "CERTIFICATE_COUNT": queries.CERTIFICATE_COUNT,
    "ANY_COURSE": queries.ANY_COURSE,
    "COUNTS": outbox.COUNTS,
}


def written() -> str:
    """The module's text."""
    return HEAD + "\n".join(f'{name} = """\n{_sql(statement)}\n"""' for name, statement in STATEMENTS.items()) + "\n"


def _sql(statement: Select) -> str:
    text = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    return fill(" ".join(text.split()), 110, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    Path(sight_sql.__file__).write_text(written(), encoding="utf-8")
