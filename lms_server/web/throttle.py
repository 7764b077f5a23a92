"""How often somebody may try a password: per account and address, so that a stranger can't lock the owner out."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_KEYS = 50_000


@dataclass
class Bucket:
    """Tries left, refilled steadily; never more than it holds."""

    size: int
    refill_s: float
    left: float
    at: float

    def refill(self, now: float) -> None:
        self.left = min(self.size, self.left + max(0.0, now - self.at) / self.refill_s)
        self.at = now


@dataclass
class Throttle:
    """Wrong passwords are counted: 8 for an account from one address, 40 for an account, 120 from an address.

    A right password gives its try back, so a room of laptops behind one address can all sign in.
    """

    clock: Callable[[], float] = time.monotonic
    _buckets: "OrderedDict[tuple[str, ...], Bucket]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, account: str, address: str) -> int:
        """Use up one try; returns 0, or how many seconds to wait."""
        with self._lock:
            return _take(self._of(account, address))

    def take_account(self, address: str) -> int:
        """The same for one new account: a school registers from one address, and strangers elsewhere stop nobody."""
        with self._lock:
            return _take([self._bucket(("new account", address), 120, 5.0, self.clock())])

    def give_back(self, account: str, address: str) -> None:
        """The password was right: that try doesn't count."""
        with self._lock:
            for bucket in self._of(account, address):
                bucket.left = min(bucket.size, bucket.left + 1)

    def _of(self, account: str, address: str) -> list[Bucket]:
        now = self.clock()
        keys = {
            ("both", account, address): (8, 30.0),
            ("account", account): (40, 30.0),
            ("address", address): (120, 5.0),
        }
        return [self._bucket(key, *rate, now) for key, rate in keys.items()]

    def _bucket(self, key: tuple[str, ...], size: int, refill_s: float, now: float) -> Bucket:
        bucket = self._buckets.pop(key, None) or Bucket(size, refill_s, size, now)
        bucket.refill(now)
        self._buckets[key] = bucket
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return bucket


def _take(buckets: list[Bucket]) -> int:
    empty = [bucket for bucket in buckets if bucket.left < 1]
    if empty:
        return math.ceil(max((1 - bucket.left) * bucket.refill_s for bucket in empty))
    for bucket in buckets:
        bucket.left -= 1
    return 0
