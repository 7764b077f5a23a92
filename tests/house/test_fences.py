"""The fences around every test stand."""

import logging
import os
import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.7"])
def test_no_test_reaches_beyond_this_machine(address):
    with socket.socket() as sock, pytest.raises(Exception, match="only this machine"):
        sock.connect((address, 80))


def test_this_machine_is_reached():
    with socket.socket() as listener, socket.socket() as sock:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        sock.connect(listener.getsockname())


@pytest.mark.logs("as expected")
def test_a_warning_that_is_expected_is_no_failure():
    logging.getLogger("lms_server.house").warning("as expected")


def test_every_test_has_a_home_of_its_own(tmp_path):
    assert tmp_path in Path(os.environ["LMS_DESKTOP_HOME"]).parents
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
