"""Course packages before any server: start one, check one, and read one with its progress on the terminal."""

import sys
from argparse import Namespace
from pathlib import Path
from shlex import quote
from typing import Any

from lms_server.actions.refusals import Refused
from lms_server.cli.arguments import command
from lms_server.cli.output import many, show
from lms_server.content.errors import BadCourse
from lms_server.content.model import CoursePackage
from lms_server.content.read import read_course
from lms_server.content.report import package_report
from lms_server.content.starter import new_course

_BAR = 30


def add_package_verbs(verbs: Any) -> None:
    """Put ``course new`` and ``course check`` on the command line."""
    new = command(verbs, "new", _new, "write a small course to start from")
    new.add_argument("folder", metavar="DIR", type=Path)
    new.add_argument("--title", default="", metavar="TITLE", help="the course's title")
    check = command(verbs, "check", _check, "say what an import would, without a server")
    check.add_argument("path", metavar="PATH", type=Path)


def read_package(path: Path) -> CoursePackage:
    """The course at this path, with a bar on the terminal while it is read. Raises Refused."""
    try:
        return read_course(path, _draw)
    except BadCourse as error:
        raise Refused(error.fault, error.said) from error
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def remarks(report: dict[str, Any]) -> list[str]:
    """The report's warnings, a line each."""
    parts = [(remark["code"], remark["where"], remark["text"]) for remark in report["warnings"]]
    # Some are about the package as a whole.
    return ["  " + ": ".join(part for part in line if part) for line in parts]


def _new(args: Namespace) -> None:
    try:
        made = new_course(args.folder, title=args.title)
    except BadCourse as error:
        raise Refused(error.fault, error.said) from error
    show(args, {"file": str(made)}, f"wrote {made}; change it, then: lms-server course check {quote(str(args.folder))}")


def _check(args: Namespace) -> None:
    report = package_report(read_package(args.path))
    counts = (many(report["lessons"], "lesson"), many(report["sections"], "section"), many(report["assets"], "file"))
    head = f"{report['slug']}: {', '.join(counts)}"
    show(args, report, "\n".join([head, *remarks(report)]))


def _draw(done: int, total: int) -> None:
    if sys.stderr.isatty() and total:
        filled = _BAR * done // total
        sys.stderr.write(f"\r[{'#' * filled}{' ' * (_BAR - filled)}] {done} of {total}")
        sys.stderr.flush()
