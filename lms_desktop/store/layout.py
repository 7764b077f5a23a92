"""What lies in a profile's folder, told without opening it."""

import json
from collections.abc import Iterator
from pathlib import Path

from lms_desktop.settings import Home
from lms_server.contract.ids import is_uuid

SCHEMA_VERSION = 2
DATABASE = "store.sqlite3"
# Whose profile it is, readable without the database.
OWNER = "profile.json"
# Held by the process that has the profile open.
LOCK = "owner.lock"
GUEST = "guest"


def is_profile(folder: Path) -> bool:
    """Whether somebody's profile lies here, with or without its database."""
    return (folder / DATABASE).exists() or (folder / OWNER).exists()


def find_profiles(profiles: Path) -> Iterator[Path]:
    """The folders of all profiles; not what a program that copies folders made of two versions of one."""
    named = (folder for folder in profiles.glob("*/*") if folder.name == GUEST or is_uuid(folder.name))
    return (folder for folder in named if is_profile(folder))


def has_learners(profiles: Path) -> bool:
    """Whether anybody but guests has a profile in this folder."""
    return any(folder.name != GUEST for folder in find_profiles(profiles))


def current(home: Home) -> Path | None:
    """The folder of the profile that was open last."""
    try:
        named = json.loads(home.current.read_text(encoding="utf-8"))["profile"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    folder = home.profiles / str(named)
    return folder if is_profile(folder) else None
