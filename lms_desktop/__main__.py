"""``lms-desktop``: the window, or a headless command."""

import os
import sys
from collections.abc import Sequence

from lms_desktop import cli
from lms_desktop.settings import find_home


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that is named, or open the window when there is none; returns the exit code."""
    args = cli.build_parser().parse_args(arguments)
    if args.command is not None:
        return cli.run(args)
    from lms_desktop.app import run_window  # noqa: PLC0415 # headless commands must not load Qt

    return run_window(find_home(os.environ, args.home))


if __name__ == "__main__":
    sys.exit(main())
