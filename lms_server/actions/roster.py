"""A class list: many accounts from one CSV file, all checked before the first is made."""

import csv
import io
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lms_server.actions.context import ServerContext
from lms_server.actions.names import email_key, read_email, read_name, read_password
from lms_server.actions.refusals import Refused
from lms_server.actions.users import NewUser, add_user, list_users

MOST_ROWS = 10_000
MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class RosterLine:
    """One account of the list. ``state`` is new, added, or the code of why not; ``password`` if it was made up."""

    email: str
    name: str
    state: str
    password: str | None = None


def read_roster(content: bytes, file: str) -> list[NewUser]:
    """The accounts of a file, ``email,name[,password]``; raises Refused with the line that can't be used."""
    found: dict[str, NewUser] = {}
    for number, row in enumerate(_rows(content, file), 2):
        password = (row.get("password") or "").strip()
        try:
            email, name = read_email(row.get("email") or ""), read_name(row.get("name") or "")
            user = NewUser(email, name, read_password(password) if password else None)
        except Refused as refusal:
            raise Refused(
                refusal.code,
                "{file}, line {number}: {words} Nothing was imported.",
                file=file,
                number=number,
                words=refusal.said,
            ) from None
        found.setdefault(email_key(email), user)
    return list(found.values())


def preview_roster(context: ServerContext, roster: Sequence[NewUser]) -> list[RosterLine]:
    """What an import would come to."""
    there = {email_key(user.email) for user in list_users(context)}
    return [
        RosterLine(user.email, user.name, "email_taken" if email_key(user.email) in there else "new") for user in roster
    ]


def import_roster(context: ServerContext, roster: Sequence[NewUser]) -> list[RosterLine]:
    """Make the accounts; importing the same list again is harmless. Passwords that are missing are made up."""
    return list(_import(context, roster))


def _import(context: ServerContext, roster: Sequence[NewUser]) -> Iterator[RosterLine]:
    for user in roster:
        made_up = None if user.password else secrets.token_urlsafe(9)
        try:
            added = add_user(context, NewUser(user.email, user.name, user.password or made_up))
        except Refused as refusal:
            yield RosterLine(user.email, user.name, refusal.code)
        else:
            yield RosterLine(added.email, added.name, "added", made_up)


def _rows(content: bytes, file: str) -> list[dict[str, str | None]]:
    if len(content) > MOST_BYTES:
        raise Refused("bad_csv", "{file} is too large for a class list; split it.", file=file)
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        names = [(name or "").strip().lower() for name in reader.fieldnames or []]
        if not {"email", "name"} <= set(names):
            raise Refused("bad_csv", "{file}: the first line must name the columns email and name.", file=file)
        reader.fieldnames = names
        rows = [row for row, _ in zip(reader, range(MOST_ROWS + 1), strict=False)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused("bad_csv", "{file} is not a CSV file in UTF-8.", file=file) from error
    if len(rows) > MOST_ROWS:
        raise Refused("bad_csv", "{file} has more than {most} rows; split it.", file=file, most=MOST_ROWS)
    return rows
