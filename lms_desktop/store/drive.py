"""Where the app's folder lies: on this laptop alone, or where other programs copy or share it.

SQLite's locks and its write-ahead log hold among the programs of one computer. A folder that a program copies elsewhere
while it is written, or that two computers open at once, may end up with pieces of both. It is a guess from names and
kinds of drives, so it is said and nothing is refused.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath, PureWindowsPath


class Kind(StrEnum):
    """What is guessed of the folder."""

    SYNCED = "synced"
    NETWORK = "network"
    ROAMING = "roaming"


@dataclass(frozen=True, slots=True)
class Risk:
    """What may happen to a profile where it lies. ``name`` is the program's or the drive's, empty if nobody knows."""

    kind: Kind
    name: str
    # What such a program made of two versions of one file, by name; the app never reads or merges them.
    copies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """For the command line."""
        where = {
            Kind.SYNCED: f"a folder that {self.name or 'another program'} copies to other computers",
            Kind.NETWORK: f"a network drive ({self.name})",
            Kind.ROAMING: "a folder that moves from computer to computer with its user",
        }[self.kind]
        copies = f" Copies that it made are not used: {', '.join(self.copies)}." if self.copies else ""
        return (
            f"This profile lies in {where}. Two computers may write it at once and damage it;"
            f" choose a folder of this laptop alone with --home.{copies}"
        )


# A folder's name, folded, and whose it is.
_NAMES = {
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "icloud drive": "iCloud",
    "iclouddrive": "iCloud",
    "mobile documents": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "pclouddrive": "pCloud",
    "cloudstorage": "",
}
_BEGINNINGS = {"onedrive": "OneDrive", "dropbox (": "Dropbox", "googledrive-": "Google Drive"}
# What a program leaves in the folder that it looks after.
_MARKS = {".dropbox.cache": "Dropbox", ".stfolder": "Syncthing", ".owncloudsync.log": "Nextcloud"}
_ONEDRIVE_VARIABLES = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")
_NETWORK = re.compile(
    r"nfs4?|cifs|smb\d?|smbfs|afs|ncpfs|ceph|glusterfs|lustre|davfs"
    r"|fuse\.(?:sshfs|rclone|gvfsd-fuse|glusterfs|davfs2?|s3fs|google-drive-ocamlfuse|onedriver)"
)
_COPY = re.compile(r"conflict|\(\d+\)\.|^store(?:-(?!wal$|shm$)| \d+\.)|^store\.sqlite3-(?!wal$|shm$)", re.IGNORECASE)
_MOUNTS = Path("/proc/self/mounts")


def find_risk(folder: Path, environ: Mapping[str, str] = os.environ) -> Risk | None:
    """What is to be feared for a profile in this folder; None where nothing is known."""
    copies = find_copies(folder)
    risk = judge(folder.absolute(), environ, _read_mounts())
    if risk is None:
        return Risk(Kind.SYNCED, "", copies) if copies else None
    return Risk(risk.kind, risk.name, copies)


def judge(folder: PurePath, environ: Mapping[str, str], mounts: str) -> Risk | None:
    """What the path tells, with the text of Linux's list of mounts (empty elsewhere)."""
    owners = [name for part in folder.parts if (name := _owner_of(part)) is not None]
    if owners:
        return Risk(Kind.SYNCED, next(filter(None, owners), ""))
    for variable in _ONEDRIVE_VARIABLES:
        if environ.get(variable) and folder.is_relative_to(environ[variable]):
            return Risk(Kind.SYNCED, "OneDrive")
    for above in (folder, *folder.parents):
        for mark, name in _MARKS.items():
            if Path(above / mark).exists():
                return Risk(Kind.SYNCED, name)
    if isinstance(folder, PureWindowsPath):
        return _judge_windows(folder, environ)
    kind = _drive_of(folder, mounts)
    return Risk(Kind.NETWORK, kind) if _NETWORK.fullmatch(kind) else None


def find_copies(folder: Path) -> tuple[str, ...]:
    """What a program that found two versions of a profile's file made of them."""
    try:
        return tuple(sorted(file.name for file in folder.iterdir() if _COPY.search(file.name)))
    except OSError:
        return ()


def _owner_of(part: str) -> str | None:
    folded = part.casefold()
    if folded in _NAMES:
        return _NAMES[folded]
    return next((name for beginning, name in _BEGINNINGS.items() if folded.startswith(beginning)), None)


def _judge_windows(folder: PureWindowsPath, environ: Mapping[str, str]) -> Risk | None:
    if folder.drive.startswith("\\\\"):
        return Risk(Kind.NETWORK, folder.drive)
    roaming = environ.get("APPDATA")
    return Risk(Kind.ROAMING, "") if roaming and folder.is_relative_to(roaming) else None


def _drive_of(folder: PurePath, mounts: str) -> str:
    """The kind of file system that the folder is on: of the mounts above it the nearest, of equals the last."""
    found, depth = "", -1
    for fields in map(str.split, mounts.splitlines()):
        if len(fields) < 3:
            continue
        place = PurePath(_unquoted(fields[1]))
        if len(place.parts) >= depth and folder.is_relative_to(place):
            found, depth = fields[2], len(place.parts)
    return found


def _unquoted(text: str) -> str:
    """Spaces and their like stand there in octal."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)


def _read_mounts() -> str:
    if sys.platform != "linux":
        return ""
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
