"""What every test gets: an offscreen screen, folders of its own, no network, and silence in the log."""

import logging
import os
import re
import socket
from ipaddress import ip_address

import pytest

pytest_plugins = ["tests.postgres"]

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


# What a test of random schedules tells of its speed.
SPEED = "schedules a second and core"


class NetworkUsed(Exception):
    """A test reached for something beyond this machine."""


class Warnings(logging.Handler):
    """Collects what our own packages warn about."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        if record.name.startswith("lms_") or record.name == "root":
            self.lines.append(f"{record.name}: {record.getMessage()}")


def pytest_configure(config):
    config.addinivalue_line("markers", "logs(pattern): a log warning that matches is expected; it must come")


def pytest_terminal_summary(terminalreporter):
    reports = terminalreporter.getreports("passed")
    speeds = [value for report in reports for name, value in report.user_properties if name == SPEED]
    if speeds:
        terminalreporter.write_line(f"{sum(speeds) / len(speeds):.0f} {SPEED}")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only():
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    yield
    patch.undo()


def _guarded(connect):
    def guard(sock, address):
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise NetworkUsed(f"a test connects to {address!r}; only this machine is allowed")
        return connect(sock, address)

    return guard


def _is_loopback(host):
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    monkeypatch.setenv("LMS_DESKTOP_HOME", str(tmp_path / "home" / "desktop"))
    for name in [name for name in os.environ if name.startswith("LMS_SERVER_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _quiet_log(request):
    heard = Warnings()
    logging.getLogger().addHandler(heard)
    yield
    logging.getLogger().removeHandler(heard)
    wanted = [mark.args[0] for mark in request.node.iter_markers("logs")]
    surprises = [line for line in heard.lines if not any(re.search(pattern, line) for pattern in wanted)]
    missing = [pattern for pattern in wanted if not any(re.search(pattern, line) for line in heard.lines)]
    assert not surprises, "the log warned; if that is right, mark the test with @pytest.mark.logs"
    assert not missing, "the log was expected to warn"
