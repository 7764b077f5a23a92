"""What the rules say no to: a stable code for programs, a sentence for people."""


class Refused(Exception):
    """The rules say no; nothing was changed. ``code`` is stable, ``text`` says what to do instead."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
