"""How a command ends: the exit codes that scripts rely on."""

from lms_desktop.store.errors import Refused, StorageTrouble
from lms_desktop.sync.errors import BadCredentials, Disabled, SignedOut, Trouble

DONE, REFUSED, USAGE, OFFLINE, SIGN_IN, STORAGE = range(6)
# As shells say it of a program that Ctrl+C ended.
INTERRUPTED = 130


class Usage(Exception):
    """The command can't be carried out as it was given."""


# The first that fits; anything else is a bug.
CODES: dict[type[Exception], int] = {
    Refused: REFUSED,
    Usage: USAGE,
    UnicodeEncodeError: USAGE,
    SignedOut: SIGN_IN,
    BadCredentials: SIGN_IN,
    Disabled: SIGN_IN,
    Trouble: OFFLINE,
    StorageTrouble: STORAGE,
    OSError: STORAGE,
}
