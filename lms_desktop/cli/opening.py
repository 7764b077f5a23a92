"""The profile that a command works on: opened, or looked at beside the window."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lms_desktop.cli.output import warn
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.glance import Glance
from lms_desktop.store.store import Store
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.errors import SignedOut

# Another command, or a window that closes, lets go of a profile in less.
_PATIENCE_S = 5.0
_READ_ALL_THE_SAME = {Storage.IN_USE, Storage.FULL, Storage.READ_ONLY}


@contextmanager
def current(accounts: Accounts) -> Iterator[Store]:
    """The profile that was open last. Raises SignedOut, StorageTrouble."""
    with opened(accounts, _signed_in(accounts)) as store:
        yield store


@contextmanager
def looked_at(accounts: Accounts) -> Iterator[Store | Glance]:
    """The profile for a command that only reads: it needs neither to wait for who has it open nor room on the disk."""
    folder = _signed_in(accounts)
    try:
        store: Store | Glance = accounts.profiles.open(folder)
    except StorageTrouble as trouble:
        if trouble.code not in _READ_ALL_THE_SAME:
            raise
        if trouble.code is not Storage.IN_USE:
            warn(str(trouble))
        store = accounts.profiles.glance(folder)
    with _told_and_closed(store):
        yield store


def _signed_in(accounts: Accounts) -> Path:
    folder = accounts.profiles.current()
    if folder is None:
        raise SignedOut("Nobody is signed in. Use: lms-desktop login --server URL --email E --password-stdin")
    return folder


@contextmanager
def opened(accounts: Accounts, folder: Path) -> Iterator[Store]:
    """One profile; another command that has it is waited for. Raises StorageTrouble."""
    store = _open_patiently(accounts, folder)
    with _told_and_closed(store):
        yield store


@contextmanager
def _told_and_closed(store: Store | Glance) -> Iterator[None]:
    if store.notice is not None:
        warn(store.notice.text)
    try:
        yield
    finally:
        store.close()


def _open_patiently(accounts: Accounts, folder: Path) -> Store:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return accounts.profiles.open(folder)
        except StorageTrouble as trouble:
            if trouble.code is not Storage.IN_USE or time.monotonic() > until:
                raise
        time.sleep(0.05)


@contextmanager
def connected(store: Store) -> Iterator[Client]:
    """A connection to the profile's server. Raises SignedOut."""
    token = Credentials(store.folder).read()
    if token is None and not store.learner.is_guest:
        raise SignedOut("Sign in again to send your work. Use: lms-desktop login")
    client = Client(store.place.url, token)
    try:
        yield client
    finally:
        client.close()
