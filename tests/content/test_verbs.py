"""``course new`` and ``course check``: no server, no traceback."""

import json
import subprocess
import sys


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "lms_server", "course", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_new_course_passes_its_check_and_is_never_written_over(tmp_path):
    folder = str(tmp_path / "my-course")
    assert run("new", folder, "--title", "My course").returncode == 0
    checked = json.loads(run("check", folder, "--json").stdout)
    assert (checked["title"], checked["lessons"], checked["warnings"]) == ("My course", 2, [])
    again = run("new", folder)
    assert again.returncode == 1
    assert "choose another place" in again.stderr


def test_what_is_no_course_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "x.txt").write_text("no course", "utf-8")
    refused = run("check", str(tmp_path))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert refused.stderr.startswith("lms-server: ")
