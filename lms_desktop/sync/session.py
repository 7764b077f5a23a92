"""One sync: exchanges until both sides have everything, then the certificates' files."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from lms_desktop.settings import Device
from lms_desktop.store.errors import StorageTrouble
from lms_desktop.store.settle import Cursors, Settled
from lms_desktop.store.store import Store
from lms_desktop.sync.beside import Start, at_once, beside
from lms_desktop.sync.client import Client
from lms_desktop.sync.errors import NotTaken, Offline, ServerTrouble, SignedOut, TooLarge, Trouble
from lms_server.contract import wire
from lms_server.contract.command_json import write_command
from lms_server.contract.commands import Code, Command, Outcome
from lms_server.contract.ids import new_uuid4
from lms_server.contract.times import to_wire

APP_VERSION = "0.1.0"
DEADLINE_S = 15 * 60.0
# A server that says "more" and never moves is in trouble.
_MOST_EXCHANGES = 10_000
# What these come to, and the certificates that they earn, fits on one page of the answer.
_BATCH = wire.PAGE_ROWS - 100
# Requests' worth of commands that are read from the outbox at once.
_READ_AHEAD = 5


@dataclass
class Report:
    """What a sync came to."""

    sent: int = 0
    applied: int = 0
    duplicate: int = 0
    parked: int = 0
    rejected: int = 0
    received: int = 0
    digests_agree: bool | None = None

    def count(self, results: Sequence[wire.Result]) -> None:
        """Add an answer's outcomes."""
        self.sent += len(results)
        for outcome, times in Counter([result.outcome for result in results]).items():
            if outcome in _COUNTED:
                setattr(self, outcome, getattr(self, outcome) + times)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request sends, and the same as it travels."""

    commands: Sequence[Command]
    written: list[Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was sent with these anchors, and the answer that comes some time."""

    carried: Cursors
    commands: Sequence[Command]
    answer: Future[wire.SyncAnswer]


@dataclass
class Session:
    """One run against one server. ``on_progress`` hears (sent, to send)."""

    store: Store
    client: Client
    device: Device
    on_progress: Callable[[int, int], None] | None = None
    beside: Start[wire.SyncAnswer] = beside
    report: Report = field(default_factory=Report)
    _limit: int = _BATCH
    _told_to_wait: set[str | None] = field(default_factory=set)
    # Read from the outbox already, to be sent with the next requests.
    _ahead: list[Command] = field(default_factory=list)

    def run(self) -> Report:
        """Send and receive until nothing is left either way. Raises Trouble, StorageTrouble; the queue is safe."""
        outcome = "failed"
        try:
            self._exchange_all()
            self.fetch_certificates()
            outcome = "ok"
        except StorageTrouble:
            outcome = "storage"
            raise
        except Trouble as trouble:
            outcome = trouble.code
            if isinstance(trouble, SignedOut):
                self.store.note_sign_in(needed=True)
            raise
        finally:
            self.store.note_sync(sent=self.report.sent, received=self.report.received, outcome=outcome)
        return self.report

    def fetch_certificates(self) -> None:
        """Fetch the PDFs that aren't here yet; one that can't be had now comes next time."""
        for uuid in self.store.missing_certificates():
            self.store.keep_certificate_file(uuid, self.client.certificate_pdf(uuid))

    def _exchange_all(self) -> None:
        end = time.monotonic() + DEADLINE_S
        total = self.store.views.counts()["pending"] if self.on_progress is not None else 0
        pulled_all = False
        asked: Asked | None = None
        for _ in range(_MOST_EXCHANGES):
            if time.monotonic() > end:
                raise Offline("The network is too slow to finish; trying again later.")
            if self.on_progress is not None:
                self.on_progress(self.report.sent, total)
            if asked is None:
                asked = self._ask_from_stored()
            asked, is_last = self._exchange(asked)
            if asked is not None or not is_last:
                continue
            if self.report.digests_agree is False and not pulled_all:
                pulled_all = True
                self.store.ask_for_everything()
                continue
            return
        raise ServerTrouble("The server never comes to an end.")

    def _ask_from_stored(self) -> Asked:
        self._ahead.clear()
        carried, commands = self.store.outgoing(self._limit)
        # What one request can hold isn't worth a thread.
        return self._ask(carried, _batch(commands), self.beside if len(commands) == self._limit else at_once)

    def _ask(self, carried: Cursors, batch: Batch, start: Start[wire.SyncAnswer]) -> Asked:
        request = self._request(carried, batch.written)
        return Asked(carried, batch.commands, start(lambda: self.client.sync(request)))

    def _exchange(self, asked: Asked) -> tuple[Asked | None, bool]:
        """Take in an answer. Returns the request that is under way by then, and whether nothing more is to be asked."""
        upcoming = self._batch_after(asked.commands)
        try:
            answer = asked.answer.result()
        except TooLarge:
            self._halve(asked.commands)
            return None, False
        except NotTaken:
            self._find_poison(asked.carried, asked.commands)
            return None, False
        _check_progress(asked.carried, answer)
        following = self._ask_ahead(answer, upcoming)
        settled = self._settle(asked.carried, answer)
        if settled is None:
            # Somebody else applied another answer in between; ask again from there.
            return None, False
        self.report.count(answer.results)
        self.report.received += settled.received
        self.report.digests_agree = settled.digests_agree
        return following, not settled.more and not self._has_more_to_send(answer)

    def _batch_after(self, sent: Sequence[Command]) -> Batch:
        """What goes after these, which aren't settled yet: made ready while the server works on them."""
        if not self._ahead and len(sent) == self._limit:
            skipped = self._told_to_wait | {command.id for command in sent}
            _, waiting = self.store.outgoing(_READ_AHEAD * self._limit + len(skipped))
            self._ahead = [command for command in waiting if command.id not in skipped]
        batch, self._ahead = _batch(self._ahead[: self._limit]), self._ahead[self._limit :]
        return batch

    def _ask_ahead(self, answer: wire.SyncAnswer, upcoming: Batch) -> Asked | None:
        """The server needn't be idle while an answer is stored: the next request carries the anchors it brought.

        Should storing it fail, those anchors aren't the stored ones, and what comes back then is left alone.
        """
        if not upcoming.commands or not (answer.known.me and answer.known.catalog):
            return None
        return self._ask(Cursors(answer.epoch, answer.next, answer.settled), upcoming, self.beside)

    def _settle(self, carried: Cursors, answer: wire.SyncAnswer) -> Settled | None:
        try:
            return self.store.settle(carried, answer)
        except ValueError as error:
            # A time or a uid that is none: the transaction was rolled back, and the same commands go again.
            raise ServerTrouble("The answer can't be read.") from error

    def _has_more_to_send(self, answer: wire.SyncAnswer) -> bool:
        # Each is asked once in a run: what the server has no room for now comes with the next sync.
        if self._told_to_wait:
            self._told_to_wait.difference_update(result.id for result in answer.results)
        self._told_to_wait.update([result.id for result in answer.results if result.outcome == _RETRY])
        return self.store.views.counts()["pending"] > len(self._told_to_wait)

    def _request(self, carried: Cursors, written: list[Any]) -> wire.SyncRequest:
        return wire.SyncRequest(
            v=wire.VERSION,
            request_id=new_uuid4(),
            server_id=self.store.place.server_id,
            sent_at=to_wire(self.store.now()),
            epoch=carried.epoch,
            user=self.store.user,
            device=wire.Device(self.device.id, self.device.name, APP_VERSION),
            after=carried.after,
            settled=carried.settled,
            commands=written,
        )

    def _halve(self, commands: Sequence[Command]) -> None:
        if len(commands) <= 1:
            raise ServerTrouble("The server takes no request, however small.")
        self._limit = len(commands) // 2

    def _find_poison(self, carried: Cursors, commands: Sequence[Command]) -> None:
        """The server can't read the request: only when it reads the envelope alone is a command at fault."""
        if not commands:
            raise ServerTrouble("The server can't read what this app sends.")
        try:
            self.client.sync(self._request(carried, []))
        except NotTaken as error:
            raise ServerTrouble("The server can't read what this app sends.") from error
        for command in self._poison(commands):
            self.store.set_aside(command.id, Code.MALFORMED)
            self.report.rejected += 1

    def _poison(self, commands: Sequence[Command]) -> list[Command]:
        """Bisect until the commands that can't be read stand alone; the others are settled on the way."""
        if len(commands) == 1:
            return list(commands)
        middle = len(commands) // 2
        poison: list[Command] = []
        for half in (commands[:middle], commands[middle:]):
            present, _ = self.store.outgoing(0)
            try:
                answer = self.client.sync(self._request(present, _batch(half).written))
            except NotTaken:
                poison += self._poison(half)
                continue
            settled = self._settle(present, answer)
            if settled is not None:
                self.report.count(answer.results)
                self.report.received += settled.received
        return poison


def _batch(commands: Sequence[Command]) -> Batch:
    return Batch(commands, [write_command(command) for command in commands])


def _check_progress(carried: Cursors, answer: wire.SyncAnswer) -> None:
    is_stuck = answer.more and answer.next == carried.after and not carried.pull_all
    if is_stuck and answer.known.me and answer.known.catalog:
        raise ServerTrouble("The server says there is more, and sends nothing.")


_RETRY = Outcome.RETRY.value
_COUNTED = {Outcome.APPLIED.value, Outcome.DUPLICATE.value, Outcome.PARKED.value, Outcome.REJECTED.value}
