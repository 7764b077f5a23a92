"""The tables that both sides keep, with their named constraints.

One ``MetaData`` creates them on the server and, without the slug's uniqueness, on the desktop. Times are
integers: milliseconds since 1970-01-01 UTC. A ``revision`` is the number in the row's stream; null on a desktop
means that the server hasn't confirmed the row.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite only makes a rowid alias (and so an automatic key) of a column declared INTEGER.
Key = BigInteger().with_variant(Integer(), "sqlite")
UID = String(36)
SHA256 = String(64)

users = Table(
    "users",
    metadata,
    Column("id", Key, primary_key=True),
    Column("uid", UID, nullable=False),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("email_key", String(1024), nullable=False),
    Column("password_hash", String(255)),
    Column("role", String(16), nullable=False, server_default="learner"),
    Column("disabled_at", BigInteger),
    UniqueConstraint("uid", name="uq_users_uid"),
    UniqueConstraint("email_key", name="uq_users_email_key"),
)

courses = Table(
    "courses",
    metadata,
    Column("id", Key, primary_key=True),
    Column("uid", UID, nullable=False),
    Column("title", String(200), nullable=False, server_default=""),
    Column("slug", String(80), nullable=False),
    Column("level", String(16), nullable=False, server_default="beginner"),
    Column("summary", Text, nullable=False, server_default=""),
    Column("language", String(35), nullable=False, server_default="en"),
    Column("direction", String(3), nullable=False, server_default="ltr"),
    Column("cover", SHA256),
    Column("version", String(40), nullable=False, server_default=""),
    Column("license", String(100), nullable=False, server_default=""),
    Column("authors", Text, nullable=False, server_default=""),
    Column("is_published", Boolean, nullable=False, server_default="0"),
    Column("deleted_at", BigInteger),
    Column("revision", BigInteger),
    UniqueConstraint("uid", name="uq_courses_uid"),
    UniqueConstraint("slug", name="uq_courses_slug"),
    Index("ix_courses_published", "is_published", "deleted_at"),
    Index("ix_courses_revision", "revision"),
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", Key, primary_key=True),
    Column("uid", UID, nullable=False),
    Column("course_id", Key, ForeignKey("courses.id"), nullable=False),
    Column("title", String(300), nullable=False, server_default=""),
    Column("section", String(400), nullable=False, server_default=""),
    Column("is_free_preview", Boolean, nullable=False, server_default="0"),
    Column("order", Integer, nullable=False, server_default="0"),
    Column("minutes", Integer),
    Column("body", SHA256),
    Column("body_size", BigInteger, nullable=False, server_default="0"),
    # JSON: [{"path", "sha256", "size", "type"}], the pictures and files of the lesson.
    Column("attachments", Text, nullable=False, server_default="[]"),
    Column("deleted_at", BigInteger),
    Column("revision", BigInteger),
    UniqueConstraint("uid", name="uq_lessons_uid"),
    Index("ix_lessons_course_order", "course_id", "order"),
    Index("ix_lessons_revision", "revision"),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("course_id", Key, ForeignKey("courses.id"), nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("command_id", UID, nullable=False),
    Column("revision", BigInteger),
    UniqueConstraint("user_id", "course_id", name="uq_enrollments_user_course"),
    Index("ix_enrollments_course", "course_id"),
    Index("ix_enrollments_revision", "user_id", "revision"),
)

lesson_progress = Table(
    "lesson_progress",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("lesson_id", Key, ForeignKey("lessons.id"), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("start_command_id", UID),
    Column("completed_at", BigInteger),
    Column("complete_command_id", UID),
    Column("revision", BigInteger),
    UniqueConstraint("user_id", "lesson_id", name="uq_lesson_progress_user_lesson"),
    Index("ix_lesson_progress_completed", "user_id", "completed_at"),
    Index("ix_lesson_progress_revision", "user_id", "revision"),
)

certificates = Table(
    "certificates",
    metadata,
    Column("id", Key, primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("course_id", Key, ForeignKey("courses.id"), nullable=False),
    Column("uuid", UID, nullable=False),
    Column("learner_name", String(200), nullable=False),
    Column("course_title", String(200), nullable=False),
    Column("completed_at", BigInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("template", Integer, nullable=False, server_default="1"),
    Column("payload", Text, nullable=False),
    Column("pdf_sha256", SHA256),
    Column("revision", BigInteger),
    UniqueConstraint("user_id", "course_id", name="uq_certificates_user_course"),
    UniqueConstraint("uuid", name="uq_certificates_uuid"),
    Index("ix_certificates_course", "course_id"),
    Index("ix_certificates_revision", "user_id", "revision"),
)
