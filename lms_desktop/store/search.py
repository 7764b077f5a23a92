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
        text("SELECT id, uid, title, body FROM lessons WHERE uid IN (SELECT value FROM json_each(:uids))"),
        {"uids": json.dumps(list(uids))},
    ).all()
    texts = [
        {"id": key, "uid": uid, "title": title, "body": _text_of(blobs.read(body) if body else None)}
        for key, uid, title, body in rows
    ]
    columns = "lesson_text (rowid, lesson_uid, title, body)"
    conn.execute(text(f"INSERT OR REPLACE INTO {columns} VALUES (:id, :uid, :title, :body)"), texts)


def forget_lessons(conn: Connection, uids: Sequence[str]) -> None:
    """Take lessons out of the index: their files were removed."""
    named = "SELECT id FROM lessons WHERE uid IN (SELECT value FROM json_each(:uids))"
    conn.execute(text(f"DELETE FROM lesson_text WHERE rowid IN ({named})"), {"uids": json.dumps(list(uids))})


def has_strays(conn: Connection) -> bool:
    """Whether lessons stand in the index that this laptop doesn't know any more; no search finds them."""
    return conn.execute(text(f"SELECT 1 FROM {_STRAYS} LIMIT 1")).first() is not None


def forget_strays(conn: Connection) -> None:
    """Take those out."""
    conn.execute(text(f"DELETE FROM {_STRAYS}"))


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
    if not found:
        return ""
    # Nearly every text has a word with the first letter that is typed; few titles do.
    where = "title : " if len(found) == 1 and len(found[0]) == 1 and found[0].isascii() else ""
    return where + " ".join(f'"{word}"' for word in found) + "*"


def _text_of(body: bytes | None) -> str:
    if body is None:
        return ""
    plain = html.unescape(_TAG.sub(" ", body.decode("utf-8", "replace")))
    return _SPACE.sub(" ", plain).strip()


_STRAYS = "lesson_text WHERE rowid NOT IN (SELECT id FROM lessons)"

# A row's number is its lesson's id, which a later lesson may get: the uid tells them apart. The index itself puts the
# best first and hands them out one by one, so that snippets are cut for those alone that are shown.
_SEARCH = text(
    """
    SELECT lessons.uid, lessons.title, courses.uid, courses.title,
           snippet(lesson_text, 2, char(2), char(3), '…', 16)
    FROM lesson_text
    CROSS JOIN lessons ON lessons.id = lesson_text.rowid AND lessons.uid = lesson_text.lesson_uid
    CROSS JOIN courses ON courses.id = lessons.course_id
    WHERE lesson_text MATCH :query AND lesson_text.rank MATCH 'bm25(0.0, 8.0, 1.0)'
      AND lessons.deleted_at IS NULL AND NOT lessons.is_hidden
      AND (lessons.is_free_preview OR lessons.course_id IN (SELECT course_id FROM enrollments))
    ORDER BY lesson_text.rank
    LIMIT :most
    """
)
