"""The dispatch journal: which mails were about to go, which were accepted, in a file that no database rolls back."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from lms_server.contract.durable import land, sync_folder
from lms_server.contract.times import now_ms

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_DIGEST_CHARS = 16


class BadJournal(Exception):
    """A line before the last one is damaged: what was sent isn't known for sure any more."""


class Event(StrEnum):
    """What happened to a certificate's mail. After ``abandoned`` and ``resend`` it may go (again).

    ``held``: it may have gone in a history that was lost, and waits for an admin. ``past`` isn't of a mail: it names
    points of a stream's history that a restore took back, and whose mails are all in this journal.
    """

    INTENT = "intent"
    ACCEPTED = "accepted"
    ABANDONED = "abandoned"
    RESEND = "resend"
    HELD = "held"
    PAST = "past"


# After these a mail may go.
FREE = frozenset({None, Event.ABANDONED, Event.RESEND})
# Where two histories of one mail meet, the heavier event stands: a released one may go, one in doubt may not.
_WEIGHT: dict[Event | None, int] = dict.fromkeys(FREE, 0) | {Event.HELD: 1, Event.INTENT: 2, Event.ACCEPTED: 3}
_NAME = {event: "stream" if event is Event.PAST else "certificate" for event in Event}


@dataclass(frozen=True)
class Entry:
    """One line; ``seq`` counts from 1 without gaps. ``key`` is a certificate's uuid, or the stream of ``past``."""

    seq: int
    event: Event
    key: str
    at: int
    anchors: tuple[str, ...] = ()


class Journal:
    """An append-only file of checksummed lines, each on the disk before ``append`` returns; shared by processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()

    @property
    def last_seq(self) -> int:
        """The number of the last entry, 0 when there is none."""
        self._refresh()
        return self._seq

    def last_event(self, certificate: str) -> Event | None:
        """What was last recorded of this certificate's mail."""
        self._refresh()
        return self._events.get(certificate)

    def has_seen(self, stream: str, anchor: str) -> bool:
        """Whether this point of a history that a restore took back is one whose mails stand in this journal."""
        self._refresh()
        return anchor in self._past.get(stream, ())

    def append(self, event: Event, certificate: str, at: int | None = None) -> int:
        """Record an event for good and return its number."""
        return self.append_all([Entry(0, event, certificate, now_ms() if at is None else at)])

    def append_all(self, new: Iterable[Entry]) -> int:
        """Record these in one go, numbered anew; returns the last number."""
        new = list(new)
        if not new:
            return self.last_seq
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not self._path.exists()
        with self._path.open("a+b") as file, _locked(file):
            self._take_in(file)
            entries = [replace(entry, seq=self._seq + place) for place, entry in enumerate(new, 1)]
            lines = [_line(entry) for entry in entries]
            # What a crash cut off goes; it was never acted on.
            file.truncate(self._offset)
            file.seek(0, os.SEEK_END)
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())
            for entry, line in zip(entries, lines, strict=True):
                self._note(entry, line)
        if fresh:
            sync_folder(self._path.parent)
        return entries[-1].seq

    def mend(self, at: int) -> None:
        """Go on with the lines that are whole, if one isn't any more; the damaged file is kept beside this one."""
        # What was read before may have been damaged since.
        self._forget()
        try:
            self._refresh()
        except BadJournal:
            self._keep_whole_lines(self._path.with_name(f"{self._path.stem}.damaged-{at}{self._path.suffix}"))

    def _keep_whole_lines(self, aside: Path) -> None:
        # In its place and not by a rename: others may be waiting to write to this very file.
        with self._path.open("r+b") as file, _locked(file):
            # Locking may have left its place.
            file.seek(0)
            content = file.read()
            land(aside, content)
            whole = [entry for line in content.split(b"\n") if (entry := _parse(line)) is not None]
            file.seek(0)
            file.write(b"".join(_line(replace(entry, seq=place)) for place, entry in enumerate(whole, 1)))
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        self._forget()

    def add_entries_of(self, other: Path) -> int:
        """Append what another journal (a backup's) knows and this one doesn't; returns how many lines.

        Of a mail only its last line says how it stands. Where this journal has that line, it knows what came after it.
        """
        theirs, mine = read_entries(other), {_content(entry) for entry in read_entries(self._path)}
        mails = {entry.key: entry for entry in theirs if entry.event is not Event.PAST}
        pasts = [entry for entry in theirs if entry.event is Event.PAST]
        self._refresh()
        lighter = [entry for entry in mails.values() if self._knows_less(entry)]
        news = [entry for entry in [*lighter, *pasts] if _content(entry) not in mine]
        self.append_all(news)
        return len(news)

    def _knows_less(self, entry: Entry) -> bool:
        known = self._events.get(entry.key)
        return known is None or outweighs(entry.event, known)

    def _forget(self) -> None:
        self._offset = 0
        # The line before the offset: a file that was written anew doesn't have it there.
        self._last_line = b""
        self._seq = 0
        self._events: dict[str, Event] = {}
        self._past: dict[str, set[str]] = {}

    def _refresh(self) -> None:
        try:
            with self._path.open("rb") as file:
                self._take_in(file)
        except FileNotFoundError:
            self._forget()

    def _take_in(self, file: Any) -> None:
        file.seek(self._offset - len(self._last_line))
        if file.read(len(self._last_line)) != self._last_line:
            self._forget()
        file.seek(self._offset)
        for entry, line in _entries(file.read(), self._seq):
            self._note(entry, line)

    def _note(self, entry: Entry, line: bytes) -> None:
        self._offset += len(line)
        self._last_line = line
        self._seq = entry.seq
        if entry.event is Event.PAST:
            self._past.setdefault(entry.key, set()).update(entry.anchors)
        else:
            self._events[entry.key] = entry.event


def outweighs(event: Event, known: Event | None) -> bool:
    """Whether this event of a mail, from another history, says more against its going than the known one."""
    return _WEIGHT[event] > _WEIGHT[known]


def read_entries(path: Path) -> list[Entry]:
    """All entries of a journal file, none when there is no file; raises BadJournal."""
    try:
        return [entry for entry, _ in _entries(path.read_bytes(), 0)]
    except FileNotFoundError:
        return []


def _entries(content: bytes, seq: int) -> Iterator[tuple[Entry, bytes]]:
    lines = content.split(b"\n")
    # What follows the last line feed was cut off by a crash, or is empty.
    for index, line in enumerate(lines[:-1]):
        entry = _parse(line)
        if entry is None and index == len(lines) - 2:
            return
        if entry is None or entry.seq != seq + 1:
            raise BadJournal(f"the dispatch journal is damaged after entry {seq}")
        seq = entry.seq
        yield entry, line + b"\n"


def _parse(line: bytes) -> Entry | None:
    digest, _, document = line.partition(b" ")
    if digest.decode("ascii", "replace") != _digest(document):
        return None
    values = json.loads(document)
    event = Event(values["event"])
    return Entry(values["seq"], event, values[_NAME[event]], values["at"], tuple(values.get("anchors", ())))


def _line(entry: Entry) -> bytes:
    values = {"seq": entry.seq, "event": entry.event, _NAME[entry.event]: entry.key, "at": entry.at}
    if entry.anchors:
        values["anchors"] = entry.anchors
    document = json.dumps(values, separators=(",", ":")).encode()
    return f"{_digest(document)} ".encode() + document + b"\n"


def _content(entry: Entry) -> Entry:
    return replace(entry, seq=0)


def _digest(document: bytes) -> str:
    return sha256(document).hexdigest()[:_DIGEST_CHARS]


@contextmanager
def _locked(file: Any) -> Iterator[None]:
    if sys.platform == "win32":
        # A byte far past the end: locking it keeps no reader out.
        file.seek(1 << 40)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            file.seek(1 << 40)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        # The lock ends with the open file.
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield
