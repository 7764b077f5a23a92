"""Whose profile a folder holds, in a file beside the database: for the day when the database can't be read."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from lms_desktop.store.layout import GUEST, OWNER
from lms_desktop.store.rows import Learner, Place
from lms_server.contract.durable import land
from lms_server.contract.ids import is_uuid


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose profile to make: the server, its key, and the learner (a guest has no uid)."""

    place: Place
    public_key: str
    learner: Learner


def write_owner(folder: Path, owner: Owner) -> None:
    """Note whose profile this is, for the day when the database can't be read. Raises OSError."""
    place, learner = owner.place, owner.learner
    document = {
        "format": 1,
        "server_id": place.server_id,
        "url": place.url,
        "server_name": place.name,
        "public_key": owner.public_key,
        "user": learner.uid,
        "name": learner.name,
        "email": learner.email,
    }
    if read_owner(folder) != owner:
        land(folder / OWNER, json.dumps(document, ensure_ascii=False, indent=1).encode())


def read_owner(folder: Path) -> Owner | None:
    """Whose profile this is, as far as files beside the database tell; the folder's name tells the least of it."""
    try:
        named = json.loads((folder / OWNER).read_text(encoding="utf-8"))
        learner = Learner(named["user"], str(named["name"]), str(named["email"]))
        place = Place(str(named["server_id"]), str(named["url"]), str(named["server_name"]))
        return Owner(place, str(named["public_key"]), learner)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if not is_uuid(folder.parent.name) or not (is_uuid(folder.name) or folder.name == GUEST):
        return None
    uid = None if folder.name == GUEST else folder.name
    return Owner(Place(folder.parent.name, "", ""), "", Learner(uid, "", ""))


def read_public_keys(profiles: Path) -> list[bytes]:
    """The pinned key of each server that has a profile in this folder."""
    owners = (read_owner(file.parent) for file in sorted(profiles.glob(f"*/*/{OWNER}")))
    return [read_key(text) for text in sorted({owner.public_key for owner in owners if owner and owner.public_key})]


def read_key(text: str) -> bytes:
    """A raw Ed25519 key from its base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
