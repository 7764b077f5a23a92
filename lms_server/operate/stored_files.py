"""Whether the files of lessons and certificates are on the disk as they were kept, and how to get them back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest

from lms_server.actions.context import ServerContext
from lms_server.content.blobs import Blobs
from lms_server.contract.sqlite import reading

# Every file that something names, with one that names it; a course's comes before a certificate's.
_NAMED = """
    SELECT named.sha256, min(b.size), min(named.what) FROM (
        SELECT u.sha256, 'course ' || c.slug AS what FROM blob_uses u JOIN courses c ON c.id = u.course_id
        UNION ALL SELECT l.body, 'course ' || c.slug FROM lessons l JOIN courses c ON c.id = l.course_id
        WHERE l.body IS NOT NULL
        UNION ALL SELECT x.pdf_sha256, 'the PDF of certificate ' || x.uuid FROM certificates x
        WHERE x.pdf_sha256 IS NOT NULL
    ) AS named LEFT JOIN blobs b ON b.sha256 = named.sha256
    GROUP BY named.sha256 ORDER BY min(named.what), named.sha256"""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file by its hash, the size that it was kept with, and what it belongs to."""

    sha256: str
    size: int | None
    what: str


def named_files(context: ServerContext) -> list[StoredFile]:
    """Every file that a course or a certificate names."""
    with reading(context.engine) as conn:
        return [StoredFile(*row) for row in conn.exec_driver_sql(_NAMED)]


def missing(blobs: Blobs, files: Sequence[StoredFile]) -> str:
    """Those that aren't there, in words; empty when all are."""
    gone = [file for file in files if not blobs.has(file.sha256)]
    return _told(blobs, gone, "Import their courses again; PDFs are made again when somebody asks for them.")


def damaged(blobs: Blobs, files: Sequence[StoredFile], *, deep: bool) -> str:
    """Those of another size than they were kept with, and with ``deep`` of other content; empty when all are well."""
    there = [file for file in files if blobs.has(file.sha256)]
    advice = (
        "Look after the disk. Delete these files, then import their courses again;"
        " PDFs are made again when somebody asks for them."
    )
    return _told(blobs, [file for file in there if not _is_whole(blobs, file, deep=deep)], advice)


def _is_whole(blobs: Blobs, file: StoredFile, *, deep: bool) -> bool:
    try:
        if file.size is not None and blobs.path(file.sha256).stat().st_size != file.size:
            return False
        return not deep or _digest(blobs, file.sha256) == file.sha256
    except OSError:
        # What the disk won't read is as bad as what it read wrongly.
        return False


def _digest(blobs: Blobs, sha256: str) -> str:
    with blobs.path(sha256).open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _told(blobs: Blobs, files: Sequence[StoredFile], advice: str) -> str:
    return " ".join([*_lines(blobs, files), advice]) if files else ""


def _lines(blobs: Blobs, files: Sequence[StoredFile]) -> Iterator[str]:
    shown = [f"{blobs.path(file.sha256)} ({file.what})" for file in files[:_SHOWN]]
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    yield f"{', '.join(shown)}{more}."
