"""Certificates for their owners as PDF, and for anyone as the signed facts."""

from dataclasses import asdict, dataclass

import falcon

from lms_server.actions.context import ServerContext
from lms_server.actions.papers import ensure_pdf
from lms_server.actions.reports import CertificateRow, find_certificate
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import NotGenuine, read_payload
from lms_server.contract.ids import is_uuid
from lms_server.web.auth import require
from lms_server.web.blobs import send_file
from lms_server.web.bodies import write_json
from lms_server.web.errors import not_found

PDF = "application/pdf"


@dataclass(frozen=True)
class FactsResource:
    """GET /certificates/{uuid}: the authoritative facts, whatever a paper says."""

    context: ServerContext

    def on_get(self, req: falcon.Request, resp: falcon.Response, uuid: str) -> None:
        row = known_certificate(self.context, uuid)
        facts = asdict(read_payload(row.payload, public_key_of(self.context.identity.signing_key)))
        write_json(req, resp, facts | {"server_id": self.context.identity.server_id, "payload": row.payload})


@dataclass(frozen=True)
class PdfResource:
    """GET /certificates/{uuid}/pdf: its owner and admins; byte-identical every time."""

    context: ServerContext

    def on_get(self, req: falcon.Request, resp: falcon.Response, uuid: str) -> None:
        user = require(req, self.context).user
        row = known_certificate(self.context, uuid)
        if row.user_id != user.id and not user.is_admin:
            raise not_found()
        send_pdf(req, resp, self.context, uuid)


def send_pdf(req: falcon.Request, resp: falcon.Response, context: ServerContext, uuid: str) -> None:
    """Answer with a certificate's PDF, rendered unless it is there."""
    sha256 = ensure_pdf(context, uuid)
    send_file(req, resp, context.blobs.path(sha256), PDF, sha256)
    resp.set_header("Content-Disposition", f'inline; filename="certificate-{uuid}.pdf"')
    resp.set_header("Cache-Control", "private, no-cache")


def known_certificate(context: ServerContext, uuid: str) -> CertificateRow:
    """The certificate with this uuid, its signature checked; raises Problem (404)."""
    row = find_certificate(context, uuid) if is_uuid(uuid) else None
    if row is None:
        raise not_found()
    try:
        read_payload(row.payload, public_key_of(context.identity.signing_key))
    except NotGenuine:
        # A row that this server's key never signed is nobody's certificate.
        raise not_found() from None
    return row
