"""The entry in the desktop's menu starts this installation, whatever its path looks like."""

import configparser
import re
import subprocess
import sys

import pytest

from lms_desktop.ui import shortcut
from tests.flows.place import Laptop


def entry_of(folder):
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment] # as its documentation says
    parser.read(folder / "applications/lms-desktop.desktop", "utf-8")
    return parser["Desktop Entry"]


def unquoted(line):
    """The parts of an Exec line as a desktop reads them: strings first, then quotes, then field codes."""
    parts = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', line.replace("\\\\", "\\"))
    return [re.sub(r'\\(["`$\\])', r"\1", quoted).replace("%%", "%") or bare for quoted, bare in parts]


def test_a_shortcut_is_made_and_taken_away(tmp_path):
    laptop = Laptop(tmp_path / "home")
    laptop.environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    written = laptop.json("shortcut")["files"]
    assert len(written) == 2
    entry = entry_of(tmp_path / "data")
    assert entry["Icon"] == "lms-desktop"
    assert "<svg" in (tmp_path / "data/icons/hicolor/scalable/apps/lms-desktop.svg").read_text("utf-8")
    assert laptop.json("shortcut", "--remove")["files"] == written
    assert laptop.json("shortcut", "--remove")["files"] == []


@pytest.mark.parametrize("name", ["plain", "with space", "50% $HOME", 'a "quoted" `one`', "back\\slash", "عربي"])
def test_what_it_starts_is_this_program_with_this_folder(tmp_path, name):
    folder = tmp_path / name
    shortcut.install({"XDG_DATA_HOME": str(tmp_path / "data")}, str(folder))
    call = unquoted(entry_of(tmp_path / "data")["Exec"])
    assert call == [sys.executable, "-m", "lms_desktop", "--home", str(folder)]
    told = subprocess.run([*call, "accounts"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_nothing_is_missing_from_the_entry(tmp_path):
    shortcut.install({"XDG_DATA_HOME": str(tmp_path)}, None)
    entry = entry_of(tmp_path)
    assert {"Type", "Name", "Exec", "Icon", "Categories", "StartupWMClass"} <= set(entry)
    assert entry["StartupWMClass"] == "lms-desktop"
