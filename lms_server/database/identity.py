"""Who this server is: its id, its secret and its signing key, in one file that every backup carries."""

import base64
import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from pathlib import Path

from lms_server.contract.durable import land
from lms_server.contract.ids import is_uuid, new_uuid4, uuid8


class BadIdentity(Exception):
    """The identity file can't be used; the text says why."""


@dataclass(frozen=True)
class Identity:
    """``secret`` names users and certificates (HMAC), ``signing_key`` is the raw Ed25519 key of 32 bytes."""

    server_id: str
    secret: bytes = field(repr=False)
    signing_key: bytes = field(repr=False)

    @classmethod
    def new(cls) -> "Identity":
        """A new server's identity, from the system's entropy."""
        return cls(new_uuid4(), os.urandom(32), os.urandom(32))

    def user_uid(self, email_key: str) -> str:
        """The uid that a user with this address gets, before and after a restore."""
        return self._name(b"user", email_key.encode())

    def certificate_uuid(self, user_uid: str, course_uid: str) -> str:
        """The certificate's uuid: unguessable, and the same after a restore."""
        return self._name(b"certificate", user_uid.encode(), course_uid.encode())

    def write(self, path: Path) -> None:
        """Store it for its owner's eyes only."""
        document = {
            "server_id": self.server_id,
            "secret": base64.b64encode(self.secret).decode(),
            "signing_key": base64.b64encode(self.signing_key).decode(),
        }
        land(path, json.dumps(document, indent=2).encode())

    def _name(self, *parts: bytes) -> str:
        return uuid8(digest(self.secret, b"\0".join(parts), sha256))


def read_identity(path: Path) -> Identity:
    """Read an identity file; raises BadIdentity when it isn't one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        identity = Identity(
            document["server_id"],
            base64.b64decode(document["secret"], validate=True),
            base64.b64decode(document["signing_key"], validate=True),
        )
    except OSError as error:
        raise BadIdentity(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadIdentity(f"{path} is not an identity file of a server") from error
    if not is_uuid(identity.server_id) or len(identity.signing_key) != 32 or len(identity.secret) < 16:
        raise BadIdentity(f"{path} holds an incomplete identity")
    return identity
