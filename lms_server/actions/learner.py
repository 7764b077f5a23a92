"""Whoever acts, as the actions need to know them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Learner:
    """Found by a token, a cookie or an admin; ``id`` never leaves the server."""

    id: int
    uid: str
    name: str
    email: str
