"""The second copy of what the server hasn't acknowledged: a file of checked lines beside the database."""

import json
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from lms_server.contract.command_json import BadCommand, read_command, write_command
from lms_server.contract.commands import Command
from lms_server.contract.durable import land, sync_folder

JOURNAL = "unsent.jsonl"
# Below this a shorter file isn't worth two more fsyncs.
_COMPACT_FROM_BYTES = 64 * 1024
_CHECK_LENGTH = 16
_TYPICAL_LINE_BYTES = 190


def read_journal(file: Path) -> dict[str, Command]:
    """The commands that no later line settles, by id, in their order; lines that were cut or altered are skipped."""
    return _commands(_content(file) or b"")


def _commands(content: bytes) -> dict[str, Command]:
    found: dict[str, Command] = {}
    for document in _documents(content):
        if "command" in document:
            try:
                command = read_command(document["command"])
            except BadCommand:
                continue
            found[command.id] = command
        for command_id in document.get("settled", ()):
            found.pop(command_id, None)
    return found


class Journal:
    """An open journal. A line is durable when ``add`` returns; its caller makes writers take turns. Raises OSError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        content = _content(file)
        self.commands = _commands(content or b"")
        # Something wasn't written: the next chance writes the whole file anew.
        self.is_behind = content is None or not _ends_well(content)

    def add(self, commands: Iterable[Command]) -> None:
        """Note new commands."""
        new = {command.id: command for command in commands}
        self.commands |= new
        if self.is_behind:
            self._write_anew()
        elif new:
            self._append(b"".join(map(_command_line, new.values())))

    def settle(self, ids: Iterable[str]) -> None:
        """Note that these needn't be kept; losing this note is harmless, they would only be sent again."""
        gone = [command_id for command_id in ids if self.commands.pop(command_id, None) is not None]
        if not gone:
            return
        lines = _line({"settled": gone})
        self._append(lines, is_durable=False)
        if self._is_mostly_settled():
            self._write_anew()

    def _append(self, lines: bytes, *, is_durable: bool = True) -> None:
        self.is_behind = True
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(lines)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        self.is_behind = False

    def _write_anew(self) -> None:
        land(self._file, b"".join(map(_command_line, self.commands.values())))
        self.is_behind = False

    def _is_mostly_settled(self) -> bool:
        size = self._file.stat().st_size
        # A guess is enough: measuring every line at each answer would cost more than the longer file. Eight times
        # what is left: a long queue that goes in pages is written anew once or twice, not with each page.
        return size > _COMPACT_FROM_BYTES and size > 8 * _TYPICAL_LINE_BYTES * len(self.commands)


def begin_journal(file: Path) -> None:
    """Make the file, durably, so that a click needs one fsync more and not two."""
    if not file.exists():
        file.touch(0o600)
        sync_folder(file.parent)


def _command_line(command: Command) -> bytes:
    return _line({"command": write_command(command)})


def _line(document: dict[str, Any]) -> bytes:
    text = msgspec.json.encode(document)
    return b"%s %s\n" % (_check(text), text)


def _check(text: bytes) -> bytes:
    return sha256(text).hexdigest()[:_CHECK_LENGTH].encode()


def _content(file: Path) -> bytes | None:
    """What stands in it; None where it can't be read."""
    try:
        return file.read_bytes()
    except OSError:
        return None


def _documents(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.split(b"\n"):
        check, _, text = line.partition(b" ")
        if check and check == _check(text):
            yield json.loads(text)


def _ends_well(content: bytes) -> bool:
    return not content or content.endswith(b"\n")
