"""``user``: add, list, disable, import."""

import csv
import secrets
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lms_server.actions.context import ServerContext
from lms_server.actions.names import email_key, read_email, read_name, read_password
from lms_server.actions.refusals import Refused
from lms_server.actions.users import NewUser, Role, User, add_user, disable_user, list_users, set_password
from lms_server.cli.arguments import command, group, password_from_stdin, server_of
from lms_server.cli.output import show, when

_MOST_ROWS = 10_000


def add_commands(commands: Any) -> None:
    """Put the verbs of accounts on the command line."""
    verbs = group(commands, "user", "accounts of learners and admins")
    add = command(verbs, "add", _add, "make an account")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", required=True, metavar="N")
    add.add_argument("--admin", action="store_true", help="may use the admin's pages")
    add.add_argument("--password-stdin", action="store_true", required=True, help="read the password from stdin")
    command(verbs, "list", _list, "list all accounts")
    disable = command(verbs, "disable", _disable, "close an account; its work and certificates stay")
    disable.add_argument("email", metavar="EMAIL")
    password = command(verbs, "password", _password, "set a new password; all devices sign in again")
    password.add_argument("email", metavar="EMAIL")
    password.add_argument("--password-stdin", action="store_true", required=True, help="read it from stdin")
    many = command(verbs, "import", _import, "make accounts from a CSV file: email,name[,password]")
    many.add_argument("file", metavar="CSV", type=Path)


def user_row(user: User) -> dict[str, Any]:
    """An account as ``--json`` shows it."""
    return {
        "uid": user.uid,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "disabled_at": when(user.disabled_at),
    }


def _add(args: Namespace) -> None:
    role = Role.ADMIN if args.admin else Role.LEARNER
    user = add_user(server_of(args), NewUser(args.email, args.name, password_from_stdin(), role))
    show(args, user_row(user), f"added {user.email} ({user.role.value})")


def _list(args: Namespace) -> None:
    show(args, [user_row(user) for user in list_users(server_of(args))])


def _disable(args: Namespace) -> None:
    user = disable_user(server_of(args), args.email)
    show(args, user_row(user), f"disabled {user.email}; signed out everywhere")


def _password(args: Namespace) -> None:
    user = set_password(server_of(args), args.email, password_from_stdin())
    show(args, user_row(user), f"new password for {user.email}; signed out everywhere")


def _import(args: Namespace) -> None:
    new = list(_read_csv(args.file))
    context = server_of(args)
    rows = [_import_one(context, user, is_made_up) for user, is_made_up in new]
    show(args, rows)


def _import_one(context: ServerContext, user: NewUser, is_made_up: bool) -> dict[str, Any]:  # noqa: FBT001 # one row of two columns
    try:
        added = add_user(context, user)
    except Refused as refusal:
        # Importing the same list again is harmless.
        return {"email": user.email, "name": user.name, "password": None, "state": refusal.code}
    return {
        "email": added.email,
        "name": added.name,
        "password": user.password if is_made_up else None,
        "state": "added",
    }


def _read_csv(path: Path) -> Iterator[tuple[NewUser, bool]]:
    """Accounts of a file, all checked before the first is made; passwords that are missing are made up."""
    seen: set[str] = set()
    for number, row in enumerate(_rows(path), 2):
        try:
            password = (row.get("password") or "").strip()
            user = NewUser(
                read_email(row.get("email") or ""),
                read_name(row.get("name") or ""),
                read_password(password or secrets.token_urlsafe(9)),
            )
        except Refused as refusal:
            raise Refused(refusal.code, f"{path.name}, line {number}: {refusal.text} Nothing was imported.") from None
        if (key := email_key(user.email)) not in seen:
            yield user, not password
        seen.add(key)


def _rows(path: Path) -> list[dict[str, str | None]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = [(name or "").strip().lower() for name in reader.fieldnames or []]
            if not {"email", "name"} <= set(names):
                raise Refused("bad_csv", f"{path.name}: the first line must name the columns email and name.")
            reader.fieldnames = names
            rows = [row for row, _ in zip(reader, range(_MOST_ROWS + 1), strict=False)]
    except OSError as error:
        raise Refused("bad_csv", f"{path} can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused("bad_csv", f"{path.name} is not a CSV file in UTF-8.") from error
    if len(rows) > _MOST_ROWS:
        raise Refused("bad_csv", f"{path.name} has more than {_MOST_ROWS} rows; split it.")
    return rows
