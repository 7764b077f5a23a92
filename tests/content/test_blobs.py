"""Files under their hash: complete or absent, whatever goes wrong."""

import hashlib
import io
from functools import partial
from io import BytesIO

import pytest

from lms_server.content.blobs import Blobs, WrongContent


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Breaks(io.BytesIO):
    def read(self, size=-1):
        data = super().read(3)
        if not data:
            raise OSError("the disk went away")
        return data


def test_put_and_read(tmp_path):
    blobs = Blobs(tmp_path / "blobs")
    name = blobs.put(BytesIO(b"bytes"))
    assert name == sha256(b"bytes")
    assert blobs.has(name)
    assert blobs.read(name) == b"bytes"
    assert blobs.path(name) == tmp_path / "blobs" / name[:2] / name[2:]
    assert blobs.put(BytesIO(b"bytes")) == name


def test_nothing_is_left_of_a_broken_write(tmp_path):
    blobs = Blobs(tmp_path)
    with pytest.raises(OSError, match="went away"):
        blobs.put(Breaks(b"abcdef"))
    with pytest.raises(WrongContent):
        blobs.put(BytesIO(b"other"), sha256(b"announced"))
    with pytest.raises(WrongContent):
        blobs.put_all({sha256(b"good"): lambda: io.BytesIO(b"good"), sha256(b"bad"): lambda: io.BytesIO(b"worse")})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_many_at_once_and_none_twice(tmp_path):
    blobs = Blobs(tmp_path)
    data = [b"%d" % number for number in range(50)]
    blobs.put_all({sha256(item): partial(io.BytesIO, item) for item in data})
    assert all(blobs.read(sha256(item)) == item for item in data)
    blobs.put_all({sha256(item): lambda: pytest.fail("is here already") for item in data})


def test_a_copy_cut_short_is_replaced(tmp_path):
    blobs = Blobs(tmp_path)
    name = blobs.put(BytesIO(b"whole"))
    blobs.path(name).write_bytes(b"who")
    blobs.put(BytesIO(b"whole"))
    assert blobs.read(name) == b"whole"


@pytest.mark.parametrize("name", ["", "../x", "A" * 64, "a" * 63, "a" * 65, "/" * 64, "a" * 64 + "\n"])
def test_only_hashes_name_files(tmp_path, name):
    with pytest.raises(ValueError, match="SHA-256"):
        Blobs(tmp_path).path(name)
