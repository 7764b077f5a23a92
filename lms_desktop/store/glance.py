"""A look at a profile that somebody else has open, or on a disk that takes nothing: all reading, no writing."""

from pathlib import Path

from sqlalchemy import Engine

from lms_desktop.store.errors import StorageTrouble
from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.queries import read_profile
from lms_desktop.store.rescue import Notice
from lms_desktop.store.rows import Learner, Place
from lms_desktop.store.trouble import as_storage_trouble
from lms_desktop.store.views import Views
from lms_server.contract.sqlite import open_sqlite, reading
from lms_server.contract.times import now_ms


class Glance:
    """One profile, read beside its owner, who keeps the lock and says what there is to say; or as it lies there."""

    notice: Notice | None = None

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        """Raises StorageTrouble when there is nothing that can be read."""
        self._engine = open_sqlite(folder / DATABASE, read_only=True)
        try:
            self.place: Place = _read_place(self._engine)
        except StorageTrouble:
            self._engine.dispose()
            if not _lies_still(folder):
                raise
            self._engine = open_sqlite(folder / DATABASE, read_only=True, unchanging=True)
            self.place = _read_place(self._engine)
        self.views = Views(self._engine, folder, blobs)

    @property
    def learner(self) -> Learner:
        """Whose profile this is."""
        return self.views.learner()

    def now(self) -> int:
        """The laptop's clock, in milliseconds."""
        return now_ms()

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _read_place(engine: Engine) -> Place:
    with as_storage_trouble(), reading(engine) as conn:
        return read_profile(conn)[0]


def _lies_still(folder: Path) -> bool:
    """Whether all is in the one file, as a profile that was closed lies: it needs no room beside it to be read."""
    log = folder / f"{DATABASE}-wal"
    return not log.exists() or log.stat().st_size == 0
