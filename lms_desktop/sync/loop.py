"""The sync thread: sleeps until there is something to send, a click asks, or a try is due."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lms_desktop.settings import Device
from lms_desktop.store import unused, wanted
from lms_desktop.store.errors import StorageTrouble
from lms_desktop.store.rows import Live, LiveDownload, Topic
from lms_desktop.store.store import Store
from lms_desktop.sync import schedule
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.downloads import Download, Incomplete, Stopped, bring
from lms_desktop.sync.errors import Offline, ServerTrouble, SignedOut, Trouble
from lms_desktop.sync.session import Report, Session

log = logging.getLogger(__name__)

# Without news of our own, the server's are asked for this often.
_IDLE_S = 5 * 60.0
_JOIN_S = 5.0


@dataclass
class SyncLoop:
    """One profile's thread. ``start`` and ``stop`` it; ``wake`` it for a sync now."""

    store: Store
    device: Device
    credentials: Credentials
    connect: Callable[[str, str | None], Client] = Client
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _failures: int = 0
    _paused: set[str] = field(default_factory=set)
    _has_cleaned: bool = False
    _thread: threading.Thread | None = None
    _client: Client | None = None

    def start(self) -> None:
        """Begin; the first sync starts at once."""
        self._end_listening = self.store.subscribe(self._on_change)
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the exchange under way; nothing is lost by not waiting longer."""
        self._end_listening()
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def wake(self) -> None:
        """Sync now, whatever was planned."""
        self._failures = 0
        self._wake.set()

    def reconnect(self) -> None:
        """The learner signed in again: take the new token and go on."""
        self._client = None
        self.wake()

    def download(self, course_uid: str) -> None:
        """Fetch a course's files, after those asked for before."""
        self._paused.discard(course_uid)
        wanted.ask(self.store, course_uid, "queued")
        self._wake.set()

    def pause(self, course_uid: str) -> None:
        """Stop fetching for now; what has come stays."""
        self._paused.add(course_uid)
        wanted.ask(self.store, course_uid, "paused")

    def cancel(self, course_uid: str) -> None:
        """Stop fetching for good; what has come stays until it is removed."""
        self._paused.add(course_uid)
        wanted.forget(self.store, course_uid)

    def _on_change(self, topics: frozenset[Topic]) -> None:
        # Our own commands wake the loop; what a sync itself changed must not.
        if Topic.OUTBOX in topics and threading.current_thread() is not self._thread:
            self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            wait_s = self._once()
            self._wake.wait(wait_s)
        if self._client is not None:
            self._client.close()

    def _once(self) -> float:
        """One sync and what downloads are asked for; returns how long to sleep then."""
        try:
            report = self._sync()
            self._download_all()
            self._clean(report)
        except SignedOut:
            self.store.show(Live())
            return _IDLE_S
        except Trouble as trouble:
            return self._plan_retry(trouble)
        except StorageTrouble:
            log.warning("The disk didn't take what the server sent; trying again later", exc_info=True)
            self.store.show(Live())
            return schedule.LONGEST_S
        except Exception:
            # A bug ends one try, never the thread: the learner's next click must still be sent.
            log.exception("A sync failed")
            self.store.show(Live())
            return schedule.LONGEST_S
        self._failures = 0
        self.store.show(Live())
        return _IDLE_S

    def _sync(self) -> Report:
        token = self.credentials.read()
        if token is None and not self.store.learner.is_guest:
            self.store.note_sign_in(needed=True)
            raise SignedOut("Sign in to send your work.")
        if self._client is None:
            self._client = self.connect(self.store.place.url, token)
        return Session(self.store, self._client, self.device, self._on_progress).run()

    def _download_all(self) -> None:
        for course_uid, state in wanted.asked_for(self.store):
            if state in {"queued", "running"} and self._client is not None and not self._has_calls():
                self._download(self._client, course_uid)

    def _has_calls(self) -> bool:
        """Somebody waits: what a learner does goes before what is downloaded."""
        return self._wake.is_set() or self._stop.is_set()

    def _clean(self, report: Report) -> None:
        """After news of courses, and once at the start, what nobody needs any more goes."""
        if not self._has_calls() and (report.received or not self._has_cleaned):
            unused.clean(self.store)
            self._has_cleaned = True

    def _download(self, client: Client, course_uid: str) -> None:
        def on_progress(done: int, total: int, bytes_per_s: int) -> None:
            self.store.show(Live(download=LiveDownload(course_uid, done, total, bytes_per_s)))

        def is_wanted() -> bool:
            return course_uid not in self._paused and not self._has_calls()

        try:
            bring(Download(self.store, client, course_uid, on_progress, is_wanted))
        except Stopped:
            log.debug("The download of %s waits", course_uid)
        except (StorageTrouble, Incomplete):
            # The next course may have more luck; the page says why this one hasn't.
            log.info("The download of %s failed", course_uid, exc_info=True)
        finally:
            self.store.show(Live())

    def _plan_retry(self, trouble: Trouble) -> float:
        self._failures += 1
        retry_after = trouble.retry_after_s if isinstance(trouble, ServerTrouble) else None
        wait_s = schedule.wait_s(self._failures, random.random(), retry_after)  # noqa: S311 # spreads laptops out
        if isinstance(trouble, Offline):
            self.store.show(Live(is_offline=True))
        else:
            self.store.show(Live(retry_at=int((time.time() + wait_s) * 1000)))
        return wait_s

    def _on_progress(self, _sent: int, total: int) -> None:
        self.store.show(Live(sending=total))
