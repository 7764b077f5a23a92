"""What can stand between this laptop and the server; each leaves the queue as it was.

Trouble
├── Offline: nobody answered, or somebody else did
│   ├── NotAServer: what answered is none of ours: a portal's page, another site
│   └── Untrusted: somebody answered with a certificate that this laptop doesn't trust, or not at its date
├── SignedOut: the server wants this learner to sign in again
├── Disabled: the account was closed
├── WrongAnswerer: another learner's token, or another server
├── TooOld: the app is too old for this server
├── BadCredentials: the address or the password is wrong
├── TooLarge: the request must be smaller
├── NotTaken: the server can't read the request
├── Declined: no new account: there is one for this address, or the server takes none
└── ServerTrouble: it answered, but not as agreed; tried again later
    └── Throttled: somebody asked too often
"""


class Trouble(Exception):
    """The environment's fault. ``code`` is stable, the text is for the learner."""

    code = "trouble"


class Offline(Trouble):
    code = "offline"


class NotAServer(Offline): ...


class Untrusted(Offline): ...


class SignedOut(Trouble):
    code = "signed_out"


class Disabled(Trouble):
    code = "account_disabled"


class WrongAnswerer(Trouble):
    """``wrong_user`` or ``wrong_server``."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class TooOld(Trouble):
    code = "update_needed"


class BadCredentials(Trouble):
    code = "bad_credentials"


class TooLarge(Trouble):
    code = "too_large"


class NotTaken(Trouble):
    code = "not_taken"


class Declined(Trouble):
    """``email_taken`` or ``registration_closed``."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ServerTrouble(Trouble):
    """``retry_after_s`` is what the server asked for, if it did."""

    code = "server_trouble"

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Throttled(ServerTrouble):
    code = "too_many_attempts"
