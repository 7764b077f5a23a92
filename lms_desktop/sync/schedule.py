"""When to try again: exponential with full jitter, 2 seconds to 15 minutes; pure."""

FIRST_S = 2.0
LONGEST_S = 15 * 60.0


def wait_s(failures: int, random: float, retry_after_s: float | None = None) -> float:
    """Seconds to wait after this many failures in a row; ``random`` is in [0, 1)."""
    longest = min(LONGEST_S, FIRST_S * 2.0 ** min(failures, 16))
    spread = max(FIRST_S, random * longest)
    # A server that names a time is obeyed, spread out all the same so that not everybody comes back at once.
    return max(spread, retry_after_s * (1 + random / 2)) if retry_after_s is not None else spread
