"""Runs every ``bench_*.py`` beside it, one after the other, and prints one table of what they print."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A million old rows on two databases take their time.
LIMIT_S = 1800


def main() -> int:
    """Run the named benchmarks, or all; the exit code says whether one failed."""
    files = {name_of(file): file for file in sorted(HERE.glob("bench_*.py"))}
    wanted = sys.argv[1:] or list(files)
    if unknown := set(wanted) - set(files):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(files)}", file=sys.stderr)
        return 2
    results = [run(files[name]) for name in wanted]
    print(f"\n{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| benchmark | figures | took |\n|---|---|---|")
    for file, lines, took_s, _ in results:
        print(f"| {name_of(file)} | {'<br>'.join(lines)} | {took_s:.0f} s |")
    return int(any(code for *_, code in results))


def name_of(file: Path) -> str:
    return file.stem.removeprefix("bench_")


def run(file: Path) -> tuple[Path, list[str], float, int]:
    """One benchmark in a process of its own, so that none warms another up; what it prints are its figures."""
    print(f"{name_of(file)} ...", flush=True)
    environment = os.environ | {"PYTHONPATH": str(HERE.parent), "QT_QPA_PLATFORM": "offscreen"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(file)], env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    lines = done.stdout.strip().splitlines() or [f"failed with exit code {done.returncode}"]
    return file, lines, time.perf_counter() - began, done.returncode


if __name__ == "__main__":
    sys.exit(main())
