"""The sample course as a server would answer it: what ``Look around`` shows without any server.

``python -m lms_server.operate.sample FOLDER PACKAGE…`` writes ``answer.json`` and ``blobs/`` into FOLDER.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lms_server.actions.context import ServerContext
from lms_server.actions.course_import import import_course
from lms_server.actions.installation import install
from lms_server.content.read import read_course
from lms_server.contract import wire
from lms_server.contract.ids import new_uuid4
from lms_server.contract.schema import lessons
from lms_server.contract.sqlite import writing
from lms_server.settings import read_settings
from lms_server.sync import exchange

# No server has this id: work can never be sent from the sample by mistake.
SAMPLE_SERVER = "00000000-0000-0000-0000-000000000000"
_FIXED_TIME = "2026-01-01T00:00:00.000Z"


def write_sample(folder: Path, packages: Sequence[Path]) -> None:
    """Import the packages into a server of the moment, and keep its answer to a guest who may read every lesson."""
    with tempfile.TemporaryDirectory() as temporary:
        context = install(read_settings({}, Path(temporary)), "LMS Desktop")
        for package in packages:
            import_course(context, read_course(package), publish=True)
        with writing(context.engine) as conn:
            conn.execute(lessons.update().values(is_free_preview=True))
        _write(context, folder)
        context.engine.dispose()


def _write(context: ServerContext, folder: Path) -> None:
    blobs = folder / "blobs"
    shutil.rmtree(folder, ignore_errors=True)
    blobs.mkdir(parents=True)
    request = wire.SyncRequest(
        v=wire.VERSION, request_id=new_uuid4(), server_id=context.identity.server_id, sent_at=_FIXED_TIME
    )
    answer = exchange(context, request, None)
    fixed = msgspec.structs.replace(
        answer,
        request_id=SAMPLE_SERVER,
        server_id=SAMPLE_SERVER,
        epoch=SAMPLE_SERVER,
        server_time=_FIXED_TIME,
        next=wire.Cursors("sample", None),
        settled=wire.Cursors("sample", None),
    )
    (folder / "answer.json").write_bytes(msgspec.json.format(msgspec.json.encode(fixed), indent=1) + b"\n")
    for sha256 in _files(answer.changes):
        (blobs / sha256).write_bytes(context.blobs.read(sha256))


def _files(changes: wire.Changes) -> set[str]:
    covers = {row.cover for row in changes.courses if row.cover}
    texts = {row.body.sha256 for row in changes.lessons if row.body}
    return covers | texts | {item.sha256 for row in changes.lessons for item in row.attachments}


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
