"""The PDF of a certificate: drawn once, drawn again when its file is gone, always the same bytes."""

import threading

import pytest
from sqlalchemy import select, update

from lms_server.actions.papers import ensure_pdf, letter_of
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import verify_pdf
from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import blobs, certificates, streams


def revision(place):
    with reading(place.engine) as conn:
        return conn.execute(select(streams.c.revision)).scalar_one()


def test_racers_draw_one_file_and_tell_the_desktops_once(any_place):
    uuid = any_place.issue()
    found = []
    threads = [threading.Thread(target=lambda: found.append(ensure_pdf(any_place.context, uuid))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert revision(any_place) == 1
    with reading(any_place.engine) as conn:
        row = conn.execute(select(certificates.c.pdf_sha256, certificates.c.revision)).one()
        assert conn.execute(select(blobs.c.sha256, blobs.c.media_type)).one() == (found[0], "application/pdf")
    assert row == (found[0], 1)
    content = any_place.context.blobs.read(found[0])
    assert verify_pdf(content, public_key_of(any_place.identity.signing_key)).uuid == uuid


def test_a_lost_file_is_drawn_again_to_the_byte_without_telling_anyone(place):
    uuid = place.issue()
    sha256 = ensure_pdf(place.context, uuid)
    place.context.blobs.path(sha256).unlink()
    assert ensure_pdf(place.context, uuid) == sha256
    assert place.context.blobs.has(sha256)
    assert revision(place) == 1


def test_a_replaced_certificate_gets_a_file_of_its_own(place):
    uuid = place.issue()
    first = ensure_pdf(place.context, uuid)
    other = place.issue(2, name="Ben")
    with writing(place.engine) as conn:
        payload = conn.execute(select(certificates.c.payload).where(certificates.c.uuid == other)).scalar_one()
        changed = {"payload": payload, "pdf_sha256": None}
        conn.execute(update(certificates).where(certificates.c.uuid == uuid).values(changed))
    assert ensure_pdf(place.context, uuid) != first


def test_an_unknown_certificate_has_no_paper(place):
    for ask in (ensure_pdf, letter_of):
        with pytest.raises(LookupError):
            ask(place.context, "3f1b5c6a-7d80-8a52-9d4e-0190a5b47c1e")
