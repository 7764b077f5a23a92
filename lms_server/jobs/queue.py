"""The queue of work that follows from a commit; one row per kind and key, for ever."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from lms_server.contract.upsert import insert_into
from lms_server.database.tables import jobs

# Kind, key, payload, and when to run it at the earliest.
NewJob = tuple[str, str, Mapping[str, Any], int]


def enqueue_all(conn: Connection, new: Sequence[NewJob]) -> None:
    """Queue jobs in the caller's transaction, each once by its unique (kind, key); one statement for any number."""
    rows = [
        {"kind": kind, "key": key, "payload": json.dumps(payload), "run_at": run_at}
        for kind, key, payload, run_at in new
    ]
    if rows:
        conn.execute(insert_into(conn, jobs).on_conflict_do_nothing(), rows)
