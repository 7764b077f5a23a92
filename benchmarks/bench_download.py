"""A whole course to a new laptop: over loopback, and over a line with 300 ms there and back and 1 Mbit/s.

``--course PATH`` takes another course than the sample beside the project; without one a course of 500 texts is made up.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.slow_line import Line, slow_line  # the project's root comes first
from lms_desktop.settings import Device, Home
from lms_desktop.store import wanted
from lms_desktop.store.profiles import Profiles
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.client import Client
from lms_desktop.sync.credentials import Credentials
from lms_desktop.sync.downloads import Download, bring
from lms_desktop.sync.session import Session
from lms_server.contract.ids import new_uuid4

SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "courses" / "comprehensive-rust"
SERVER = [sys.executable, "-m", "lms_server"]
ROUND_TRIP_S, BITS_PER_S = 0.3, 1_000_000
KIB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--course", type=Path, default=SAMPLE)
    parser.add_argument("--loopback-only", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        course = given.course if given.course.exists() else make_up(folder / "course")
        with serving(folder, course) as url:
            measure("loopback", folder / "near", url, None)
            if not given.loopback_only:
                with slow_line(url, round_trip_s=ROUND_TRIP_S, bits_per_s=BITS_PER_S) as line:
                    measure("300 ms, 1 Mbit/s", folder / "far", line.url, line)


def measure(name: str, home: Path, url: str, line: Line | None) -> None:
    """One new laptop: sign in, hear of the courses, take one up, and fetch it."""
    accounts = Accounts(Profiles(Home(home)), Device(new_uuid4(), "bench"))
    profile = accounts.sign_in(url, "ana@example.org", "secret-1")
    store = accounts.profiles.open(profile)
    client = Client(url, Credentials(profile).read())
    requests: list[str] = []
    client._http.event_hooks = {"request": [lambda request: requests.append(request.method)]}
    started = time.perf_counter()
    Session(store, client, accounts.device).run()
    [course] = store.views.catalog().courses
    store.enroll(course.uid)
    Session(store, client, accounts.device).run()
    synced_s, synced = time.perf_counter() - started, len(requests)
    before = line.down.passed if line else 0
    wanted.ask(store, course.uid, "queued")
    started = time.perf_counter()
    size = bring(Download(store, client, course.uid))
    took_s = time.perf_counter() - started
    assert store.views.course(course.uid).course.is_here
    over = f" ({(line.down.passed - before) / KIB:.0f} KiB over the line)" if line else ""
    print(
        f"{name}: {took_s:.2f} s for {course.lessons} lessons, {size / KIB:.0f} KiB{over}, "
        f"{len(requests) - synced} requests; the two syncs before it {synced_s:.2f} s"
    )
    client.close()
    store.close()


@contextmanager
def serving(folder: Path, course: Path) -> Iterator[str]:
    """The real server in a process of its own, with the course and one learner."""
    environment = os.environ | {"LMS_SERVER_DATA": str(folder / "server")}

    def call(*words: str, given: bytes = b"") -> None:
        subprocess.run([*SERVER, *words], env=environment, input=given, capture_output=True, check=True)

    call("init")
    call("course", "import", str(course), "--publish")
    call("user", "add", "ana@example.org", "--name", "Ana", "--password-stdin", given=b"secret-1")
    command = [*SERVER, "serve", "--port", "0", "--no-worker"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait(20)


def make_up(folder: Path) -> Path:
    """A course of texts, where no sample is at hand."""
    (folder / "lessons").mkdir(parents=True)
    (folder / "course.toml").write_text('format = 1\nslug = "texts"\ntitle = "Texts"\n')
    for number in range(500):
        words = " ".join(f"word{(number * 7919 + at * 104729) % 9973}" for at in range(300))
        (folder / "lessons" / f"{number:03}.md").write_text(f"# Text {number}\n\n{words}\n")
    return folder


if __name__ == "__main__":
    main()
