"""A database that is busy, full or gone: 503 with a time to come back, never a 500, and it recovers by itself."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from lms_server.actions.trouble import diagnose
from lms_server.cli import main
from lms_server.contract.sqlite import open_sqlite, reading, writing
from lms_server.database.retry import DatabaseBusy
from tests.server.conftest import made


@pytest.fixture
def impatient(context, monkeypatch):
    """The server's own database, which waits for nobody."""
    monkeypatch.setattr("lms_server.contract.sqlite._BUSY_TIMEOUT_MS", 1)
    monkeypatch.setattr("lms_server.database.retry.TRIES", 1)
    context.engine.dispose()
    return context


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_says_come_again(ana, course, settings, monkeypatch):
    ana.context.engine.dispose()
    other = open_sqlite(settings.database_file)
    with writing(other) as conn:
        conn.execute(text("UPDATE server SET name = 'x'"))
        answer = ana.sync(made("enroll", course=course["uid"]))
        assert (answer.status_code, answer.json["code"]) == (503, "busy")
        assert int(answer.headers["retry-after"]) > 0
        assert ana.sync().status_code == 200, "reading takes no write lock"
        monkeypatch.setattr("lms_server.actions.sessions._SEEN_EVERY_MS", -1)
        assert ana.sync().status_code == 200, "noting who was here can wait"
    other.dispose()
    assert ana.sync(made("enroll", course=course["uid"])).json["results"][0]["outcome"] == "applied"


def test_a_full_disk_stops_writing_and_not_reading(ana, course):
    with reading(ana.context.engine) as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    ana.context.engine.dispose()
    connection = ana.context.engine.raw_connection()
    connection.driver_connection.execute(f"PRAGMA max_page_count={pages}")
    connection.close()
    commands = [made("x" * 60, filling="y" * 4000) for _ in range(100)]
    answer = ana.sync(*commands)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_full")
    assert ana.sync().status_code == 200
    ana.context.engine.dispose()
    assert {result["outcome"] for result in ana.sync(*commands).json["results"]} == {"parked"}


def postgres(state):
    error = psycopg.Error()
    error.sqlstate = state
    return OperationalError("SELECT 1", {}, error)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (postgres("40001"), "busy"),
        (postgres("40P01"), "busy"),
        (postgres("57P01"), "busy"),
        (postgres("53300"), "busy"),
        (postgres("53100"), "storage_full"),
        (postgres(None), "busy"),
        (DatabaseBusy(), "busy"),
    ],
)
def test_what_postgresql_says(error, code):
    assert diagnose(error).code == code


def fill_a_database():
    """What the backup API says of a full disk."""
    with closing(sqlite3.connect(":memory:")) as target:
        target.execute("PRAGMA max_page_count=1")
        target.execute("CREATE TABLE t (x)")


def fill_a_file():
    Path("/dev/full").write_text("x", encoding="utf-8")


@pytest.fixture(params=[fill_a_database, fill_a_file])
def full_disk(request):
    """What fails as it does on a full disk."""
    if request.param is fill_a_file and not Path("/dev/full").exists():
        pytest.skip("this system has no disk that is always full")
    return request.param


def test_a_full_disk_is_no_mistake_of_ours(full_disk, settings, context, monkeypatch, capsys):
    assert context.engine
    with pytest.raises((sqlite3.Error, OSError)) as caught:
        full_disk()
    assert diagnose(caught.value).code == "storage_full"
    monkeypatch.setattr("lms_server.cli.upkeep.write_backup", lambda *_: full_disk())
    assert main(["--data", str(settings.data), "backup", "x"]) == 3
    assert "full" in capsys.readouterr().err


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS])
def test_a_broken_disk_is_no_mistake_of_ours(code):
    assert diagnose(OSError(code, "words")).code == "storage_trouble"


@pytest.mark.parametrize("error", [postgres("42601"), postgres("23505"), ValueError(), FileNotFoundError(), None])
def test_our_own_mistakes_are_not_trouble(error):
    assert diagnose(error) is None


@pytest.mark.logs("the database can't be used")
def test_a_missing_database_file(guest, settings):
    guest.context.engine.dispose()
    broken = sqlite3.connect(settings.database_file.with_name("other"))
    broken.close()
    settings.database_file.unlink()
    settings.database_file.mkdir()
    answer = guest.get("/readyz")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_trouble")
    assert guest.get("/healthz").status_code == 200
    page = guest.get("/", Accept="text/html", Accept_Language="es")
    assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "El almacenamiento del servidor" in page.text
    assert int(page.headers["retry-after"]) > 0


@pytest.mark.logs("the database can't be used")
@pytest.mark.parametrize("damage", [bytes, lambda size: b"no database" * (size // 11)])
def test_a_damaged_database_is_told_as_that(guest, settings, damage, capsys):
    guest.context.engine.dispose()
    settings.database_file.write_bytes(damage(settings.database_file.stat().st_size))
    answer = guest.get("/api/v1/server")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_trouble")
    page = guest.get("/nothing-here", Accept="text/html", Cookie="lms=somebody")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    guest.context.engine.dispose()
    assert main(["--data", str(settings.data), "user", "list"]) == 3
    assert "lms-server restore" in capsys.readouterr().err
