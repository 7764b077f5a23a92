"""Certificates per second in one process, Latin and Arabic: ``python benchmarks/bench_pdf.py [COUNT]``."""

import sys
import time

from lms_server.certificates.pdf import render_certificate
from lms_server.certificates.signing import sign_facts

KEY = bytes(range(32))
FACTS = {
    "uuid": "3f1b5c6a-7d80-8a52-9d4e-0190a5b47c1e",
    "server": "0190a5b4-7c1e-4a52-9d4e-3f1b5c6a7d80",
    "issuer": "Hillside Library",
    "user": "1190a5b4-7c1e-8a52-9d4e-3f1b5c6a7d80",
    "course": "2190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80",
    "lessons": 14,
    "completed_at": "2026-11-22T10:00:00.000Z",
    "issued_at": "2026-11-22T10:00:01.000Z",
    "address": "https://hillside.example",
}
LATIN = FACTS | {"course_title": "First aid", "language": "en", "direction": "ltr"}
ARABIC = FACTS | {"course_title": "الإسعافات الأولية", "language": "ar", "direction": "rtl"}


def measure(name: str, facts: dict[str, object], learner: str, count: int) -> None:
    """Render this many certificates of different learners and print how fast it went."""
    payloads = [sign_facts(KEY, facts | {"learner_name": f"{learner} {number}"}) for number in range(count)]
    size = len(render_certificate(payloads[0], KEY))
    started = time.perf_counter()
    for payload in payloads:
        render_certificate(payload, KEY)
    took_s = time.perf_counter() - started
    print(f"{name}: {count / took_s:.0f} PDF/s, {1000 * took_s / count:.2f} ms and {size / 1024:.0f} KiB each")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    measure("latin", LATIN, "Ana María Moreno Ruiz", count)
    measure("arabic", ARABIC, "ليلى عبد الرحمن حدّاد", count)


if __name__ == "__main__":
    main()
