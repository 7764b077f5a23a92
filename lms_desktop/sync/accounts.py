"""Which learners this laptop knows, and how one more comes in: by sign-in, by a new account, or as a guest."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from lms_desktop.settings import Device
from lms_desktop.store import profile
from lms_desktop.store.errors import StorageTrouble
from lms_desktop.store.owner import Owner
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.rows import Learner, Place
from lms_desktop.sync.client import Client, ServerFacts, SignIn
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.errors import Offline, TooOld, Trouble, Untrusted
from lms_server.contract import wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered, at the address that worked."""

    url: str
    facts: ServerFacts


@dataclass(frozen=True, slots=True)
class Accounts:
    """Ways into a profile that lead over the network."""

    profiles: Profiles
    device: Device

    def look_up(self, address: str) -> Found:
        """Ask who answers at an address as a person types it. Raises Trouble."""
        if not (meant := addresses(address)):
            raise Offline(f"{address} isn't the address of a server; it should look like library.example.")
        failed: list[Offline] = []
        for url in meant:
            try:
                facts = _with(url, Client.server)
            except Untrusted:
                # Never in the clear then: whoever stands in the way would be told the password.
                raise
            except Offline as error:
                failed.append(error)
            else:
                if not facts.protocol_min <= wire.VERSION <= facts.protocol_max:
                    raise TooOld("This server needs another version of the app.")
                return Found(url, facts)
        # Something that answered says more than nothing at all.
        if answered := [trouble for trouble in failed if not _is_silence(trouble)]:
            raise answered[-1]
        raise Offline(f"No server answers at {address}. Check its spelling and the network.") from failed[0]

    def sign_in(self, address: str, email: str, password: str) -> Path:
        """Sign a learner in and make their profile the current one; returns its folder. Raises Trouble."""
        found = self.look_up(address)
        return self._enter(found, _with(found.url, lambda c: c.sign_in(email, password, self.device.name)))

    def register(self, address: str, name: str, email: str, password: str) -> Path:
        """Make an account at the server and a profile for it here. Raises Trouble."""
        found = self.look_up(address)
        return self._enter(found, _with(found.url, lambda c: c.register(name, email, password, self.device.name)))

    def browse(self, address: str) -> Path:
        """A guest's profile at a server: its catalog and previews, no work. Raises Trouble."""
        found = self.look_up(address)
        return self._make(found, Learner(None, "", ""))

    def sign_out(self, folder: Path) -> None:
        """End the session. The profile and its unsent work stay, for this learner's next sign-in."""
        credentials = Credentials(folder)
        token = credentials.read()
        credentials.forget()
        self.profiles.leave(folder)
        if token is not None:
            # The laptop has forgotten the session already; the server drops it when it can be reached.
            with contextlib.suppress(Trouble, StorageTrouble):
                place = profile.read_account(folder, is_current=False).place
                _with(place.url, lambda c: c.sign_out(), token)

    def _enter(self, found: Found, entered: SignIn) -> Path:
        folder = self._make(found, Learner(entered.uid, entered.name, entered.email))
        Credentials(folder).write(entered.token)
        return folder

    def _make(self, found: Found, learner: Learner) -> Path:
        facts = found.facts
        folder = folder_of(self.profiles.home.profiles, facts.server_id, learner.uid)
        place = Place(facts.server_id, found.url, facts.name)
        profile.create(folder, Owner(place, facts.public_key, learner))
        self.profiles.make_current(folder)
        return folder


def addresses(typed: str) -> list[str]:
    """What a typed address can mean: as it stands with a scheme, else https first, then http."""
    text = typed.strip().rstrip("/")
    if not text or any(char.isspace() for char in text):
        raise Offline("Type the address that your school or library gave you.")
    scheme, mark, _ = text.partition("://")
    if mark and scheme.casefold() not in {"http", "https"}:
        return []
    meant = [text] if mark else [f"https://{text}", f"http://{text}"]
    return [url for url in meant if _names_a_host(url)]


def _is_silence(trouble: Offline) -> bool:
    return isinstance(trouble.__cause__, httpx.HTTPError)


def _names_a_host(url: str) -> bool:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(address.host)


def _with(url: str, ask: Callable[[Client], T], token: str | None = None) -> T:
    client = Client(url, token)
    try:
        return ask(client)
    finally:
        client.close()
