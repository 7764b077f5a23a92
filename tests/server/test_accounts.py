"""Accounts and sessions: one per address, told nothing they shouldn't hear, revocable."""

import threading

import pytest
from sqlalchemy import select

from lms_server.actions import users as accounts
from lms_server.actions.refusals import Refused
from lms_server.actions.sessions import NoSession, Session, find_session, issue_session
from lms_server.actions.users import NewUser, add_user, check_password, disable_user, find_user, list_users
from lms_server.contract.sqlite import reading
from lms_server.database.tables import sessions, streams, users
from tests.server.conftest import PASSWORD

NAMES = ["  Ana  ", "محمد علي", "עברית", "李小龍", "Ana María O'Neill-García", "x" * 200, "👩🏽\u200d🚀 Ada"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_script_are_fine(context, name):
    assert add_user(context, NewUser("new@example.org", name, "pw")).name == name.strip()


@pytest.mark.parametrize(
    "name", ["", "   ", "\u200b", "x" * 201, "a\nb", "a\x00b", "a\x1bb", "a\u2028b", "a\u202egpj", "\ud800"]
)
def test_names_that_no_certificate_could_carry_are_refused(context, name):
    with pytest.raises(Refused) as refused:
        add_user(context, NewUser("new@example.org", name, "pw"))
    assert refused.value.code == "bad_name"
    assert refused.value.text.endswith(".")


@pytest.mark.parametrize(
    "email", ["", "ana", "@", "a@", "@b", "a b@c", "a@b\nBcc: x@y", "a" * 250 + "@b.org", "<a@b>", "a@b,c@d"]
)
def test_what_is_no_address_is_refused(context, email):
    with pytest.raises(Refused) as refused:
        add_user(context, NewUser(email, "Ana", "pw"))
    assert refused.value.code == "bad_email"


@pytest.mark.parametrize("email", ["ANA@example.org", " ana@EXAMPLE.org ", "\uff41na@example.org"])
def test_two_spellings_of_an_address_are_one_account(context, email):
    with pytest.raises(Refused) as refused:
        add_user(context, NewUser(email, "Ana", "pw"))
    assert refused.value.code == "email_taken"
    assert find_user(context, email).name == "Ana Moreno"


def test_two_who_add_one_address_at_once_make_one_account(context):
    ends = []

    def add():
        try:
            ends.append(add_user(context, NewUser("race@example.org", "Race", "pw")).uid)
        except Refused as refused:
            ends.append(refused.code)

    threads = [threading.Thread(target=add) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert ends.count("email_taken") == 5
    with reading(context.engine) as conn:
        uid = conn.execute(select(users.c.uid).where(users.c.email == "race@example.org")).scalar_one()
        assert conn.execute(select(streams.c.revision).where(streams.c.stream == uid)).scalar_one() == 0


def test_the_same_address_is_the_same_user_on_the_same_server_made_again(context):
    uid = find_user(context, "ana@example.org").uid
    assert uid == context.identity.user_uid("ana@example.org")
    assert uid[14] == "8"


def test_passwords_are_argon2id_and_fold_unicode(context):
    add_user(context, NewUser("new@example.org", "New", "pässword"))
    assert check_password(context, "new@example.org", "pa\u0308ssword")
    with reading(context.engine) as conn:
        hashed = conn.execute(select(users.c.password_hash).where(users.c.email == "new@example.org")).scalar_one()
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_unknown_address_costs_the_same_work(context, monkeypatch):
    hashed = []
    real = accounts._HASHER.verify
    monkeypatch.setattr(type(accounts._HASHER), "verify", lambda _self, *args: hashed.append(args[0]) or real(*args))
    for email in ("ana@example.org", "nobody@example.org"):
        assert check_password(context, email, "wrong") is None
    assert [text.split("$")[3] for text in hashed] == ["m=19456,t=2,p=1"] * 2


def test_an_account_without_a_password_opens_to_nobody(context):
    add_user(context, NewUser("new@example.org", "New"))
    for password in ("", "x", "\ufffd", "\ud800"):
        assert check_password(context, "new@example.org", password) is None


def test_tokens_are_stored_hashed(context):
    token = issue_session(context, find_user(context, "ana@example.org"), "laptop")
    assert len(token) >= 43
    with reading(context.engine) as conn:
        assert token not in str(conn.execute(select(sessions)).all())
    session = find_session(context, token)
    assert isinstance(session, Session)
    assert session.user.name == "Ana Moreno"
    assert find_session(context, token + "x") is NoSession.UNKNOWN


def test_disabling_ends_every_session_and_keeps_the_account(context):
    tokens = [issue_session(context, find_user(context, "ana@example.org"), name) for name in "ab"]
    disable_user(context, "ANA@example.org")
    assert {find_session(context, token) for token in tokens} == {NoSession.DISABLED}
    with reading(context.engine) as conn:
        assert None not in conn.execute(select(sessions.c.revoked_at)).scalars().all()
    assert [user.email for user in list_users(context) if user.disabled_at] == ["ana@example.org"]


def test_a_new_password_ends_every_session(context):
    token = issue_session(context, find_user(context, "ana@example.org"), "laptop")
    accounts.set_password(context, "ana@example.org", "another")
    assert find_session(context, token) is NoSession.UNKNOWN
    assert check_password(context, "ana@example.org", PASSWORD) is None
    assert check_password(context, "ana@example.org", "another")
