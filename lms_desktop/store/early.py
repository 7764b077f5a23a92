"""A profile that is shown before it is open: the first sight answers until the store does."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import has_learners
from lms_desktop.store.rows import Badge, DownloadRow, Learner, LearnPage, Place, Topic
from lms_desktop.store.sight import Sight

if TYPE_CHECKING:
    from lms_desktop.store.drive import Risk
    from lms_desktop.store.store import Store
    from lms_server.contract.commands import Click

Listener = Callable[[frozenset[Topic]], None]


class EarlyShelf:
    """Whoever wants more of it than the first frame shows waits until it is open. Raises StorageTrouble then."""

    def __init__(self, seen: Sight, blobs: Blobs, hurry: Callable[[], object]) -> None:
        """``hurry`` sees to it that the store is opened now, which else has time until the first frame stands."""
        self.folder: Path = seen.folder
        self._seen = seen
        self._blobs = blobs
        self._opened: Future[Store] = Future()
        self._hurry = hurry
        self._listeners: list[Listener] = []
        self.views = EarlyViews(seen, self._store, self._opened)

    def arrive(self, store: "Store") -> None:
        """The store is open; opening it may have mended what the first sight saw, so everything is read again."""
        store.subscribe(self._tell)
        self._opened.set_result(store)
        self._tell(frozenset(Topic))

    def fail(self, trouble: BaseException) -> None:
        """It didn't open."""
        self._opened.set_exception(trouble)

    @property
    def learner(self) -> Learner:
        return self._store().learner if _is_open(self._opened) else self._seen.learner

    @property
    def place(self) -> Place:
        return self._store().place if _is_open(self._opened) else self._seen.place

    @property
    def public_key_bytes(self) -> bytes:
        return self._store().public_key_bytes

    def blob(self, sha256: str) -> bytes | None:
        return self._blobs.read(sha256)

    def record(self, command: "Click") -> str:
        return self._store().record(command)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def _store(self) -> "Store":
        self._hurry()
        return self._opened.result()

    def _tell(self, topics: frozenset[Topic]) -> None:
        for listener in tuple(self._listeners):
            listener(topics)


class EarlyViews:
    """The reads of the first frame at once, all others when the store is open."""

    def __init__(self, seen: Sight, store: "Callable[[], Store]", opened: "Future[Store]") -> None:
        self._seen = seen
        self._store = store
        self._opened = opened

    def learn(self) -> LearnPage:
        return self._views().learn() if _is_open(self._opened) else self._seen.learn

    def badge(self) -> Badge:
        return self._views().badge() if _is_open(self._opened) else self._seen.badge

    def under_way(self) -> tuple[DownloadRow, ...]:
        return self._views().under_way() if _is_open(self._opened) else self._seen.under_way

    def certificate_count(self) -> int:
        return self._views().certificate_count() if _is_open(self._opened) else self._seen.certificate_count

    def has_courses(self) -> bool:
        return self._views().has_courses() if _is_open(self._opened) else self._seen.has_courses

    def risk(self) -> "Risk | None":
        # Told when the profile is open: the first frame doesn't wait for a look around its folder.
        return self._views().risk() if _is_open(self._opened) else None

    def has_learners(self) -> bool:
        return has_learners(self._seen.folder.parent.parent)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def read(*given: Any, **named: Any) -> Any:
            return getattr(self._views(), name)(*given, **named)

        return read

    def _views(self) -> Any:
        return self._store().views


def _is_open(opened: "Future[Store]") -> bool:
    return opened.done() and opened.exception() is None
