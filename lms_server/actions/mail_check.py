"""A mail to oneself, to see whether mail leaves this server at all."""

from lms_server.actions.context import ServerContext, read_server
from lms_server.actions.refusals import Refused
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading
from lms_server.jobs.mail import BadAddress, write_test_mail
from lms_server.jobs.transports import DeliveryError, transport_of


def send_test_mail(context: ServerContext, mail_url: str, to: str) -> None:
    """Hand one over now, past the queue; raises Refused with what the mail server, or the lack of one, said."""
    with reading(context.engine) as conn:
        name = read_server(conn).name
    try:
        mail = write_test_mail(to, name, context.public_url, context.clock())
        transport_of(mail_url).deliver(mail, f"test-{new_uuid4()}.lms", lambda: None)
    except (BadAddress, DeliveryError, ValueError) as error:
        raise Refused("mail_failed", "The test mail did not go: {error}.", error=error) from error
