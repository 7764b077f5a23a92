"""``course`` and ``lesson``: bring courses in, show or hide them, take lessons out and back."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lms_server.actions.certificates import reevaluate
from lms_server.actions.context import ServerContext
from lms_server.actions.course_export import export_course
from lms_server.actions.course_import import import_course
from lms_server.actions.courses import (
    delete_course,
    list_courses,
    list_lessons,
    publish_course,
    remove_lesson,
    restore_course,
    restore_lesson,
    unpublish_course,
)
from lms_server.cli.arguments import command, group, server_of
from lms_server.cli.output import many, show, when
from lms_server.cli.packages import add_package_verbs, read_package, remarks
from lms_server.sync.parked import sweep

Change = Callable[[ServerContext, str], None]


def add_commands(commands: Any) -> None:
    """Put the verbs of courses and lessons on the command line."""
    verbs = group(commands, "course", "courses on this server")
    bring = command(verbs, "import", _import, "bring a course in from a folder or an archive")
    bring.add_argument("path", metavar="PATH", type=Path)
    bring.add_argument("--publish", action="store_true", help="open it for enrollment at once")
    bring.add_argument("--dry-run", action="store_true", help="only say what would change")
    bring.add_argument("--rename", action="store_true", help="let a known course take the package's slug")
    export = command(verbs, "export", _export, "write a course into a package that any server can import")
    export.add_argument("slug", metavar="SLUG")
    export.add_argument("file", metavar="FILE", type=Path)
    command(verbs, "list", _list, "list all courses")
    add_package_verbs(verbs)
    _change(verbs, "publish", publish_course, "open a course for enrollment", wakes=True)
    _change(verbs, "unpublish", unpublish_course, "take no new learners; those enrolled go on")
    _change(verbs, "delete", delete_course, "mark a course deleted; its slug stays taken")
    _change(verbs, "restore", restore_course, "take a deletion back", wakes=True)
    again = command(verbs, "reevaluate", _reevaluate, "issue the certificates that are due by now")
    again.add_argument("slug", metavar="SLUG")
    lessons = group(commands, "lesson", "lessons of a course")
    command(lessons, "list", _lessons, "list a course's lessons in order").add_argument("slug", metavar="SLUG")
    _change(lessons, "remove", remove_lesson, "take a lesson out; what was done in it stays", names="UID")
    _change(lessons, "restore", restore_lesson, "put a removed lesson back", names="UID", wakes=True)


def _change(verbs: Any, verb: str, change: Change, text: str, *, names: str = "SLUG", wakes: bool = False) -> None:
    def run(args: Namespace) -> None:
        context = server_of(args)
        change(context, args.what)
        replayed = sweep(context) if wakes else 0
        noun = "course" if names == "SLUG" else "lesson"
        show(args, {noun: args.what, "done": verb, "replayed": replayed}, f"{verb}: {args.what}")

    command(verbs, verb, run, text).add_argument("what", metavar=names)


def _import(args: Namespace) -> None:
    context = server_of(args)
    package = read_package(args.path)
    imported = import_course(context, package, publish=args.publish, rename=args.rename, dry_run=args.dry_run)
    report = imported.report()
    if not args.dry_run:
        sweep(context)
    show(args, report, _in_words(report, is_dry=args.dry_run))


def _export(args: Namespace) -> None:
    export_course(server_of(args), args.slug, args.file)
    show(args, {"slug": args.slug, "file": str(args.file)}, f"exported {args.slug} to {args.file}")


def _in_words(report: dict[str, Any], *, is_dry: bool) -> str:
    verb = "would import" if is_dry else "imported"
    lines = [f"{verb} {report['slug']}: {many(report['lessons'], 'lesson')}, {many(report['assets'], 'file')}"]
    for what in ("removed", "restored"):
        lines += [f"  {what}: {lesson['title']} ({lesson['uid']})" for lesson in report[what]]
    return "\n".join(lines + remarks(report))


def _list(args: Namespace) -> None:
    rows = list_courses(server_of(args))
    show(args, [asdict(row) | {"deleted_at": when(row.deleted_at)} for row in rows])


def _lessons(args: Namespace) -> None:
    rows = list_lessons(server_of(args), args.slug)
    show(args, [asdict(row) | {"deleted_at": when(row.deleted_at)} for row in rows])


def _reevaluate(args: Namespace) -> None:
    issued = reevaluate(server_of(args), args.slug)
    show(args, {"course": args.slug, "issued": issued}, many(len(issued), "new certificate"))
