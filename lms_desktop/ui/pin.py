"""A learner's PIN on this laptop: a curtain between people who share it. The files behind it are not encrypted."""

import hashlib
import hmac
import os
import unicodedata

from lms_desktop.store.rows import Learner, Place
from lms_desktop.ui.preferences import PreferenceFile

LEAST = 4
# Sixteen MiB and a tenth of a second a try, so it is done on a thread.
_COST, _BLOCK, _LANES = 2**14, 8, 1
_SALT_BYTES = 16


class Pins:
    """The hashed PINs of the learners who have one, among the window's own notes."""

    def __init__(self, preferences: PreferenceFile) -> None:
        self._preferences = preferences

    def kept(self, place: Place | None, learner: Learner) -> str:
        """The hash of this learner's PIN; empty where none is asked for."""
        return self._preferences.note(_key(place, learner))

    def keep(self, place: Place | None, learner: Learner, made: str) -> None:
        """Ask for the PIN of this hash from now on; an empty one ends that."""
        self._preferences.keep_note(_key(place, learner), made)


def hashed(pin: str, salt: bytes | None = None) -> str:
    """A hash to keep; slow on purpose. The same number may be typed in any script's figures."""
    salt = salt or os.urandom(_SALT_BYTES)
    typed = "".join(str(unicodedata.decimal(sign, sign)) for sign in unicodedata.normalize("NFKC", pin))
    made = hashlib.scrypt(typed.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES)
    return f"scrypt-{_COST}-{_BLOCK}-{_LANES}:{salt.hex()}:{made.hex()}"


def fits(pin: str, kept: str) -> bool:
    """Whether a PIN is the one whose hash is kept; as slow as making one."""
    try:
        salt = bytes.fromhex(kept.split(":")[1])
    except (IndexError, ValueError):
        return False
    return hmac.compare_digest(hashed(pin, salt), kept)


def _key(place: Place | None, learner: Learner) -> str:
    return f"pin/{place.server_id if place else ''}/{learner.uid}"
