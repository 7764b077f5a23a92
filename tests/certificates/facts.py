"""What a certificate tells, and the key that signs it, for tests."""

from typing import Any

from lms_server.certificates.signing import public_key_of

KEY = bytes(range(32))
PUBLIC = public_key_of(KEY)
FACTS: dict[str, Any] = {
    "uuid": "3f1b5c6a-7d80-8a52-9d4e-0190a5b47c1e",
    "server": "0190a5b4-7c1e-4a52-9d4e-3f1b5c6a7d80",
    "issuer": "Hillside Library",
    "user": "1190a5b4-7c1e-8a52-9d4e-3f1b5c6a7d80",
    "learner_name": "Ana María Moreno Ruiz",
    "course": "2190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80",
    "course_title": "First aid",
    "lessons": 14,
    "completed_at": "2026-11-22T10:00:00.000Z",
    "issued_at": "2026-11-22T10:00:01.000Z",
    "language": "en",
    "direction": "ltr",
    "address": "https://hillside.example",
}
