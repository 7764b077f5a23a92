"""Blobs and certificates over HTTP: to whom, in which pieces, byte for byte."""

import gzip
import hashlib
import io
import os
import tarfile
from io import BytesIO

import pytest
from sqlalchemy import update

from lms_server.actions.courses import unpublish_course
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import verify_pdf
from lms_server.contract.sqlite import writing
from lms_server.database.tables import blob_uses, blobs, certificates
from tests.server.conftest import PNG, made

BLOBS = "/api/v1/blobs"


@pytest.fixture
def hashes(course):
    preview, other = course["lessons"]
    attached = {row["path"]: row["sha256"] for lesson in (preview, other) for row in lesson["attachments"]}
    return {
        "cover": course["cover"],
        "preview": preview["body"]["sha256"],
        "picture": attached["assets/cover.png"],
        "lesson": other["body"]["sha256"],
        "attachment": attached["assets/a.txt"],
    }


PUBLIC = {"cover", "preview", "picture"}


def readable(client, hashes):
    return {name for name, sha256 in hashes.items() if client.get(f"{BLOBS}/{sha256}").status_code == 200}


def test_who_may_read_what(guest, ana, miriam, course, hashes):
    assert readable(guest, hashes) == PUBLIC
    assert readable(ana, hashes) == PUBLIC
    assert readable(miriam, hashes) == set(hashes)
    ana.sync(made("enroll", course=course["uid"]))
    assert readable(ana, hashes) == set(hashes)


def test_a_course_that_is_not_open_is_closed_to_strangers(guest, ana, course, hashes):
    ana.sync(made("enroll", course=course["uid"]))
    unpublish_course(guest.context, "first-aid")
    assert readable(guest, hashes) == set()
    assert readable(ana, hashes) == set(hashes)


def test_what_you_may_not_read_and_what_is_not_there_look_the_same(ana, hashes):
    mine = ana.get(f"{BLOBS}/{hashes['lesson']}")
    none = ana.get(f"{BLOBS}/{'0' * 64}")
    assert (mine.status_code, mine.content) == (none.status_code, none.content)


def test_the_bytes_are_those_of_the_name(guest, hashes):
    answer = guest.get(f"{BLOBS}/{hashes['cover']}")
    assert answer.content == PNG
    assert hashlib.sha256(answer.content).hexdigest() == hashes["cover"]
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_is_known_is_not_sent_again(guest, hashes):
    path = f"{BLOBS}/{hashes['cover']}"
    etag = guest.get(path).headers["etag"]
    again = guest.get(path, If_None_Match=etag)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-99999", 206, slice(0, None)),
        ("bytes=-99999", 206, slice(0, None)),
        ("bytes=5-2", 200, slice(0, None)),
        ("bytes=0-1,3-4", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("pages=1-2", 200, slice(0, None)),
        ("bytes=99999-", 416, None),
    ],
)
def test_ranges(guest, hashes, wanted, status, part):
    answer = guest.get(f"{BLOBS}/{hashes['cover']}", Range=wanted)
    assert answer.status_code == status
    if part is not None:
        assert answer.content == PNG[part]
        assert int(answer.headers["content-length"]) == len(answer.content)
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{len(PNG)}")


def test_a_range_of_something_else_is_the_whole(guest, hashes):
    answer = guest.get(f"{BLOBS}/{hashes['cover']}", Range="bytes=0-1", If_Range='"other"')
    assert (answer.status_code, answer.content) == (200, PNG)


def test_many_at_once_come_as_one_tar(ana, course, hashes):
    asked = [*hashes.values(), "0" * 64, "../x", hashes["cover"]]
    for enrolled in (False, True):
        if enrolled:
            ana.sync(made("enroll", course=course["uid"]))
        answer = ana.post(f"{BLOBS}/fetch", {"sha256": asked})
        assert answer.headers["content-type"] == "application/x-tar"
        assert int(answer.headers["content-length"]) == len(answer.content)
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
            got = {entry.name: archive.extractfile(entry).read() for entry in archive}
        assert got.keys() == {sha256 for name, sha256 in hashes.items() if enrolled or name in PUBLIC}
        assert all(hashlib.sha256(content).hexdigest() == name for name, content in got.items())


def test_texts_come_squeezed_to_who_takes_it(miriam, hashes):
    texts = [hashes["lesson"], hashes["preview"], hashes["attachment"]]
    plain = miriam.post(f"{BLOBS}/fetch", {"sha256": texts})
    assert "content-encoding" not in plain.headers
    squeezed = miriam.post(f"{BLOBS}/fetch", {"sha256": texts}, Accept_Encoding="br, gzip")
    assert squeezed.headers["content-encoding"] == "gzip"
    assert len(squeezed.content) * 4 < len(plain.content)
    assert gzip.decompress(squeezed.content) == plain.content
    refused = miriam.post(f"{BLOBS}/fetch", {"sha256": texts}, Accept_Encoding="gzip;q=0, identity")
    assert refused.content == plain.content


def test_pictures_are_not_squeezed(miriam, context):
    noise = context.blobs.put(BytesIO(os.urandom(100_000)))
    with writing(context.engine) as conn:
        conn.execute(update(blobs).where(blobs.c.media_type == "image/png").values(sha256=noise))
        conn.execute(update(blob_uses).where(blob_uses.c.lesson_id.is_(None)).values(sha256=noise))
    answer = miriam.post(f"{BLOBS}/fetch", {"sha256": [noise]}, Accept_Encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content) > 100_000


def test_not_more_than_500_at_once(ana):
    answer = ana.post(f"{BLOBS}/fetch", {"sha256": [f"{n:064x}" for n in range(501)]})
    assert (answer.status_code, answer.json["code"]) == (413, "too_many_blobs")


def test_a_certificate_is_its_owner_s_and_the_admins(guest, ana, ben, miriam, certificate):
    path = f"/api/v1/certificates/{certificate['uuid']}/pdf"
    first = ana.get(path)
    assert first.headers["content-type"] == "application/pdf"
    assert ana.get(path).content == miriam.get(path).content == first.content
    facts = verify_pdf(first.content, public_key_of(guest.context.identity.signing_key))
    assert (facts.learner_name, facts.course_title) == ("Ana Moreno", "First aid")
    assert guest.get(path).status_code == 401
    stranger, unknown = ben.get(path), ben.get("/api/v1/certificates/0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80/pdf")
    assert (stranger.status_code, stranger.content) == (404, unknown.content)


def test_anyone_may_check_the_facts(guest, certificate):
    facts = guest.get(f"/api/v1/certificates/{certificate['uuid']}").json
    assert facts["payload"] == certificate["payload"]
    assert facts["learner_name"] == "Ana Moreno"


def test_a_row_that_the_key_never_signed_is_no_certificate(guest, certificate):
    forged = certificate["payload"][:-2] + ("AA" if not certificate["payload"].endswith("AA") else "BB")
    with writing(guest.context.engine) as conn:
        conn.execute(update(certificates).values(payload=forged))
    assert guest.get(f"/api/v1/certificates/{certificate['uuid']}").status_code == 404
    assert guest.get(f"/verify/{certificate['uuid']}").status_code == 404
