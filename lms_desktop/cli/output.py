"""What a command says: one document or a line for people on stdout, reasons on stderr."""

import argparse
import json
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from lms_desktop.store.errors import Refused, StorageTrouble
from lms_desktop.sync.errors import Trouble


def saved(args: argparse.Namespace, command_id: str) -> None:
    """A command is on the disk."""
    if args.json:
        show(args, {"saved": command_id}, "")
    else:
        # At once: whoever reads this may rely on it, whatever happens to us next.
        print(f"SAVED {command_id}", flush=True)


def speak_utf8() -> None:
    """Files and pipes get UTF-8 whatever the system's encoding; no letter stops a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def show(args: argparse.Namespace, document: Any, text: str) -> None:
    """The result, for a script or for people."""
    print(json.dumps(document, ensure_ascii=False) if args.json else text)


def many(count: int, what: str) -> str:
    """So many of a thing whose plural ends in s."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def warn(text: str) -> None:
    """Something to know, on stderr: scripts read stdout."""
    print(f"lms-desktop: {text}", file=sys.stderr)


def complain(error: Exception, code: int, home: Path) -> int:
    """Why it ended so; returns the exit code."""
    text = "What was typed isn't text in UTF-8." if isinstance(error, UnicodeEncodeError) else str(error)
    if isinstance(error, Refused | Trouble | StorageTrouble):
        # The sentence is for people, the code for scripts.
        where = f" The app's folder is {home}." if isinstance(error, StorageTrouble) else ""
        text = f"{text}{where} ({error.code})"
    if isinstance(error, OSError) and error.filename:
        file = Path(os.fsdecode(error.filename2 or error.filename))
        # Of a temporary file of ours people know the folder.
        text = f"{file.parent if file.name.startswith('.') else file}: {error.strerror}"
    warn(text)
    return code
