"""What screens read: one method a screen, at most three statements each, frozen rows out."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from lms_desktop.store import outbox as queue
from lms_desktop.store import queries, shown
from lms_desktop.store.drive import Risk, find_risk
from lms_desktop.store.files import Blobs, has_content
from lms_desktop.store.layout import has_learners
from lms_desktop.store.past_syncs import OK
from lms_desktop.store.profile import read_accounts
from lms_desktop.store.rows import (
    PARKED,
    PENDING,
    REJECTED,
    AccountRow,
    Attachment,
    Badge,
    CatalogPage,
    CertificateRow,
    CertificatesPage,
    CommandRow,
    CoursePage,
    CourseRow,
    DownloadRow,
    Found,
    Learner,
    LearnPage,
    LessonPage,
    LessonRow,
    Live,
    SyncPage,
    SyncRow,
)
from lms_desktop.store.search import search
from lms_desktop.store.tables import certificates, courses, enrollments, lessons, outbox, profile, syncs
from lms_desktop.store.trouble import as_storage_trouble
from lms_server.contract.commands import Command
from lms_server.contract.sqlite import reading

_LISTED = 200


class Views:
    """Reads of one profile; each opens its own snapshot and takes no lock."""

    def __init__(self, engine: Engine, folder: Path, blobs: Blobs) -> None:
        self._engine = engine
        self._folder = folder
        self._blobs = blobs
        self.live = Live()

    def learner(self) -> Learner:
        """Whose profile this is."""
        with self._reading() as conn:
            return queries.read_learner(conn)

    def learn(self) -> LearnPage:
        """My courses, and where to go on."""
        with self._reading() as conn:
            learner = queries.read_learner(conn)
            rows = conn.execute(queries.my_courses()).all()
            return shown.learn_page(learner, rows, partial(queries.read_outline, conn))

    def catalog(self, search: str = "", level: str | None = None, language: str | None = None) -> CatalogPage:
        """Every course that can be seen, filtered; ``search`` looks in titles and summaries, whatever the case."""
        with self._reading() as conn:
            rows = conn.execute(queries.select_courses(queries.visible()).order_by(courses.c.title, courses.c.id)).all()
        seen = [shown.course_row(row) for row in rows]
        languages = tuple(sorted({_root(course.language) for course in seen}))
        words = search.casefold().split()
        found = [
            course
            for course in seen
            if (level is None or course.level == level)
            and (language is None or _root(course.language) == language)
            and all(word in f"{course.title} {course.summary}".casefold() for word in words)
        ]
        return CatalogPage(len(seen), languages, tuple(found))

    def search(self, words: str) -> tuple[Found, ...]:
        """Lessons on this laptop that have all these words, the best first."""
        with as_storage_trouble():
            return search(self._engine, words)

    def course_by_slug(self, slug: str) -> CourseRow | None:
        """The course that the server named last with this slug."""
        with self._reading() as conn:
            query = queries.select_courses(queries.visible()).where(courses.c.slug == slug)
            row = conn.execute(query.order_by(courses.c.revision.desc()).limit(1)).one_or_none()
        return shown.course_row(row) if row is not None else None

    def course(self, uid: str) -> CoursePage | None:
        """A course with its outline; None when this laptop doesn't know it."""
        with self._reading() as conn:
            row = conn.execute(queries.select_courses(courses.c.uid == uid)).one_or_none()
            if row is None:
                return None
            outline = queries.read_outline(conn, row)
        course = shown.course_row(row)
        upcoming = next((lesson.uid for lesson in outline if not lesson.is_completed), None)
        return CoursePage(course, outline, upcoming)

    def lesson(self, uid: str) -> LessonPage | None:
        """A lesson's text with its course's outline; None when this laptop doesn't know it."""
        with self._reading() as conn:
            found = conn.execute(
                select(lessons.c.course_id, lessons.c.body, lessons.c.attachments).where(lessons.c.uid == uid)
            ).one_or_none()
            if found is None:
                return None
            course = conn.execute(queries.select_courses(courses.c.id == found.course_id)).one()
            outline = queries.read_outline(conn, course, also=uid)
        return self._lesson_page(shown.course_row(course), outline, uid, found)

    def certificates(self) -> CertificatesPage:
        """Certificates that are issued, and courses whose certificate is due."""
        with self._reading() as conn:
            rows = conn.execute(queries.CERTIFICATES.order_by(certificates.c.issued_at.desc())).all()
            mine = [
                shown.course_row(row) for row in conn.execute(queries.select_courses(enrollments.c.id.is_not(None)))
            ]
        held = tuple(self._certificate(row) for row in rows)
        return CertificatesPage(held, tuple(course for course in mine if course.certificate_is_due))

    def certificate_count(self) -> int:
        """How many certificates there are."""
        with self._reading() as conn:
            return int(conn.execute(queries.CERTIFICATE_COUNT).scalar_one())

    def has_courses(self) -> bool:
        """Whether a sync has brought any; after a rescue none has, whatever the learner did."""
        with self._reading() as conn:
            return conn.execute(queries.ANY_COURSE).first() is not None

    def sync(self) -> SyncPage:
        """What waits here, what waits on the server, what needs attention, and the last syncs."""
        with self._reading() as conn:
            place, last_ok_at, _ = queries.read_profile(conn)
            commands = conn.execute(queries.COMMANDS.order_by(outbox.c.seq.desc())).all()
            recent = conn.execute(select(syncs).order_by(syncs.c.id.desc()).limit(5)).all()
        by_state: dict[str, list[CommandRow]] = {PENDING: [], PARKED: [], REJECTED: []}
        for row in commands:
            by_state[row.state].append(queries.command_row(row))
        return SyncPage(
            attention=tuple(by_state[REJECTED]),
            pending=tuple(by_state[PENDING][:_LISTED]),
            pending_total=len(by_state[PENDING]),
            parked=tuple(by_state[PARKED][:_LISTED]),
            last_syncs=tuple(SyncRow(r.at, r.sent, r.received, r.outcome, r.attention) for r in recent),
            last_ok_at=last_ok_at,
            place=place,
        )

    def badge(self) -> Badge:
        """What the sync badge says."""
        live = self.live
        with self._reading() as conn:
            _, last_ok_at, needs_sign_in = queries.read_profile(conn)
            counts = queue.counts(conn)
        return shown.badge(live, counts, last_ok_at, needs_sign_in=needs_sign_in)

    def downloads(self) -> tuple[DownloadRow, ...]:
        """My courses with what of them is on this laptop."""
        with self._reading() as conn:
            rows = conn.execute(queries.select_courses(enrollments.c.id.is_not(None)).order_by(courses.c.title)).all()
            asked = {row.course_uid: row for row in conn.execute(queries.DOWNLOADS)}
        return tuple(shown.download_row(shown.course_row(row), asked.get(row.uid), self.live) for row in rows)

    def under_way(self) -> tuple[DownloadRow, ...]:
        """Of these, the downloads that were asked for and aren't done."""
        with self._reading() as conn:
            asked = {row.course_uid: row for row in conn.execute(queries.DOWNLOADS)}
            wanted = asked.keys() | ({self.live.download.course_uid} if self.live.download else set())
            rows = conn.execute(queries.select_courses(queries.enrolled_in(wanted))).all() if wanted else []
        found = (shown.download_row(shown.course_row(row), asked.get(row.uid), self.live) for row in rows)
        return tuple(row for row in found if row.state != "done")

    def risk(self) -> Risk | None:
        """What is to be feared where this profile lies."""
        return find_risk(self._folder)

    def room_taken(self) -> int:
        """Bytes that the course files of all learners take on this laptop."""
        return sum(stat.st_size for _, stat in self._blobs.all())

    def accounts(self) -> tuple[AccountRow, ...]:
        """Everybody who has a profile on this laptop, with how much of their work is unsent."""
        return read_accounts(self._folder.parent.parent, self._folder)

    def has_learners(self) -> bool:
        """Whether anybody but guests has a profile on this laptop."""
        return has_learners(self._folder.parent.parent)

    def counts(self) -> dict[str, int]:
        """How many commands are pending, parked and rejected."""
        with self._reading() as conn:
            return queue.counts(conn)

    def unsettled(self) -> list[Command]:
        """Every command that the server hasn't acknowledged, for an export."""
        with self._reading() as conn:
            return queue.unacknowledged(conn)

    def status(self) -> dict[str, Any]:
        """The profile's own numbers: acknowledged, epoch, last_sync_at, attention, and the last sync's trouble."""
        with self._reading() as conn:
            row = conn.execute(select(profile)).one()
            bad = conn.execute(queries.COMMANDS.where(outbox.c.state == REJECTED).order_by(outbox.c.seq)).all()
            last = conn.execute(select(syncs.c.outcome).order_by(syncs.c.id.desc()).limit(1)).scalar()
        return {
            # What is offered again counts as sent when it is answered; it may have been clicked on another laptop.
            "acknowledged": max(row.acknowledged, 0),
            "epoch": row.epoch,
            "last_sync_at": row.last_sync_at,
            "needs_sign_in": row.needs_sign_in,
            "attention": [{"id": r.command_id, "kind": r.kind, "code": r.code} for r in bad],
            "trouble": None if last == OK else last,
        }

    def certificate_files(self) -> list[tuple[str, str | None]]:
        """Each certificate's uuid with the SHA-256 of its PDF, once the server knows it."""
        with self._reading() as conn:
            return [tuple(row) for row in conn.execute(select(certificates.c.uuid, certificates.c.pdf_sha256))]

    def _lesson_page(self, course: CourseRow, outline: tuple[LessonRow, ...], uid: str, found: Any) -> LessonPage:
        index = next(i for i, row in enumerate(outline) if row.uid == uid)
        body = self._blobs.read(found.body) if found.body else None
        attachments = tuple(self._attachment(item) for item in queries.FILES.decode(found.attachments))
        return LessonPage(
            course=course,
            lessons=outline,
            lesson=outline[index],
            html=body.decode("utf-8", "replace") if body is not None else None,
            attachments=attachments,
            previous_uid=outline[index - 1].uid if index > 0 else None,
            next_uid=outline[index + 1].uid if index + 1 < len(outline) else None,
        )

    def _attachment(self, item: dict[str, Any]) -> Attachment:
        return Attachment(item["path"], item["sha256"], item["size"], item["type"], self._blobs.has(item["sha256"]))

    def _certificate(self, row: Any) -> CertificateRow:
        file = self._folder / "certificates" / f"{row.uuid}.pdf"
        return CertificateRow(
            uuid=row.uuid,
            course_uid=row.course_uid,
            course_title=row.course_title,
            learner_name=row.learner_name,
            cover=row.cover,
            completed_at=row.completed_at,
            issued_at=row.issued_at,
            payload=row.payload,
            file=str(file) if has_content(file, row.pdf_sha256) else None,
            course_slug=row.course_slug,
        )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with as_storage_trouble(), reading(self._engine) as conn:
            yield conn


def _root(language: str) -> str:
    """The language without its country: who looks for Arabic means every Arabic."""
    return language.partition("-")[0]
