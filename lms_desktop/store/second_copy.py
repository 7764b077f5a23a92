"""Keeps the journal beside the database in step with the outbox: both hold what the server hasn't acknowledged."""

import logging
from collections.abc import Iterable

from lms_desktop.store import outbox, rescue
from lms_desktop.store.database import Database
from lms_desktop.store.journal import JOURNAL, Journal, begin_journal
from lms_desktop.store.settle import Settled
from lms_desktop.store.trouble import as_storage_trouble
from lms_server.contract.commands import Command

log = logging.getLogger(__name__)

_BEHIND = "The journal beside the database is behind; it is written anew with the next click"


class SecondCopy:
    """The journal of one open profile. Its callers hold the database's turn."""

    def __init__(self, database: Database) -> None:
        """Bring both copies together. Raises StorageTrouble."""
        self._database = database
        self._file = database.folder / JOURNAL
        database.when_replaced = self.open
        database.with_room(self.open)

    def open(self) -> None:
        """Read the journal: what only one of the two copies knows, the other learns."""
        with as_storage_trouble():
            begin_journal(self._file)
            self._journal = Journal(self._file)
        if self._journal.commands:
            with self._database.writing() as conn:
                rescue.requeue(conn, list(self._journal.commands.values()))
        self._follow_outbox()

    def note(self, commands: Iterable[Command]) -> None:
        """Write down commands that are in the outbox by now."""
        try:
            self._journal.add(commands)
        except OSError as error:
            # They are durable in the database, and the next note writes the whole journal anew. Whoever typed the
            # command reads this.
            log.warning("The journal beside the database couldn't be written; this is saved all the same: %s", error)

    def settle(self, settled: Settled) -> None:
        """Follow what an answer did to the outbox."""
        if settled.offers_again:
            self._follow_outbox()
            return
        try:
            self._journal.settle(settled.dropped)
        except OSError:
            log.info(_BEHIND)

    def _follow_outbox(self) -> None:
        with self._database.reading() as conn:
            ids = outbox.known_ids(conn)
            new = outbox.unacknowledged(conn) if ids - self._journal.commands.keys() else []
        try:
            self._journal.add(command for command in new if command.id not in self._journal.commands)
            self._journal.settle(self._journal.commands.keys() - ids)
        except OSError:
            log.info(_BEHIND)
