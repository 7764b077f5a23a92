"""Figures for Prometheus, counted when asked."""

import shutil

from lms_server.actions.context import ServerContext
from lms_server.contract.sqlite import reading

_COUNTS = {
    "lms_users": "SELECT count(*) FROM users",
    "lms_courses": "SELECT count(*) FROM courses WHERE deleted_at IS NULL",
    "lms_enrollments": "SELECT count(*) FROM enrollments",
    "lms_completions": "SELECT count(*) FROM lesson_progress WHERE completed_at IS NOT NULL",
    "lms_certificates": "SELECT count(*) FROM certificates",
    "lms_receipts": "SELECT count(*) FROM receipts",
    "lms_parked": "SELECT count(*) FROM parked",
}
_JOBS = "SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state"


def figures(context: ServerContext) -> str:
    """The exposition text, one snapshot of the database."""
    with reading(context.engine) as conn:
        lines = [f"{name} {conn.exec_driver_sql(sql).scalar_one()}" for name, sql in _COUNTS.items()]
        for kind, state, count in conn.exec_driver_sql(_JOBS):
            lines.append(f'lms_jobs{{kind="{kind}",state="{state}"}} {count}')
    folder = next(path for path in (context.blobs.root, *context.blobs.root.parents) if path.is_dir())
    lines.append(f"lms_disk_free_bytes {shutil.disk_usage(folder).free}")
    return "\n".join(lines) + "\n"
