"""Tokens: in the system's keyring where there is one, else in a file that only its owner can read."""

import logging
from pathlib import Path

import keyring
from keyring.errors import KeyringError

from lms_desktop.store.trouble import as_storage_trouble
from lms_server.contract.durable import land

log = logging.getLogger(__name__)

_SERVICE = "lms-desktop"


class Credentials:
    """The token of one profile."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "token"
        self._name = f"{folder.parent.name}/{folder.name}@{folder}"

    def read(self) -> str | None:
        """The token, or None when this learner has to sign in."""
        try:
            token = self._file.read_text(encoding="utf-8").strip()
        except OSError:
            token = ""
        return token or self._from_keyring()

    def write(self, token: str) -> None:
        """Keep a token; the one before stays until this one is on the disk. Raises StorageTrouble."""
        if _has_keyring():
            try:
                keyring.set_password(_SERVICE, self._name, token)
            except KeyringError:
                log.info("The keyring is closed; the token is kept in %s", self._file)
            else:
                self._file.unlink(missing_ok=True)
                return
        with as_storage_trouble():
            land(self._file, token.encode())

    def forget(self) -> None:
        """Drop the token; the learner's work stays. Raises StorageTrouble."""
        with as_storage_trouble():
            self._file.unlink(missing_ok=True)
        if _has_keyring() and self._from_keyring():
            try:
                keyring.delete_password(_SERVICE, self._name)
            except KeyringError:
                log.info("The keyring is closed; its token could not be dropped")

    def _from_keyring(self) -> str | None:
        if not _has_keyring():
            return None
        try:
            return keyring.get_password(_SERVICE, self._name)
        except KeyringError:
            return None


def _has_keyring() -> bool:
    # Headless Linux has none; its stand-in has no priority.
    return keyring.get_keyring().priority >= 1
