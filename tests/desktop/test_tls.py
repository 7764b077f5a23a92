"""A certificate that this laptop doesn't trust, or not at its date, is told as what it is."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lms_desktop.app import Desk
from lms_desktop.settings import Device, Home
from lms_desktop.store.profiles import Profiles
from lms_desktop.sync.accounts import Accounts
from lms_desktop.sync.errors import Untrusted
from lms_desktop.ui.actions import ActionFailed, Failure
from tests.desktop.program import run


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Nobody reads it."""


def certificate(place, begins, days):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    place.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return place


def note_caller(server, callers):
    callers.append(1)
    return server.socket.accept()


@pytest.fixture
def callers():
    return []


@pytest.fixture
def serve(tmp_path, callers):
    running = []

    def start(begins, days):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate(tmp_path / "tls.pem", begins, days))
        server = make_server("127.0.0.1", 0, lambda _, start: (start("200 OK", []), [b""])[1], handler_class=Quiet)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None
        server.get_request = partial(note_caller, server, callers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"https://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_certificate_out_of_date_names_this_laptop_s_date(serve, tmp_path, monkeypatch):
    url = serve(datetime(2020, 1, 1, tzinfo=UTC), days=30)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    call = ("login", "--server", url, "--email", "ana@example.org", "--password-stdin")
    done = run(tmp_path / "home", *call)
    assert done.returncode == 3
    assert "certificate has expired" in done.stderr
    assert f"It says that today is {datetime.now().astimezone():%Y-%m-%d}" in done.stderr


def test_whoever_answers_with_a_bad_certificate_is_not_asked_in_the_clear(serve, callers, tmp_path):
    url = serve(datetime.now(UTC) - timedelta(days=1), days=30)
    accounts = Accounts(Profiles(Home(tmp_path / "home")), Device("", "laptop"))
    with pytest.raises(Untrusted):
        accounts.look_up(url.removeprefix("https://"))
    assert len(callers) == 1


def test_a_certificate_of_nobody_has_its_own_words_in_the_window(serve, tmp_path):
    url = serve(datetime.now(UTC) - timedelta(days=1), days=30)
    desk = Desk(Home(tmp_path / "home"))
    with pytest.raises(ActionFailed) as said:
        desk.look_up(url).result(30)
    assert said.value.failure is Failure.UNTRUSTED
    assert isinstance(said.value.__cause__, Untrusted)
    desk.close()
