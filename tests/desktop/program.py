"""The real program in a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRACE = ("strace", "-f", "-qq", "-o", "/dev/null")


def call_of(home, *arguments):
    """The words that start it."""
    return [sys.executable, "-m", "lms_desktop", "--home", str(home), *map(str, arguments)]


def start(home, *arguments, before=(), **options):
    """Start it, with its answers in pipes."""
    return subprocess.Popen(
        [*before, *call_of(home, *arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(home, *arguments, before=(), **options):
    """Run it to its end."""
    with start(home, *arguments, before=before, **options) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
