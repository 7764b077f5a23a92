"""Search in the lessons on this laptop: SQLite's full-text index over titles and downloaded texts."""

import html
import json
import re
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from lms_desktop.store.files import Blobs
from lms_desktop.store.rows import Found
from lms_server.contract.sqlite import reading

# Where the words stand in a snippet; characters that no text of ours holds.
START_MARK, END_MARK = "\x02", "\x03"
_MOST = 50
_LONGEST_WORD = 64

_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


def index_lessons(conn: Connection, blobs: Blobs, uids: Sequence[str]) -> None:
    """Put these lessons' texts into the index, in place of what was there; call it when their files have arrived."""
    if not uids:
        return
    rows = conn.execute(
        text("SELECT uid, title, body FROM lessons WHERE uid IN (SELECT value FROM json_each(:uids))"),
        {"uids": json.dumps(list(uids))},
    ).all()
    forget_lessons(conn, uids)
    texts = [
        {"uid": uid, "title": title, "body": _text_of(blobs.read(body) if body else None)} for uid, title, body in rows
    ]
    conn.execute(text("INSERT INTO lesson_text (lesson_uid, title, body) VALUES (:uid, :title, :body)"), texts)


def forget_lessons(conn: Connection, uids: Sequence[str]) -> None:
    """Take lessons out of the index: their files were removed."""
    statement = text("DELETE FROM lesson_text WHERE lesson_uid IN (SELECT value FROM json_each(:uids))")
    conn.execute(statement, {"uids": json.dumps(list(uids))})


def search(engine: Engine, words: str) -> tuple[Found, ...]:
    """Lessons with all these words, the best first; the last word may be unfinished. Nothing for no words."""
    query = _query(words)
    if not query:
        return ()
    with reading(engine) as conn:
        rows = conn.execute(_SEARCH, {"query": query, "most": _MOST}).all()
    return tuple(Found(*row) for row in rows)


def _query(words: str) -> str:
    """Plain words, quoted: nothing a learner types is taken for the index's own language."""
    found = [word[:_LONGEST_WORD] for word in _WORD.findall(words)][:16]
    return " ".join(f'"{word}"' for word in found) + ("*" if found else "")


def _text_of(body: bytes | None) -> str:
    if body is None:
        return ""
    plain = html.unescape(_TAG.sub(" ", body.decode("utf-8", "replace")))
    return _SPACE.sub(" ", plain).strip()


_SEARCH = text(
    """
    SELECT lessons.uid, lessons.title, courses.uid, courses.title,
           snippet(lesson_text, 2, char(2), char(3), '…', 16)
    FROM lesson_text
    JOIN lessons ON lessons.uid = lesson_text.lesson_uid
    JOIN courses ON courses.id = lessons.course_id
    LEFT JOIN enrollments ON enrollments.course_id = courses.id
    WHERE lesson_text MATCH :query AND lessons.deleted_at IS NULL AND NOT lessons.is_hidden
      AND (enrollments.id IS NOT NULL OR lessons.is_free_preview)
    ORDER BY bm25(lesson_text, 0.0, 8.0, 1.0)
    LIMIT :most
    """
)
