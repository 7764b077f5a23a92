"""The desktop's tables: the shared ones with what only a laptop needs, and its own."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from lms_server.contract import schema
from lms_server.contract.schema import UID

# The profile's learner in the shared tables; a profile has one.
ME = 1
# Lessons whose course hasn't arrived yet hang here, out of sight.
UNKNOWN_COURSE = "00000000-0000-0000-0000-000000000000"

metadata = MetaData(naming_convention=schema.metadata.naming_convention)


def _take_over(table: Table) -> Table:
    return table.to_metadata(metadata)


users = _take_over(schema.users)
courses = _take_over(schema.courses)
lessons = _take_over(schema.lessons)
enrollments = _take_over(schema.enrollments)
lesson_progress = _take_over(schema.lesson_progress)
certificates = _take_over(schema.certificates)

# A page may bring course B with A's old slug before A's new one: uniqueness of slugs is the server's.
_slug_key = next(c for c in courses.constraints if c.name == "uq_courses_slug")
courses.constraints.discard(_slug_key)

# Only a server asks for what came after a revision or a time, and every click would pay for it.
_UNASKED = {"ix_lesson_progress_completed"} | {f"ix_{table.name}_revision" for table in metadata.sorted_tables}
for _table in metadata.sorted_tables:
    for _index in [index for index in _table.indexes if index.name in _UNASKED]:
        _table.indexes.discard(_index)

for _table in (courses, lessons):
    # A placeholder, or withdrawn and kept because a fact or a command refers to it.
    _table.append_column(Column("is_hidden", Boolean, nullable=False, server_default="0"))
    # Not seen yet in the catalog's snapshot that is under way.
    _table.append_column(Column("is_marked", Boolean, nullable=False, server_default="0"))

# Every sync asks for what is left marked; without these it would look at every row.
Index("ix_courses_marked", courses.c.is_marked, sqlite_where=text("is_marked = 1"))
Index("ix_lessons_marked", lessons.c.is_marked, sqlite_where=text("is_marked = 1"))

# All the lesson's files together, and whether they are all on this laptop.
lessons.append_column(Column("bytes", BigInteger, nullable=False, server_default="0"))
lessons.append_column(Column("is_here", Boolean, nullable=False, server_default="0"))

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("command_id", UID, nullable=False),
    Column("kind", String(64), nullable=False),
    # The order of sending: enrollments first, and behind everybody who was told to wait.
    Column("rank", Integer, nullable=False),
    # A course's or lesson's uid, a certificate's payload, or a whole command of a kind from a newer version.
    Column("target", Text, nullable=False),
    Column("made_at", BigInteger),
    # The server's time of a confirmed fact that is offered again.
    Column("at", BigInteger),
    # pending, parked or rejected; with the outcome's code.
    Column("state", String(16), nullable=False, server_default="pending"),
    Column("code", String(32)),
    UniqueConstraint("command_id", name="uq_outbox_command"),
    Index("ix_outbox_state", "state", "rank", "seq"),
    Index("ix_outbox_target", "target"),
)

profile = Table(
    "profile",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server_id", UID, nullable=False),
    Column("url", Text, nullable=False),
    Column("server_name", Text, nullable=False, server_default=""),
    # base64url of the server's raw Ed25519 key, pinned at sign-in.
    Column("public_key", Text, nullable=False, server_default=""),
    Column("epoch", UID),
    Column("after_catalog", Text),
    Column("after_me", Text),
    Column("settled_catalog", Text),
    Column("settled_me", Text),
    # The digest of the confirmed facts here.
    Column("count", BigInteger, nullable=False, server_default="0"),
    Column("sum", String(32), nullable=False, server_default="0" * 32),
    Column("acknowledged", BigInteger, nullable=False, server_default="0"),
    Column("last_sync_at", BigInteger),
    # Set when the digests disagreed: the next exchange is a full pull, once.
    Column("pull_all", Boolean, nullable=False, server_default="0"),
    Column("needs_sign_in", Boolean, nullable=False, server_default="0"),
)

syncs = Table(
    "syncs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("attention", Integer, nullable=False),
)

downloads = Table(
    "downloads",
    metadata,
    Column("course_uid", UID, primary_key=True),
    # queued, running, paused or failed; a finished one is told by its lessons.
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("asked_at", BigInteger, nullable=False),
    Column("bytes_done", BigInteger, nullable=False, server_default="0"),
)

# Letters with and without their marks are the same word: "cafe" finds "café", and so in Arabic. Beginnings of one and
# two letters have an index of their own, since every search begins with one.
event.listen(
    metadata,
    "after_create",
    DDL(  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
        "CREATE VIRTUAL TABLE IF NOT EXISTS lesson_text "
        "USING fts5(lesson_uid UNINDEXED, title, body, tokenize='unicode61 remove_diacritics 2', prefix='1 2')"
    ),
)
