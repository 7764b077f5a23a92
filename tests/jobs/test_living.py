"""The jobs of a worker that was killed go on at once; those of one that lives, or that nobody knows, are left alone."""

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lms_server.contract.sqlite import writing
from lms_server.jobs.holds import hold_mails
from lms_server.jobs.living import alive, find_dead
from lms_server.jobs.queue import claim
from tests.jobs.test_kill import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="leases end by time alone there")


def kill_at(place, point, mail_url):
    call = [sys.executable, "-m", "tests.jobs.killed_worker", str(place.folder), mail_url, point]
    assert subprocess.run(call, check=False, cwd=ROOT).returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", ["claimed", "drawn", "frozen", "out", "before the verdict"])
def test_what_a_killed_worker_left_is_done_by_the_next(place, point):
    uuid = place.issue()
    kill_at(place, point, f"maildir://{place.mails}")
    place.worker().run_once()
    assert place.delivered() == [f"{uuid}.lms"]
    assert {place.job(uuid, kind).state for kind in ("certificate_email", "certificate_pdf")} == {"accepted"}
    # Whose jobs are all done is forgotten.
    place.worker().run_once()
    assert len(list(place.living.iterdir())) == 1


def test_doubt_is_seen_at_once(place, mail_server):
    uuid = place.issue()
    kill_at(place, "out", mail_server.url)
    place.worker(mail_server.url).run_once()
    assert place.job(uuid).state == "in_doubt"
    assert len(mail_server.script.mails) == 1


@pytest.mark.parametrize("is_of_another_machine", [True, False])
def test_the_jobs_of_others_are_left_alone(place, is_of_another_machine):
    uuid = place.issue()
    folder = place.folder / "elsewhere" if is_of_another_machine else place.living
    with alive(folder) as mark:
        with writing(place.engine) as conn:
            assert claim(conn, ["certificate_email"], place.now, place.now + 60_000, mark)
        place.worker().run_once()
        assert place.job(uuid).state == "sending"
    place.worker().run_once()
    assert (place.job(uuid).state == "sending") is is_of_another_machine


def test_a_folder_that_cannot_be_made_stops_no_worker(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with alive(tmp_path / "file") as mark:
        assert find_dead(tmp_path / "file", {mark}) == set()


@pytest.mark.parametrize("step", ["iterdir", "unlink", "replace"])
def test_a_folder_that_takes_or_tells_nothing_stops_no_worker(place, monkeypatch, step):
    uuid = place.issue()
    with alive(place.living):
        pass

    def denied(path, *given, **named):
        if place.living in (path, path.parent):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *given, **named)

    real = getattr(Path, step)
    monkeypatch.setattr(Path, step, denied)
    place.worker().run_once()
    assert place.delivered() == [f"{uuid}.lms"]


def test_a_mail_that_a_dead_worker_had_taken_is_held_too(place):
    uuid = place.issue()
    with writing(place.engine) as conn:
        assert claim(conn, ["certificate_email"], place.now, place.now)
        hold_mails(conn, [uuid])
    place.worker().run_once()
    assert (place.job(uuid).state, place.delivered()) == ("held", [])
