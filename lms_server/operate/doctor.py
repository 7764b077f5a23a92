"""Prove on the live database that nothing is missing, doubled or lost; name the rows otherwise."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lms_server.actions.context import ServerContext, read_server
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import NotGenuine, read_payload
from lms_server.contract.digest import Digest
from lms_server.contract.sqlite import reading
from lms_server.database.identity import BadIdentity, read_identity
from lms_server.jobs.journal import BadJournal, Journal
from lms_server.operate.stored_files import damaged, missing, named_files
from lms_server.settings import Settings

_SHOWN = 5
_LEAST_FREE_BYTES = 500 << 20

# Each statement finds rows that must not be; the first column names them.
_RULES = {
    "every completion has its receipt": """
        SELECT p.complete_command_id FROM lesson_progress p
        LEFT JOIN receipts r ON r.user_id = p.user_id AND r.command_id = p.complete_command_id
        WHERE p.completed_at IS NOT NULL AND (r.id IS NULL OR r.outcome <> 'applied')""",
    "every enrollment has its receipt": """
        SELECT e.command_id FROM enrollments e
        LEFT JOIN receipts r ON r.user_id = e.user_id AND r.command_id = e.command_id
        WHERE r.id IS NULL OR r.outcome <> 'applied'""",
    "every finished enrollment has its certificate": """
        SELECT u.email || ' (run: lms-server course reevaluate ' || c.slug || ')' FROM enrollments e
        JOIN users u ON u.id = e.user_id JOIN courses c ON c.id = e.course_id
        WHERE EXISTS (SELECT 1 FROM lessons l WHERE l.course_id = e.course_id AND l.deleted_at IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM lessons l LEFT JOIN lesson_progress p ON p.lesson_id = l.id AND p.user_id = e.user_id
            WHERE l.course_id = e.course_id AND l.deleted_at IS NULL AND p.completed_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM certificates x WHERE x.user_id = e.user_id AND x.course_id = e.course_id)""",
    "no learner has two certificates of a course": """
        SELECT min(uuid) FROM certificates GROUP BY user_id, course_id HAVING count(*) > 1""",
    "every certificate has one e-mail": """
        SELECT x.uuid FROM certificates x LEFT JOIN jobs j ON j.kind = 'certificate_email' AND j.key = x.uuid
        GROUP BY x.uuid HAVING count(j.id) <> 1""",
    "every certificate has its PDF or a job that makes it": """
        SELECT x.uuid FROM certificates x LEFT JOIN jobs j ON j.kind = 'certificate_pdf' AND j.key = x.uuid
        WHERE x.pdf_sha256 IS NULL AND (j.id IS NULL OR j.state NOT IN ('queued', 'sending'))""",
    "no mail is for a certificate that isn't there": """
        SELECT j.key FROM jobs j LEFT JOIN certificates x ON x.uuid = j.key
        WHERE j.kind IN ('certificate_email', 'certificate_pdf') AND x.id IS NULL""",
    "no orphans": """
        SELECT 'enrollment ' || e.id FROM enrollments e LEFT JOIN users u ON u.id = e.user_id
        LEFT JOIN courses c ON c.id = e.course_id WHERE u.id IS NULL OR c.id IS NULL
        UNION ALL SELECT 'progress ' || p.id FROM lesson_progress p LEFT JOIN users u ON u.id = p.user_id
        LEFT JOIN lessons l ON l.id = p.lesson_id WHERE u.id IS NULL OR l.id IS NULL
        UNION ALL SELECT 'progress without enrollment ' || p.id FROM lesson_progress p
        JOIN lessons l ON l.id = p.lesson_id
        LEFT JOIN enrollments e ON e.user_id = p.user_id AND e.course_id = l.course_id WHERE e.id IS NULL
        UNION ALL SELECT 'lesson ' || l.uid FROM lessons l LEFT JOIN courses c ON c.id = l.course_id WHERE c.id IS NULL
        UNION ALL SELECT 'certificate ' || x.uuid FROM certificates x
        LEFT JOIN enrollments e ON e.user_id = x.user_id AND e.course_id = x.course_id
        LEFT JOIN users u ON u.id = x.user_id WHERE u.id IS NULL
        UNION ALL SELECT 'session ' || s.id FROM sessions s LEFT JOIN users u ON u.id = s.user_id WHERE u.id IS NULL
        UNION ALL SELECT 'user without stream ' || u.uid FROM users u LEFT JOIN streams s ON s.stream = u.uid
        WHERE s.id IS NULL""",
    "no parked command was also applied": """
        SELECT p.command_id FROM parked p
        LEFT JOIN receipts r ON r.user_id = p.user_id AND r.command_id = p.command_id
        WHERE r.id IS NULL OR r.outcome <> 'parked'""",
    "counters equal the highest revision": """
        SELECT s.stream FROM streams s JOIN (
            SELECT 'catalog' AS stream, max(revision) AS top FROM (
                SELECT revision FROM courses UNION ALL SELECT revision FROM lessons) AS rows_of_catalog
            UNION ALL SELECT u.uid, max(f.revision) FROM users u JOIN (
                SELECT user_id, revision FROM enrollments UNION ALL SELECT user_id, revision FROM lesson_progress
                UNION ALL SELECT user_id, revision FROM certificates) AS f ON f.user_id = u.id GROUP BY u.uid
        ) AS tops ON tops.stream = s.stream WHERE tops.top > s.revision""",
    "every stream's last revision has its anchor": """
        SELECT s.stream FROM streams s LEFT JOIN anchors a ON a.stream = s.stream AND a.revision = s.revision
        LEFT JOIN (SELECT stream, max(revision) AS top FROM anchors GROUP BY stream) AS t ON t.stream = s.stream
        WHERE a.id IS NULL OR t.top <> s.revision""",
}

_TOLD_DIGESTS = "SELECT s.stream, s.count, s.sum FROM streams s JOIN users u ON u.uid = s.stream"
_FACTS = """
    SELECT u.uid, 'e', c.uid FROM enrollments e
    JOIN users u ON u.id = e.user_id JOIN courses c ON c.id = e.course_id
    UNION ALL SELECT u.uid, 'p', l.uid FROM lesson_progress p
    JOIN users u ON u.id = p.user_id JOIN lessons l ON l.id = p.lesson_id WHERE p.completed_at IS NOT NULL
    UNION ALL SELECT u.uid, 'c', x.uuid FROM certificates x JOIN users u ON u.id = x.user_id"""


@dataclass(frozen=True)
class Check:
    """One thing that was proved, or the rows that say otherwise."""

    name: str
    ok: bool
    detail: str


def examine(context: ServerContext, settings: Settings, *, deep: bool = False) -> list[Check]:
    """All checks. With ``deep`` every file of lessons and certificates is read: as long as the disk needs for them."""
    with reading(context.engine) as conn:
        checks = [_judge(name, conn.exec_driver_sql(sql).scalars().all()) for name, sql in _RULES.items()]
    return [
        *checks,
        _digests(context),
        *_files(context, deep=deep),
        _signatures(context),
        _free_disk(settings.data),
        _key(settings, context),
        _check("journal readable", _journal_trouble(context, settings)),
        _integrity(context),
    ]


def _judge(name: str, rows: Sequence[object]) -> Check:
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return _check(name, ", ".join(str(row) for row in rows[:_SHOWN]) + more if rows else "")


def _check(name: str, trouble: str) -> Check:
    return Check(name, not trouble, trouble or "fine")


def _digests(context: ServerContext) -> Check:
    # A digest that isn't its facts' makes the learner's desktops pull everything, at every sync.
    with reading(context.engine) as conn:
        told = {row[0]: Digest.stored(*row) for row in conn.exec_driver_sql(_TOLD_DIGESTS)}
        real = {user: Digest(user) for user in told}
        for user, kind, key in conn.exec_driver_sql(_FACTS):
            real.setdefault(user, Digest(user)).add(kind, [key])
    return _judge("every learner's digest is that of the facts", sorted(u for u in real if real[u] != told.get(u)))


def _files(context: ServerContext, *, deep: bool) -> tuple[Check, Check]:
    files, blobs = named_files(context), context.blobs
    bad = damaged(blobs, files, deep=deep)
    looked = "read and compared" if deep else "their sizes compared; doctor --deep reads them"
    return (
        _check("every file of a lesson or certificate is there", missing(blobs, files)),
        Check("every file is as it was kept", not bad, bad or f"fine: {len(files)} files, {looked}"),
    )


def _signatures(context: ServerContext) -> Check:
    public_key = public_key_of(context.identity.signing_key)
    with reading(context.engine) as conn:
        rows = list(conn.exec_driver_sql("SELECT uuid, payload FROM certificates"))
    return _judge("every certificate is signed by this server", [u for u, p in rows if not _is_genuine(p, public_key)])


def _is_genuine(payload: str, public_key: bytes) -> bool:
    try:
        read_payload(payload, public_key)
    except NotGenuine:
        return False
    return True


def _free_disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    words = f"{free / (1 << 30):.1f} GiB free"
    return Check("free disk", free >= _LEAST_FREE_BYTES, words)


def _key(settings: Settings, context: ServerContext) -> Check:
    try:
        identity = read_identity(settings.identity_file)
    except BadIdentity as error:
        return _check("key readable", str(error))
    return _check("key readable", "" if identity == context.identity else "the identity file changed since the start")


def _journal_trouble(context: ServerContext, settings: Settings) -> str:
    with reading(context.engine) as conn:
        recorded = read_server(conn).journal_seq
    try:
        there = Journal(settings.journal_file).last_seq
    except BadJournal as error:
        return f"{error}: mails are held until mail release"
    if there < recorded:
        return f"the journal has {there} entries, the database knows of {recorded}: new mails are held"
    return ""


def _integrity(context: ServerContext) -> Check:
    if context.engine.dialect.name != "sqlite":
        return Check("database file is sound", ok=True, detail="PostgreSQL looks after its own files")
    with reading(context.engine) as conn:
        words = conn.exec_driver_sql("PRAGMA quick_check(5)").scalars().all()
        strays = conn.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_SHOWN)
    return _judge("database file is sound", [word for word in words if word != "ok"] + [str(row) for row in strays])
