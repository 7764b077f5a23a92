"""The file of unsent work: what a laptop writes on a memory stick and an admin brings to the server."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from lms_server.contract import strict
from lms_server.contract.command_json import write_command
from lms_server.contract.commands import Command
from lms_server.contract.ids import is_uuid
from lms_server.contract.times import from_wire, to_wire

FORMAT = 1


class BadFile(Exception):
    """Not a file of unsent work as a laptop wrote it; ``code`` is no_unsent_work, newer_file or damaged_file."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Unsent(msgspec.Struct, frozen=True):
    """What stands in the file. ``user`` is null for a guest; ``commands`` are as they travel, each read by itself."""

    server_id: str
    user: str | None
    exported_at: str
    commands: list[Any]
    name: str = ""
    email: str = ""

    @property
    def exported_at_ms(self) -> int:
        """The laptop's clock when it wrote the file."""
        return from_wire(self.exported_at)


@dataclass(frozen=True)
class Writer:
    """Who writes such files: a learner of a server."""

    server_id: str
    user: str | None
    name: str
    email: str

    def write(self, commands: list[Command], now: int) -> bytes:
        """The file's content. Its checksum notices damage and edits; it proves nothing against who wants to cheat."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "server_id": self.server_id,
            "user": self.user,
            "name": self.name,
            "email": self.email,
            "exported_at": to_wire(now),
            "commands": [write_command(command) for command in commands],
        }
        document["sha256"] = _checksum(document)
        return json.dumps(document, ensure_ascii=False, indent=2).encode()


def read_unsent(content: bytes) -> Unsent:
    """The work in such a file; raises BadFile."""
    try:
        document = strict.read(content)
    except strict.BadJson as error:
        raise (_damaged() if b'"exported_at"' in content else _foreign()) from error
    if not isinstance(document, dict) or "commands" not in document or "exported_at" not in document:
        raise _foreign()
    if document.get("format") != FORMAT:
        raise BadFile("newer_file", "A newer version of the app wrote this file. Update the server, then import it.")
    if document.pop("sha256", None) != _checksum(document):
        raise _damaged()
    try:
        unsent = strict.convert(document, Unsent)
        from_wire(unsent.exported_at)
    except ValueError as error:
        raise _damaged() from error
    if not is_uuid(unsent.server_id) or not (unsent.user is None or is_uuid(unsent.user)):
        raise _damaged()
    return unsent


def _checksum(document: dict[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _foreign() -> BadFile:
    words = "This is not a file of unsent work. A laptop writes one with: lms-desktop export FILE"
    return BadFile("no_unsent_work", words)


def _damaged() -> BadFile:
    words = (
        "This file is damaged, or was changed after the laptop wrote it. Export it again there"
        " (Sync page, or: lms-desktop export FILE) and copy it without opening it in an editor."
    )
    return BadFile("damaged_file", words)
