"""``user``: add, list, disable, enable, import."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from lms_server.actions.refusals import Refused
from lms_server.actions.roster import MOST_BYTES, import_roster, preview_roster, read_roster
from lms_server.actions.users import NewUser, Role, User, add_user, disable_user, enable_user, list_users, set_password
from lms_server.cli.arguments import command, group, password_from_stdin, server_of
from lms_server.cli.output import show, when


def add_commands(commands: Any) -> None:
    """Put the verbs of accounts on the command line."""
    verbs = group(commands, "user", "accounts of learners and admins")
    add = command(verbs, "add", _add, "make an account")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", required=True, metavar="NAME", help="as it stands on certificates")
    add.add_argument("--admin", action="store_true", help="may use the admin's pages")
    add.add_argument("--password-stdin", action="store_true", required=True, help="read the password from stdin")
    command(verbs, "list", _list, "list all accounts")
    disable = command(verbs, "disable", _disable, "close an account; its work and certificates stay")
    disable.add_argument("email", metavar="EMAIL")
    enable = command(verbs, "enable", _enable, "open a disabled account again")
    enable.add_argument("email", metavar="EMAIL")
    password = command(verbs, "password", _password, "set a new password; all devices sign in again")
    password.add_argument("email", metavar="EMAIL")
    password.add_argument("--password-stdin", action="store_true", required=True, help="read it from stdin")
    many = command(verbs, "import", _import, "make accounts from a CSV file: email,name[,password]")
    many.add_argument("file", metavar="CSV", type=Path)
    many.add_argument("--dry-run", action="store_true", help="say who is new; make nobody")


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


def _enable(args: Namespace) -> None:
    user = enable_user(server_of(args), args.email)
    show(args, user_row(user), f"enabled {user.email}; they sign in again")


def _disable(args: Namespace) -> None:
    user = disable_user(server_of(args), args.email)
    show(args, user_row(user), f"disabled {user.email}; signed out everywhere")


def _password(args: Namespace) -> None:
    user = set_password(server_of(args), args.email, password_from_stdin())
    show(args, user_row(user), f"new password for {user.email}; signed out everywhere")


def _import(args: Namespace) -> None:
    try:
        with args.file.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused("bad_csv", f"{args.file} can't be read: {error.strerror}") from error
    roster = read_roster(content, args.file.name)
    context = server_of(args)
    lines = preview_roster(context, roster) if args.dry_run else import_roster(context, roster)
    fields = ("email", "name", "password", "state")
    show(args, [{name: getattr(line, name) for name in fields} for line in lines])
