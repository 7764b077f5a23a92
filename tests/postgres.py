"""A PostgreSQL of the test run's own, started when the first test asks for it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest

QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60")


def programs():
    """The folder of PostgreSQL's programs, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    return folders[-1] if folders else Path(on_path).parent if on_path else None


@contextmanager
def running(found, *settings):
    """A server in a folder of its own; yields SQLAlchemy's address of it, without a database's name."""
    folder = Path(tempfile.mkdtemp(prefix="lms-postgres-"))
    account = _unprivileged(folder)
    subprocess.run(
        [found / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        **account,
    )
    port = free_port()
    told = [part for setting in settings for part in ("-c", setting)]
    call = [found / "postgres", "-D", folder / "data", "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", *told]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(call, stdout=log, stderr=log, cwd=folder, **account)
    try:
        _wait_until_ready(server, port, folder / "log")
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def pooled(address):
    """PgBouncer before a server: every transaction may get another of its connections. For ``LMS_POOLER=1``."""
    folder = Path(tempfile.mkdtemp(prefix="lms-pooler-"))
    account = _unprivileged(folder)
    port, behind = free_port(), address.rpartition(":")[2]
    (folder / "pooler.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={behind} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\nserver_round_robin = 1\ndefault_pool_size = 5\n"
    )
    call = ["pgbouncer", "-q", str(folder / "pooler.ini")]
    with (folder / "log").open("wb") as log:
        pooler = subprocess.Popen(call, stdout=log, stderr=log, cwd=folder, **account)
    try:
        _wait_until_ready(pooler, port, folder / "log")
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        pooler.terminate()
        pooler.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server():
    """SQLAlchemy's address of a running server, without a database's name."""
    found = programs()
    if found is None:
        assert not os.environ.get("CI"), "CI must have PostgreSQL"
        pytest.skip("no PostgreSQL on this machine")
    with (
        running(found, *QUICK) as address,
        pooled(address) if os.environ.get("LMS_POOLER") else nullcontext(address) as ours,
    ):
        yield ours


@pytest.fixture
def postgres_url(postgres_server):
    """SQLAlchemy's address of a new empty database."""
    with database(postgres_server) as address:
        yield address


@contextmanager
def database(server):
    """A new empty database of this server, dropped at the end."""
    name = f"t{uuid.uuid4().hex}"
    admin = server.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    yield f"{server}/{name}"
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _unprivileged(folder):
    """PostgreSQL refuses to run as root; its package made an account for it."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    shutil.chown(folder, "postgres")
    return {"user": "postgres"}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _wait_until_ready(server, port, log):
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return
