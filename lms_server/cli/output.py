"""What a command prints: one JSON document, or a table for people."""

import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import Any

from lms_server.contract.times import to_wire


def show(args: Namespace, document: Mapping[str, Any] | Sequence[Mapping[str, Any]], text: str | None = None) -> None:
    """Print the document with --json, else ``text`` or a table of the rows."""
    if args.json:
        write(json.dumps(document, ensure_ascii=False, indent=2))
    elif text is not None:
        write(text)
    elif isinstance(document, Mapping):
        write("\n".join(f"{name}: {_cell(value)}" for name, value in document.items()))
    else:
        write(_table(document))


def speak_utf8() -> None:
    """Files and pipes get UTF-8 whatever the system's encoding; no letter stops a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def write(text: str) -> None:
    """Print lines on stdout."""
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print a reason on stderr, without anything that could steer a terminal."""
    visible = "".join(character if character.isprintable() or character == "\n" else "?" for character in text)
    sys.stderr.write(visible.rstrip("\n") + "\n")


def many(count: int, what: str) -> str:
    """So many of a thing whose plural ends in s."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def when(ms: int | None) -> str | None:
    """A time as JSON carries it."""
    return None if ms is None else to_wire(ms)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "(none)"
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return "".join(character if character.isprintable() else "?" for character in text)
