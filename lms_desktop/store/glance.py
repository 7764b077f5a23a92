"""A look at a profile that somebody else has open, the window mostly: everything that reads, nothing that writes."""

from pathlib import Path

from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.profile import said_plainly
from lms_desktop.store.queries import read_profile
from lms_desktop.store.rescue import Notice
from lms_desktop.store.rows import Learner, Place
from lms_desktop.store.views import Views
from lms_server.contract.sqlite import open_sqlite, reading
from lms_server.contract.times import now_ms


class Glance:
    """One profile, read beside its owner, who keeps the lock and says what there is to say."""

    notice: Notice | None = None

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        """Raises StorageTrouble when there is nothing that can be read."""
        self._engine = open_sqlite(folder / DATABASE, read_only=True)
        self.views = Views(self._engine, folder, blobs)
        with said_plainly(), reading(self._engine) as conn:
            self.place: Place = read_profile(conn)[0]

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
