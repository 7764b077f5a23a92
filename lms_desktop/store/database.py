"""A profile's open database: writers take turns, and what a failing disk does to it is noticed and mended."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, event

from lms_desktop.store import ballast, profile, rescue
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.trouble import as_storage_trouble, storage_code
from lms_server.contract.sqlite import reading, writing

log = logging.getLogger(__name__)

T = TypeVar("T")


class Database:
    """Every write and every read of one profile goes through here.

    ``turn`` is held by whoever writes; who holds it can do several things before another writer's turn comes.
    ``when_replaced`` is called after a damaged file gave way to a new one, by the writer whose turn it is.
    """

    engine: Engine

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        """Open it; a damaged file is replaced first. Raises StorageTrouble."""
        self.folder = folder
        self.turn = threading.RLock()
        self.when_replaced: Callable[[], None] | None = None
        self._clock = clock
        # What an error said of the file; mended before the next write.
        self._sickness: Storage | None = None
        # Even reading needs a little room: for the index of the write-ahead log.
        self.with_room(self._open)

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(StorageTrouble), self.turn:
            self._mend()
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot. Raises StorageTrouble."""
        with as_storage_trouble(), reading(self.engine) as conn:
            yield conn

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction, committed when the block ends. Raises StorageTrouble, and then nothing was stored."""
        # One writer at a time: two made each other wait up to a second, and the click with them.
        with as_storage_trouble(), self.turn:
            self._mend()
            try:
                with writing(self.engine) as conn:
                    yield conn
            except Exception as error:
                # The engine doesn't tell of what a new connection ran into.
                self._note_sickness(error)
                raise
            finally:
                self._mend()

    def with_room(self, work: Callable[[], T]) -> T:
        """Do what must not wait for room: on a full disk the reserve is given up for it."""
        while True:
            try:
                return work()
            except StorageTrouble as trouble:
                if trouble.code is not Storage.FULL or not ballast.release(self.folder):
                    raise

    def _open(self) -> None:
        try:
            self.engine = profile.open_database(self.folder)
        except StorageTrouble as trouble:
            if trouble.code is not Storage.DAMAGED:
                raise
            rescue.rescue(self.folder, self._clock())
            self.engine = profile.open_database(self.folder)
        event.listen(self.engine, "handle_error", self._hear_error)

    def _hear_error(self, context: ExceptionContext) -> None:
        self._note_sickness(context.original_exception)

    def _note_sickness(self, error: BaseException) -> None:
        name = getattr(error, "sqlite_errorname", "") or ""
        if storage_code(error) is Storage.DAMAGED:
            self._sickness = Storage.DAMAGED
        elif name.startswith("SQLITE_IOERR") and self._sickness is None:
            self._sickness = Storage.TROUBLE

    def _mend(self) -> None:
        """After an error of the disk: never the same connections again, and never a damaged file."""
        sickness = self._sickness
        if sickness is None:
            return
        self.engine.dispose()
        if sickness is Storage.DAMAGED:
            log.warning("The database is damaged; a new one is made from what is known")
            rescue.rescue(self.folder, self._clock())
            # What is called writes, and must not mend again.
            self._sickness = None
            if self.when_replaced is not None:
                self.when_replaced()
        self._sickness = None
