"""The entry in the desktop's menu, for Linux and its like: a ``.desktop`` file and an icon in the home folder."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lms_desktop.settings import HOME
from resources import path

NAME = "lms-desktop"
# What stands in quotes on an Exec line, and what has to be escaped there.
_QUOTED = frozenset(" \t\n\"'\\><~|&;$*?#()`")
_ESCAPED = '"`$\\'


def install(environ: Mapping[str, str], home: str | None) -> list[Path]:
    """Write entry and icon, which start this very installation; returns what was written. Raises OSError."""
    entry, icon = _places(environ)
    for file, content in ((icon, path("lms-desktop.svg").read_text("utf-8")), (entry, _entry(environ, home))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    return [entry, icon]


def remove(environ: Mapping[str, str]) -> list[Path]:
    """Take both away; returns what was there. Raises OSError."""
    found = [file for file in _places(environ) if file.exists()]
    for file in found:
        file.unlink()
    return found


def _places(environ: Mapping[str, str]) -> tuple[Path, Path]:
    data = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "applications" / f"{NAME}.desktop", data / "icons/hicolor/scalable/apps" / f"{NAME}.svg"


def _entry(environ: Mapping[str, str], home: str | None) -> str:
    call = [sys.executable, "-m", "lms_desktop"]
    if named := home or environ.get(HOME):
        call += ["--home", os.path.abspath(named)]  # noqa: PTH100 - a path as text, links kept
    return f"""[Desktop Entry]
Type=Application
Name=LMS Desktop
Comment=Learn without the internet
Comment[es]=Aprender sin internet
Comment[ar]=التعلّم دون إنترنت
Exec={" ".join(_quoted(part) for part in call)}
Icon={NAME}
Terminal=false
Categories=Education;
Keywords=course;lesson;learning;
StartupWMClass={NAME}
"""


def _quoted(part: str) -> str:
    """A part of an Exec line, as the Desktop Entry Specification wants it; a percent sign is never a field code."""
    part = part.replace("%", "%%")
    if not _QUOTED & set(part):
        return part
    inner = "".join(f"\\{sign}" if sign in _ESCAPED else sign for sign in part)
    # The file's own strings have backslashes escaped once more.
    return '"' + inner.replace("\\", "\\\\") + '"'
