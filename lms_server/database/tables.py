"""The server's own tables beside the shared ones, in the same MetaData."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from lms_server.contract.anchors import anchors, streams
from lms_server.contract.schema import (
    SHA256,
    UID,
    Key,
    certificates,
    courses,
    enrollments,
    lesson_progress,
    lessons,
    metadata,
    users,
)

__all__ = [
    "anchors",
    "blob_uses",
    "blobs",
    "certificates",
    "courses",
    "enrollments",
    "holds",
    "jobs",
    "lesson_progress",
    "lessons",
    "metadata",
    "parked",
    "receipts",
    "server",
    "sessions",
    "streams",
    "users",
]

receipts = Table(
    "receipts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("command_id", UID, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("code", String(32), nullable=False),
    Column("made_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "command_id", name="uq_receipts_user_command"),
    info={"server_only": True},
)

parked = Table(
    "parked",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("command_id", UID, nullable=False),
    Column("command", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("code", String(32), nullable=False),
    Column("parked_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "command_id", name="uq_parked_user_command"),
    info={"server_only": True},
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", String(80), nullable=False),
    # JSON; certificate_email freezes address, date and the message's bytes in it at the first attempt.
    Column("payload", Text, nullable=False, server_default="{}"),
    Column("state", String(16), nullable=False, server_default="queued"),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("run_at", BigInteger, nullable=False),
    # Random token of the worker that holds the job, and when its hold ends.
    Column("lease", String(36)),
    Column("lease_until", BigInteger),
    UniqueConstraint("kind", "key", name="uq_jobs_kind_key"),
    Index("ix_jobs_state_run_at", "state", "run_at"),
    info={"server_only": True},
)

# Learners whose laptop came with history that nobody here knows, and its epoch: their mails may have gone before.
holds = Table(
    "holds",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("epoch", UID, nullable=False),
    # Set when an admin lets the mails go.
    Column("released_at", BigInteger),
    UniqueConstraint("user_id", "epoch", name="uq_holds_user_epoch"),
    info={"server_only": True},
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("device", String(200), nullable=False, server_default=""),
    Column("token_sha256", SHA256, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    UniqueConstraint("token_sha256", name="uq_sessions_token_sha256"),
    Index("ix_sessions_user", "user_id"),
    info={"server_only": True},
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sha256", SHA256, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(120), nullable=False),
    UniqueConstraint("sha256", name="uq_blobs_sha256"),
    info={"server_only": True},
)

# Which lesson (or course cover) uses a blob decides who may read it.
blob_uses = Table(
    "blob_uses",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sha256", SHA256, nullable=False),
    Column("course_id", Key, ForeignKey("courses.id"), nullable=False),
    # Null: the course's cover.
    Column("lesson_id", Key, ForeignKey("lessons.id")),
    UniqueConstraint("sha256", "course_id", "lesson_id", name="uq_blob_uses"),
    Index("ix_blob_uses_lesson", "lesson_id"),
    info={"server_only": True},
)

server = Table(
    "server",
    metadata,
    Column("id", Key, primary_key=True),
    Column("server_id", UID, nullable=False),
    Column("epoch", UID, nullable=False),
    Column("journal_seq", BigInteger, nullable=False, server_default="0"),
    Column("name", String(200), nullable=False, server_default=""),
    info={"server_only": True},
)
