"""kill -9 between any two steps: the PDF comes, and never two mails, never silently none."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.killed_worker import POINTS

ROOT = Path(__file__).parents[2]
# From the recorded intent until the acceptance is recorded nobody can know what a mail server did.
DOUBTFUL = {"intent in the database", "intent in the journal", "out", "message without its dot"}


def kill_at(place, mail_url, point):
    call = [sys.executable, "-m", "tests.jobs.killed_worker", str(place.folder), mail_url, point]
    assert subprocess.run(call, check=False, cwd=ROOT).returncode == -signal.SIGKILL
    place.expire_leases()


@pytest.mark.parametrize(
    "point", ["frozen", "intent in the journal", "file without its name", "out", "before the verdict"]
)
def test_a_maildir_gets_exactly_one(place, point):
    uuid = place.issue()
    kill_at(place, f"maildir://{place.mails}", point)
    place.worker().run_once()
    assert place.delivered() == [f"{uuid}.lms"]
    assert place.job(uuid).state == "accepted"
    assert place.job(uuid, "certificate_pdf").state == "accepted"


@pytest.mark.parametrize("point", [point for point in POINTS if point != "file without its name"])
def test_a_mail_server_gets_one_or_the_admin_sees_doubt(place, mail_server, point):
    uuid = place.issue()
    kill_at(place, mail_server.url, point)
    place.worker(mail_server.url).run_once()
    came = len(mail_server.script.mails)
    assert place.job(uuid).state == ("in_doubt" if point in DOUBTFUL else "accepted")
    assert came == (1 if point == "out" or point not in DOUBTFUL else 0)
    place.worker(mail_server.url).run_once()
    assert len(mail_server.script.mails) == came


def test_a_mail_that_was_read_meanwhile_stays_one(place):
    uuid = place.issue()
    kill_at(place, f"maildir://{place.mails}", "out")
    (place.mails / "new" / f"{uuid}.lms").rename(place.mails / "cur" / f"{uuid}.lms:2,S")
    place.worker().run_once()
    assert place.delivered() == []
    assert place.job(uuid).state == "accepted"
