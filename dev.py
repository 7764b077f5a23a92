"""Every development command of the project; needs nothing but Python 3.11 or newer."""

import argparse
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCKS = ROOT / "requirements"
STAMP = VENV / "locked"

OFFSCREEN_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
SCREEN_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


class Failed(Exception):
    """A step that can't go on; its text says what to do."""


def main() -> int:
    """Run the named command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description=__doc__,
        epilog="\n".join(f"  {name:8} {run.__doc__}" for name, run in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...")
    given = parser.parse_args()
    if given.command is None:
        parser.print_help()
        return 0
    try:
        demand_python()
        return COMMANDS[given.command](given.arguments)
    except Failed as failed:
        print(f"dev.py: {failed}", file=sys.stderr)
        return 1


def demo(arguments: list[str]) -> int:
    """Show the whole story on this machine ([--headless] [--folder DIR])."""
    prepare()
    return program("python", "-m", "tests.flows.story", *arguments)


def test(arguments: list[str]) -> int:
    """Run the tests ([pytest's arguments])."""
    prepare()
    find_postgres()
    return program("python", "-m", "pytest", *(arguments or ["-n", "2", "--dist", "loadgroup"]))


def check(_arguments: list[str]) -> int:
    """Run every static check: lint, format, types, layers, dependencies."""
    prepare()
    steps = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports",),
        ("deptry", "."),
    )
    failed = [step[0] for step in steps if announced(*step)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return len(failed)


def run(arguments: list[str]) -> int:
    """Start a program from this checkout (desktop|server [its arguments])."""
    if not arguments or arguments[0] not in {"desktop", "server"}:
        raise Failed("run what? dev.py run desktop [...] or dev.py run server [...]")
    prepare()
    return program(f"lms-{arguments[0]}", *arguments[1:])


def bench(arguments: list[str]) -> int:
    """Measure and print one table ([NAME ...])."""
    prepare()
    return program("python", str(ROOT / "benchmarks" / "table.py"), *arguments)


def lock(arguments: list[str]) -> int:
    """Make the locked requirement files again ([--upgrade])."""
    prepare()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    tools = "\n".join(project["dependency-groups"]["dev"])
    runtime, dev = LOCKS / "runtime.txt", LOCKS / "dev.txt"
    sources = ("pyproject.toml", "requirements/platforms.in")
    compile_lock(runtime, *arguments, *sources)
    compile_lock(dev, *arguments, "-c", str(runtime), *sources, "requirements/dev.in", "-", typed=tools)
    return 0


def sample(_arguments: list[str]) -> int:
    """Make resources/sample again from the sample courses, after a change to them."""
    prepare()
    courses = ("resources/sample-course", "resources/sample-course-ar")
    return program("python", "-m", "lms_server.operate.sample", "resources/sample", *courses)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "test": test,
    "check": check,
    "run": run,
    "bench": bench,
    "lock": lock,
    "sample": sample,
}


def compile_lock(target: Path, *arguments: str, typed: str = "") -> None:
    """Pin everything with the hashes of every platform's files; the lock names no index."""
    silent = ("--no-header", "--no-annotate", "--no-emit-options", "--strip-extras", "--allow-unsafe")
    quiet = ("--quiet", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host")
    call = [str(BIN / "pip-compile"), "--generate-hashes", *silent, *quiet, "--output-file", str(target), *arguments]
    subprocess.run(call, cwd=ROOT, input=typed, text=True, check=True)
    pins = target.read_text("utf-8")
    target.write_text(f"# Made by `python3 dev.py lock`.\n{pins}", "utf-8")


def demand_python() -> None:
    """Refuse interpreters that the pinned libraries have no files for."""
    if not (3, 11) <= sys.version_info[:2] < (3, 15):
        raise Failed("needs Python 3.11 to 3.14, for example: python3.11 dev.py ...")


def prepare() -> None:
    """Make .venv hold exactly what the lock says, and this project itself, editable."""
    install_libraries()
    wanted = hashlib.sha256((LOCKS / "dev.txt").read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text("utf-8") == wanted:
        return
    if not (BIN / "pip").exists() and not (BIN / "pip.exe").exists():
        make_venv()
    print("installing what requirements/dev.txt locks ...", flush=True)
    pip("--require-hashes", "-r", str(LOCKS / "dev.txt"))
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    STAMP.write_text(wanted, "utf-8")


def make_venv() -> None:
    """Create .venv, or say what the distribution keeps apart."""
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    except (subprocess.CalledProcessError, ModuleNotFoundError) as trouble:
        raise Failed(f"no virtual environment ({trouble}); on Debian: apt-get install python3-venv") from trouble


def pip(*arguments: str) -> None:
    """Install into .venv; what pip says is shown only when it fails."""
    call = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"pip could not install:\n{done.stdout}{done.stderr}")


def program(name: str, *arguments: str) -> int:
    """Run a program of .venv with this terminal; its exit code."""
    return subprocess.run([str(BIN / name), *arguments], cwd=ROOT, check=False).returncode


def announced(*call: str) -> int:
    """Run one check under its own name."""
    print(f"== {' '.join(call)}", flush=True)
    return program(*call)


def install_libraries() -> None:
    """Bring in the system libraries that Qt needs here; only Linux lacks any."""
    if not sys.platform.startswith("linux"):
        return
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    wanted = OFFSCREEN_LIBRARIES | (SCREEN_LIBRARIES if has_screen else {})
    missing = [package for library, package in wanted.items() if not loads(library)]
    if missing and not apt_install(*missing):
        raise Failed(f"Qt needs system libraries; on Debian: apt-get install {' '.join(missing)}")


def loads(library: str) -> bool:
    """Whether the dynamic linker finds it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def find_postgres() -> None:
    """Have PostgreSQL's programs for the tests that compare both databases; without them those tests are skipped."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if folders or shutil.which("initdb") or os.name == "nt":
        return
    if not apt_install("postgresql"):
        print("no PostgreSQL here: its tests will be skipped (Debian: apt-get install postgresql)", flush=True)


def apt_install(*packages: str) -> bool:
    """Install Debian packages where that needs no password; whether it worked."""
    if not shutil.which("apt-get"):
        return False
    asking = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if asking and subprocess.run([*asking, "true"], capture_output=True, check=False).returncode:
        return False
    print(f"installing {' '.join(packages)} ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for call in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", *packages]):
        done = subprocess.run([*asking, *call], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout + done.stderr, file=sys.stderr)
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
