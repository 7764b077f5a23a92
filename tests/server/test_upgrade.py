"""Old databases are brought up to date or refused; steps and models say the same."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from lms_server.contract.sqlite import writing
from lms_server.database import upgrade
from lms_server.database.engine import open_database
from lms_server.database.tables import metadata
from lms_server.database.upgrade import NewerDatabase, bring_up_to_date, create_schema


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request, tmp_path):
    database = f"sqlite:///{tmp_path / 'server.sqlite3'}"
    made = open_database(request.getfixturevalue("postgres_url") if request.param == "postgres" else database)
    yield made
    made.dispose()


def test_the_steps_make_the_tables_that_the_models_say(engine):
    assert bring_up_to_date(engine, None) == "none"
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert bring_up_to_date(engine, None) is None


def test_a_new_database_is_at_the_newest_step(engine):
    create_schema(engine)
    assert bring_up_to_date(engine, None) is None
    scripts = ScriptDirectory(str(upgrade._FOLDER))
    assert scripts.get_heads() == [upgrade.HEAD]


def test_a_newer_database_is_refused(engine):
    create_schema(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="Update the server"):
        bring_up_to_date(engine, None)


def test_a_step_that_fails_leaves_the_old_tables_and_a_backup(tmp_path, monkeypatch):
    file = tmp_path / "server.sqlite3"
    engine = open_database(f"sqlite:///{file}")
    create_schema(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    def break_off(_config, _revision):
        conn = _config.attributes["connection"]
        conn.execute(text("DROP TABLE blob_uses"))
        raise RuntimeError("the power went")

    monkeypatch.setattr(import_module("alembic.command"), "upgrade", break_off)
    with pytest.raises(RuntimeError):
        bring_up_to_date(engine, file)
    with engine.connect() as conn:
        conn.execute(text("SELECT * FROM blob_uses"))
    engine.dispose()
    copy = open_database(f"sqlite:///{tmp_path / 'server.sqlite3.before-0001'}")
    with copy.connect() as conn:
        assert conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0000"
    copy.dispose()
