"""Certificates on paper and in the post: the PDF of a certificate, and the letter that brings it."""

from io import BytesIO
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lms_server.actions.context import ServerContext
from lms_server.certificates.pdf import render_certificate
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import read_payload
from lms_server.contract import anchors
from lms_server.contract.schema import certificates, users
from lms_server.contract.sqlite import reading
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import blobs
from lms_server.jobs.mail import Letter

_PDF = "application/pdf"


def ensure_pdf(context: ServerContext, uuid: str) -> str:
    """The blob (its SHA-256) of this certificate's PDF, rendered if it isn't there; the same bytes every time.

    Storing it stamps the learner's stream, so that their desktops hear. Raises LookupError for no such certificate.
    """
    row = _certificate(context, uuid)
    if row.pdf_sha256 is not None and context.blobs.has(row.pdf_sha256):
        return str(row.pdf_sha256)
    content = render_certificate(row.payload, context.identity.signing_key, row.template)
    sha256 = context.blobs.put(BytesIO(content))
    if sha256 != row.pdf_sha256:
        whole_transaction(context.engine, lambda conn: _store(conn, row, sha256, len(content)))
    return sha256


def letter_of(context: ServerContext, uuid: str) -> Letter:
    """What this certificate's mail is made of, to the learner's present address. Raises LookupError."""
    row = _certificate(context, uuid)
    facts = read_payload(row.payload, public_key_of(context.identity.signing_key))
    return Letter(
        certificate=facts.uuid,
        server=facts.server,
        to=row.email,
        issuer=facts.issuer,
        learner_name=facts.learner_name,
        course_title=facts.course_title,
        language=facts.language,
        address=facts.address,
        pdf=context.blobs.read(ensure_pdf(context, uuid)),
    )


def _certificate(context: ServerContext, uuid: str) -> Any:
    with reading(context.engine) as conn:
        row = conn.execute(_WITH_ITS_OWNER, {"uuid_": uuid}).one_or_none()
    if row is None:
        raise LookupError(f"there is no certificate {uuid}")
    return row


def _store(conn: Connection, row: Any, sha256: str, size: int) -> None:
    stream = anchors.lock(conn, row.user)
    drawn = {"id_": row.id, "payload_": row.payload, "sha256": sha256, "stamp": stream.stamp()}
    if conn.execute(_DRAWN, drawn).rowcount:
        new = {"sha256": sha256, "size": size, "media_type": _PDF}
        conn.execute(_KEEP[conn.dialect.name], new)
        stream.save(conn)


_KEEP = {kind.dialect.name: kind.insert(blobs).on_conflict_do_nothing() for kind in (postgresql, sqlite)}
# A certificate that was replaced meanwhile gets its own PDF; one that another worker drew is in order.
_DRAWN = (
    update(certificates)
    .where(
        certificates.c.id == bindparam("id_"),
        certificates.c.payload == bindparam("payload_"),
        certificates.c.pdf_sha256.is_distinct_from(bindparam("sha256")),
    )
    .values(pdf_sha256=bindparam("sha256"), revision=bindparam("stamp"))
)
_WITH_ITS_OWNER = (
    select(
        certificates.c.id,
        certificates.c.payload,
        certificates.c.template,
        certificates.c.pdf_sha256,
        users.c.uid.label("user"),
        users.c.email,
    )
    .join_from(certificates, users)
    .where(certificates.c.uuid == bindparam("uuid_"))
)
