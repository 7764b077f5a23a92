"""The digest of a learner's facts: how many there are, and a sum that tells one set of them from another."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

_MODULUS = 1 << 128


@dataclass
class Digest:
    """Kept up while facts come and go.

    A fact is its kind, ``e`` (enrolled), ``p`` (lesson complete) or ``c`` (certified), and a key: the course's uid, the
    lesson's uid, the certificate's uuid. ``user`` is the learner's uid.
    """

    user: str
    count: int = 0
    sum: int = 0

    @classmethod
    def stored(cls, user: str, count: int, total: str) -> Self:
        """From count and ``text``."""
        return cls(user, count, int(total, 16))

    @property
    def value(self) -> tuple[int, int]:
        """Count and sum: equal where the facts are."""
        return self.count, self.sum

    @property
    def text(self) -> str:
        """The sum as it is stored and travels: 32 hexadecimal digits."""
        return f"{self.sum:032x}"

    def add(self, kind: str, keys: Collection[str]) -> None:
        """Count facts in."""
        self.count += len(keys)
        self.sum = (self.sum + self._sum_of(kind, keys)) % _MODULUS

    def remove(self, kind: str, keys: Collection[str]) -> None:
        """Count facts out."""
        self.count -= len(keys)
        self.sum = (self.sum - self._sum_of(kind, keys)) % _MODULUS

    def _sum_of(self, kind: str, keys: Collection[str]) -> int:
        # The last sixteen bytes of each hash count, and what is before them vanishes with the modulus.
        head = f"{self.user}|{kind}|"
        return sum(map(int.from_bytes, [sha256((head + key).encode()).digest() for key in keys]))
