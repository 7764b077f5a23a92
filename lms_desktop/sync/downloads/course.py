"""One course's download: what is missing, in which order, and how it ended."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from lms_desktop.store import wanted
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.store import Store
from lms_desktop.store.trouble import as_storage_trouble
from lms_desktop.store.wanted import File, LessonFiles
from lms_desktop.sync.client import Client
from lms_desktop.sync.downloads.large import fetch_large
from lms_desktop.sync.downloads.line import Line, OnProgress, Progress, Stopped
from lms_desktop.sync.downloads.small import batches, fetch_batch
from lms_desktop.sync.errors import ServerTrouble, Trouble

AT_ONCE = 4
_LARGE_BYTES = 1024 * 1024
# Room that the database and the system keep whatever is downloaded.
_SPARE_BYTES = 64 * 1024 * 1024
# What came garbled is asked for again, but a server that never has it right isn't asked for ever.
_TRIES = 3
_POLL_S = 0.3


class Incomplete(ServerTrouble):
    """The server doesn't have some of the course's files: trying again at once won't help."""

    code = "incomplete"


@dataclass
class Download:
    """One course's files. ``is_wanted`` false stops it, and the next one goes on from there."""

    store: Store
    client: Client
    course_uid: str
    on_progress: OnProgress | None = None
    is_wanted: Callable[[], bool] = lambda: True
    _waiting: "_Waiting" = field(init=False)

    def run(self) -> int:
        """Fetch what is missing and return how many bytes came. Only one download writes at a time on a laptop.

        Raises Stopped, Trouble and StorageTrouble; what has arrived stays, and the next run goes on from there.
        """
        lessons = wanted.lessons_of(self.store, self.course_uid)
        self._waiting = _Waiting(self.store, lessons)
        line = Line(
            self.client, self.store.blobs, Progress(self.on_progress), self.is_wanted, self._waiting.note_landed
        )
        with as_storage_trouble(), self._turn():
            wanted.note_arrivals(self.store, lessons)
            for _ in range(_TRIES):
                missing = self._missing(lessons)
                if not missing:
                    break
                self._check_room(missing)
                line.progress.begin(sum(file.size for file in missing))
                line.progress.tell()
                _fetch_all(line, missing)
            wanted.note_arrivals(self.store, wanted.lessons_of(self.store, self.course_uid))
            line.progress.tell()
        if still := wanted.missing(self.store, lessons):
            raise Incomplete(f"The server didn't send {len(still)} of the course's files. Sync, then try again.")
        return line.progress.received

    def _missing(self, lessons: Sequence[LessonFiles]) -> list[File]:
        files = wanted.missing(self.store, lessons)
        cover = wanted.cover_of(self.store, self.course_uid)
        has_cover = cover is None or self.store.blobs.has(cover) or any(file.sha256 == cover for file in files)
        # The cover's size isn't announced.
        return files if cover is None or has_cover else [File(cover, 0), *files]

    def _check_room(self, missing: Sequence[File]) -> None:
        parts = [self.store.blobs.part(file.sha256) for file in missing]
        here = sum(part.stat().st_size for part in parts if part.exists())
        needed = sum(file.size for file in missing) - here
        if needed + _SPARE_BYTES > self.store.blobs.free_bytes():
            raise StorageTrouble(Storage.FULL, "There isn't enough room on the disk for this course.")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait while another learner's window or a command downloads: two would write the same parts."""
        with ExitStack() as turn:
            while True:
                try:
                    turn.enter_context(self.store.blobs.downloading())
                    break
                except BlockingIOError:
                    if not self.is_wanted():
                        raise Stopped from None
                    time.sleep(_POLL_S)
            yield


def bring(download: Download) -> int:
    """Run a download that was asked for, and note how it ended where a restart finds it. Raises as ``run`` does."""
    store, uid = download.store, download.course_uid
    if not wanted.begin(store, uid):
        raise Stopped
    try:
        size = download.run()
    except StorageTrouble as trouble:
        wanted.end(store, uid, "failed", "disk_full" if trouble.code is Storage.FULL else trouble.code)
        raise
    except Incomplete as trouble:
        wanted.end(store, uid, "failed", trouble.code)
        raise
    except Trouble as trouble:
        # It is tried again by itself.
        wanted.end(store, uid, "queued", trouble.code)
        raise
    wanted.forget(store, uid)
    return size


def _fetch_all(line: Line, missing: Sequence[File]) -> None:
    """All of it over at most four connections; small files one batch after the other, so lessons come whole."""
    small = [file for file in missing if file.size <= _LARGE_BYTES]
    jobs: deque[Callable[[], None]] = deque([partial(_fetch_small, line, small)] if small else [])
    jobs.extend(partial(fetch_large, line, file) for file in missing if file.size > _LARGE_BYTES)
    errors: list[BaseException] = []
    # A pool's threads would hold up the program's end for as long as a server doesn't answer.
    lanes = [
        threading.Thread(target=_work, args=(line, jobs, errors), name=f"download-{number}", daemon=True)
        for number in range(min(AT_ONCE, len(jobs)))
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    if errors:
        # What broke the line, not what ended because of it.
        raise next((error for error in errors if not isinstance(error, Stopped)), errors[0])


def _work(line: Line, jobs: deque[Callable[[], None]], errors: list[BaseException]) -> None:
    while not line.broken.is_set():
        try:
            job = jobs.popleft()
        except IndexError:
            return
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - who waits for the lanes raises it
            line.broken.set()
            errors.append(error)


def _fetch_small(line: Line, files: Sequence[File]) -> None:
    for batch in batches(files):
        fetch_batch(line, batch)


class _Waiting:
    """Which lessons wait for which files, so that each is marked as soon as its last one is here."""

    def __init__(self, store: Store, lessons: Sequence[LessonFiles]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._by_file: dict[str, list[LessonFiles]] = {}
        for lesson in lessons:
            for file in lesson.files:
                if not lesson.is_here:
                    self._by_file.setdefault(file.sha256, []).append(lesson)

    def note_landed(self, names: Sequence[str]) -> None:
        """These files are kept now."""
        with self._lock:
            touched = {lesson.uid: lesson for name in names for lesson in self._by_file.pop(name, [])}
            wanted.note_arrivals(self._store, list(touched.values()))
