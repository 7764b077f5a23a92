"""What the rules say no to: a stable code for programs, a sentence for people."""

from lms_server.sentences import Sentence, sentence


class Refused(Exception):
    """The rules say no; nothing was changed. ``code`` is stable, ``said`` tells what to do instead."""

    def __init__(self, code: str, english: str | Sentence, **values: object) -> None:
        self.said = english if isinstance(english, Sentence) else sentence(english, **values)
        super().__init__(self.text)
        self.code = code

    @property
    def text(self) -> str:
        """In English, as on the command line."""
        return str(self.said)
