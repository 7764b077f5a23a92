"""What must not stand in a tracked file, and what the locks must hold."""

import re
import tomllib
from pathlib import Path

from tests.house.source import ROOT, tracked

INDEX = re.compile("|".join(("--(?:extra-)?index" + "-url", "--find" + "-links", "/simp" + "le/", "file" + ":///opt")))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\$")


def texts():
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT), content.decode("utf-8")


def test_no_file_names_an_index_or_this_machine():
    place = re.compile(rf"(?<!\w)(?:{re.escape(str(ROOT))}|{re.escape(str(Path.home()))})/")
    bad = [str(name) for name, text in texts() if INDEX.search(text) or place.search(text)]
    assert not bad


def test_every_pin_has_hashes():
    for name in ("runtime.txt", "dev.txt"):
        lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
        pins = [index for index, line in enumerate(lines) if line and not line.startswith(("#", " "))]
        assert pins
        assert all(PIN.match(lines[index]) and "--hash=sha256:" in lines[index + 1] for index in pins)


def test_the_locks_hold_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime, dev = pinned("runtime.txt"), pinned("dev.txt")
    asked = {canonical(line) for line in project["project"]["dependencies"]}
    assert asked <= runtime.keys()
    assert {canonical(line) for line in project["dependency-groups"]["dev"]} <= dev.keys()
    assert runtime.items() <= dev.items()


def pinned(name):
    lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
    return {canonical(found[1]): found[2] for line in lines if (found := PIN.match(line))}


def canonical(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower()
