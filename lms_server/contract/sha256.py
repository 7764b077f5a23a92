"""Files that are kept under the SHA-256 of their content: what such a name is, and where its file lies."""

import re
from pathlib import Path

is_sha256 = re.compile(r"[0-9a-f]{64}").fullmatch


def place_of(root: Path, sha256: str) -> Path:
    """Where that content lies or would lie below ``root``; raises ValueError for anything but lower-case hex."""
    if not is_sha256(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return root / sha256[:2] / sha256[2:]
