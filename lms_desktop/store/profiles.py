"""The profiles on this laptop: whose there are, and which one is open."""

import json
from dataclasses import dataclass
from pathlib import Path

from lms_desktop.settings import Home
from lms_desktop.store import layout, profile
from lms_desktop.store.files import Blobs
from lms_desktop.store.glance import Glance
from lms_desktop.store.owner import read_public_keys
from lms_desktop.store.rows import AccountRow
from lms_desktop.store.store import Store
from lms_desktop.store.trouble import as_storage_trouble
from lms_server.contract.durable import land


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles in the app's folder; needs no network."""

    home: Home

    def current(self) -> Path | None:
        """The folder of the profile that was open last."""
        return layout.current(self.home)

    def make_current(self, folder: Path) -> None:
        """Remember which profile to open next time. Raises StorageTrouble."""
        named = folder.relative_to(self.home.profiles).as_posix()
        with as_storage_trouble():
            land(self.home.current, json.dumps({"profile": named}).encode())

    def leave(self, folder: Path) -> None:
        """Open none next time, if this one was the current one; the profile stays. Raises StorageTrouble."""
        if self.current() == folder:
            with as_storage_trouble():
                self.home.current.unlink(missing_ok=True)

    def open(self, folder: Path) -> Store:
        """Open a profile. Raises StorageTrouble."""
        return Store(folder, Blobs(self.home.blobs))

    def glance(self, folder: Path) -> Glance:
        """Read a profile that somebody else has open. Raises StorageTrouble."""
        return Glance(folder, Blobs(self.home.blobs))

    def all(self) -> tuple[AccountRow, ...]:
        """Everybody who has a profile here, with how much of their work is unsent."""
        return profile.read_accounts(self.home.profiles, self.current())

    def public_keys(self) -> list[bytes]:
        """The keys of all servers that this laptop knows, as they were pinned; takes no lock."""
        return read_public_keys(self.home.profiles)

    def folder_of(self, account: AccountRow) -> Path:
        """Where an account's profile lies."""
        return profile.folder_of(self.home.profiles, account.place.server_id, account.learner.uid)
