"""The tables of the first release.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table, those that others refer to first."""
    _sync()
    _people()
    _catalog()
    _files()
    _facts()
    _certificates()
    _commands()


def downgrade() -> None:
    """There is no way back: an older server refuses a newer database."""
    raise NotImplementedError


def _sync() -> None:
    op.create_table(
        "anchors",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("stream", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_anchors"),
        sa.UniqueConstraint("stream", "revision", name="uq_anchors_stream_revision"),
    )
    op.create_table(
        "streams",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("stream", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sum", sa.String(length=32), server_default="00000000000000000000000000000000", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_streams"),
        sa.UniqueConstraint("stream", name="uq_streams_stream"),
    )


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=1024), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=16), server_default="learner", nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sa.UniqueConstraint("uid", name="uq_users_uid"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("device", sa.String(length=200), server_default="", nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_sha256", name="uq_sessions_token_sha256"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user_id"], unique=False)


def _catalog() -> None:
    op.create_table(
        "courses",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), server_default="", nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=16), server_default="beginner", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.String(length=35), server_default="en", nullable=False),
        sa.Column("direction", sa.String(length=3), server_default="ltr", nullable=False),
        sa.Column("cover", sa.String(length=64), nullable=True),
        sa.Column("version", sa.String(length=40), server_default="", nullable=False),
        sa.Column("license", sa.String(length=100), server_default="", nullable=False),
        sa.Column("authors", sa.Text(), server_default="", nullable=False),
        sa.Column("is_published", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
        sa.UniqueConstraint("slug", name="uq_courses_slug"),
        sa.UniqueConstraint("uid", name="uq_courses_uid"),
    )
    op.create_index("ix_courses_published", "courses", ["is_published", "deleted_at"], unique=False)
    op.create_index("ix_courses_revision", "courses", ["revision"], unique=False)
    op.create_table(
        "lessons",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("course_id", _KEY, nullable=False),
        sa.Column("title", sa.String(length=300), server_default="", nullable=False),
        sa.Column("section", sa.String(length=400), server_default="", nullable=False),
        sa.Column("is_free_preview", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("order", sa.Integer(), server_default="0", nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(length=64), nullable=True),
        sa.Column("body_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attachments", sa.Text(), server_default="[]", nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_lessons_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
        sa.UniqueConstraint("uid", name="uq_lessons_uid"),
    )
    op.create_index("ix_lessons_course_order", "lessons", ["course_id", "order"], unique=False)
    op.create_index("ix_lessons_revision", "lessons", ["revision"], unique=False)


def _files() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blobs"),
        sa.UniqueConstraint("sha256", name="uq_blobs_sha256"),
    )
    op.create_table(
        "blob_uses",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("course_id", _KEY, nullable=False),
        sa.Column("lesson_id", _KEY, nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_blob_uses_course_id"),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name="fk_blob_uses_lesson_id"),
        sa.PrimaryKeyConstraint("id", name="pk_blob_uses"),
        sa.UniqueConstraint("sha256", "course_id", "lesson_id", name="uq_blob_uses"),
    )
    op.create_index("ix_blob_uses_lesson", "blob_uses", ["lesson_id"], unique=False)


def _facts() -> None:
    op.create_table(
        "enrollments",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("course_id", _KEY, nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("command_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_enrollments_course_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_enrollments_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_enrollments"),
        sa.UniqueConstraint("user_id", "course_id", name="uq_enrollments_user_course"),
    )
    op.create_index("ix_enrollments_course", "enrollments", ["course_id"], unique=False)
    op.create_index("ix_enrollments_revision", "enrollments", ["user_id", "revision"], unique=False)
    op.create_table(
        "lesson_progress",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("lesson_id", _KEY, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("start_command_id", sa.String(length=36), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("complete_command_id", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name="fk_lesson_progress_lesson_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lesson_progress_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_progress"),
        sa.UniqueConstraint("user_id", "lesson_id", name="uq_lesson_progress_user_lesson"),
    )
    op.create_index("ix_lesson_progress_completed", "lesson_progress", ["user_id", "completed_at"], unique=False)
    op.create_index("ix_lesson_progress_revision", "lesson_progress", ["user_id", "revision"], unique=False)


def _certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("course_id", _KEY, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("learner_name", sa.String(length=200), nullable=False),
        sa.Column("course_title", sa.String(length=200), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("template", sa.Integer(), server_default="1", nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_certificates_course_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_certificates_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_certificates"),
        sa.UniqueConstraint("user_id", "course_id", name="uq_certificates_user_course"),
        sa.UniqueConstraint("uuid", name="uq_certificates_uuid"),
    )
    op.create_index("ix_certificates_course", "certificates", ["course_id"], unique=False)
    op.create_index("ix_certificates_revision", "certificates", ["user_id", "revision"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.String(length=36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("kind", "key", name="uq_jobs_kind_key"),
    )
    op.create_index("ix_jobs_state_run_at", "jobs", ["state", "run_at"], unique=False)
    op.create_table(
        "server",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("journal_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_server"),
    )


def _commands() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("command_id", sa.String(length=36), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_receipts_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("user_id", "command_id", name="uq_receipts_user_command"),
    )
    op.create_table(
        "parked",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("command_id", sa.String(length=36), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("parked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_parked_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_parked"),
        sa.UniqueConstraint("user_id", "command_id", name="uq_parked_user_command"),
    )
    op.create_table(
        "holds",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_holds_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
        sa.UniqueConstraint("user_id", "epoch", name="uq_holds_user_epoch"),
    )
