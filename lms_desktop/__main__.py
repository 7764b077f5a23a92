"""``lms-desktop``: the window, or a headless command."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from lms_desktop.settings import find_home
from lms_server.contract.memory import collect_rarely

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
NO_SCREEN = 2


def main(arguments: Sequence[str] | None = None, seen: Callable[[], None] | None = None) -> int:
    """Run the command that is named, or open the window when there is none; returns the exit code.

    ``seen`` is called when the window's first frame stands.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    window = argparse.ArgumentParser(prog="lms-desktop", add_help=False, allow_abbrev=False)
    window.add_argument("--home")
    args, command = window.parse_known_args(given)
    return _run(given, seen) if command else _open(args.home, seen)


def _run(given: list[str], seen: Callable[[], None] | None) -> int:
    # Commands must not load Qt, nor the window what commands need.
    cli = import_module("lms_desktop.cli")
    args = cli.build_parser().parse_args(given)
    if args.command is None:
        return _open(args.home, seen)
    collect_rarely()
    return int(cli.run(args))


def _open(home: str | None, seen: Callable[[], None] | None) -> int:
    if not has_screen(os.environ, sys.platform):
        sys.stderr.write("lms-desktop: There is no screen here. What works without one: lms-desktop --help\n")
        return NO_SCREEN
    # Next to nothing that is made until the window stands is garbage; looking for it took a fifth of the start.
    gc.disable()
    app = import_module("lms_desktop.app")
    return int(app.run_window(find_home(os.environ, home), lambda: _stand(seen)))


def has_screen(environ: Mapping[str, str], system: str) -> bool:
    """Whether Qt can open a window; without a screen it would end the process with SIGABRT."""
    return system != "linux" or any(map(environ.get, SCREENS))


def _stand(seen: Callable[[], None] | None) -> None:
    collect_rarely()
    gc.enable()
    if seen is not None:
        seen()


if __name__ == "__main__":
    sys.exit(main())
