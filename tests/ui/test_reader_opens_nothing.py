"""The real reading pane, under a tracer: no text makes it open a file or a connection."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None and "CI" not in os.environ, reason="strace is not installed"
)


@pytest.fixture
def secret(tmp_path):
    """A picture outside the lesson, in the folder the program runs in: relative names would find it too."""
    folder = tmp_path / "folder"
    folder.mkdir()
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(0xFF0000)
    assert image.save(str(folder / "secret.png"))
    return folder / "secret.png"


def traced(secret, way):
    """Tell the file and network calls that were made while the snippets were read."""
    trace = secret.parent.parent / f"trace-{way}"
    command = ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=%file,%network", "-o", str(trace)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*command, sys.executable, str(HERE / "read_hostile.py"), str(secret), way],
        cwd=secret.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.stdout.split() == ["ready", "done"], ran.stderr
    return [line for line in trace.read_text(errors="replace").splitlines() if "execve(" not in line]


def test_nothing_is_opened(secret):
    calls = traced(secret, "gated")
    assert calls
    assert [call for call in calls if "secret.png" in call] == []
    assert [call for call in calls if "evil.example" in call] == []
    assert [call for call in calls if "AF_INET" in call] == []


def test_the_gate_is_what_stops_it(secret):
    """Without the pane's own ``loadResource`` Qt does read the file, so the test above can fail."""
    assert any("secret.png" in call and "open" in call for call in traced(secret, "open"))
