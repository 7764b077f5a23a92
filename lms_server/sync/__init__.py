"""One exchange: settle the commands, then read the changes."""

from lms_server.sync.exchange import EnvelopeRefused, exchange

__all__ = ["EnvelopeRefused", "exchange"]
