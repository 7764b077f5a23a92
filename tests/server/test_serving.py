"""On a real port: limits, and an end that loses no answer."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from lms_server.cli.ways_in import reachable, ways_in
from lms_server.web.serving import _LIMITS, Serving, address_of, listen

SERVER_ID = "0190a5b4-7c1e-4a52-9d4e-3f1b5c6a7d80"


@pytest.fixture
def served():
    """Serves a WSGI callable of the test in a thread; everything is stopped at the end."""
    running = []

    def serve(app):
        listener = listen("127.0.0.1", 0)
        serving = Serving(app, listener, SERVER_ID)
        thread = threading.Thread(target=serving.run)
        thread.start()
        running.append((serving, thread, listener))
        return serving, thread, listener.getsockname()[1]

    yield serve
    for serving, thread, listener in running:
        serving.stop()
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


def ask(port, path="/", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST" if body else "GET", path, body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_the_address_names_the_port_that_was_found():
    for host, start in (("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")):
        with listen(host, 0) as listener:
            assert address_of(host, listener) == f"{start}{listener.getsockname()[1]}"


def test_whoever_tries_tls_is_hung_up_on_and_need_not_wait(served):
    _serving, _thread, port = served(lambda _environ, _start: [])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        assert plain.recv(1) == b""


def test_what_is_in_flight_is_finished_and_nothing_new_is_taken(served):
    arrived, go_on = threading.Event(), threading.Event()

    def slow(_environ, start_response):
        arrived.set()
        assert go_on.wait(20)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 3_000_000]

    serving, thread, port = served(slow)
    answers = []
    asker = threading.Thread(target=lambda: answers.append(ask(port)))
    asker.start()
    assert arrived.wait(20)
    serving.stop()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionError:
            break
    go_on.set()
    asker.join(20)
    thread.join(20)
    assert answers == [(200, b"x" * 3_000_000)]


def test_slow_clients_keep_nobody_waiting(served):
    def app(environ, start_response):
        environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    _, _, port = served(app)
    crawlers = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
    for number, crawler in enumerate(crawlers):
        head = b"POST / HTTP/1.1\r\nHost: x\r\n"
        crawler.sendall(head if number % 2 else head + b"Content-Length: 100\r\n\r\nhal")
    assert ask(port) == (200, b"fine")
    for crawler in crawlers:
        crawler.close()


@pytest.mark.parametrize(
    "head", [b"POST /api/v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"GET / HTTP/1.1\r\nX: "]
)
def test_a_request_that_trickles_in_has_an_end(served, monkeypatch, head):
    monkeypatch.setitem(_LIMITS, "channel_timeout", 1)
    monkeypatch.setitem(_LIMITS, "cleanup_interval", 1)
    _, _, port = served(lambda _environ, _start_response: [])
    with socket.create_connection(("127.0.0.1", port), timeout=0.1) as slow:
        slow.sendall(head)
        for _ in range(600):
            try:
                slow.sendall(b"x")
                if slow.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("it went on and on")


def test_slow_readers_keep_nobody_waiting(served):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * (1 << 20)] * 60 if environ["PATH_INFO"] == "/big" else [b"fine"]

    _, _, port = served(app)
    readers = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
    for reader in readers:
        reader.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [reader.recv(4) for reader in readers] == [b"HTTP"] * 10
    assert ask(port) == (200, b"fine")
    for reader in readers:
        reader.close()


def raw(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer, answer.read()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_requests_that_two_readers_could_read_differently(served, request_):
    def app(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    _, _, port = served(app)
    answer, content = raw(port, request_)
    problem = json.loads(content)
    assert answer.status == problem["status"]
    assert (answer.status, problem["code"]) in {
        (400, "bad_request"),
        (413, "too_large"),
        (431, "too_large"),
        (501, "bad_request"),
    }
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["server_id"] == SERVER_ID
    assert ask(port) == (200, b"fine")


def test_serve_says_where_and_ends_politely(settings):
    call = [sys.executable, "-m", "lms_server", "serve", "--port", "0", "--data", str(settings.data)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        line = server.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        port = int(line.rsplit(":", 1)[1])
        assert "serve --host 0.0.0.0" in server.stdout.readline()
        assert server.stdout.readline().endswith(f" http://127.0.0.1:{port}/admin\n")
        status, content = ask(port, "/api/v1/server")
        assert (status, json.loads(content)["name"]) == (200, "Hillside Library")
        refused = [sys.executable, "-m", "lms_server", "restore", "x", "--data", str(settings.data)]
        assert subprocess.run(refused, capture_output=True, check=False).returncode != 0
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(20) == 0
        assert server.stderr.read() == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_serve_names_an_address_that_can_be_typed_on_a_laptop(settings, host):
    call = [sys.executable, "-m", "lms_server", "serve", "--port", "0", "--host", host, "--data", str(settings.data)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as server:
        here, laptops, admins = (server.stdout.readline().split()[-1] for _line in range(3))
        server.terminate()
    port = here.rpartition(":")[2]
    assert re.fullmatch(rf"http://[\w.-]+:{port}", laptops)
    assert host not in laptops
    assert admins == f"{laptops}/admin"
    assert reachable(host, here) == f"http://{socket.gethostname()}:{port}"
    assert ways_in(host, here, "https://hillside.example")[0].endswith(" https://hillside.example")


def test_a_request_with_two_lengths_is_refused(served):
    asked = []

    def app(environ, start_response):
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    _, _, port = served(app)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(head + b"0\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert asked == []
