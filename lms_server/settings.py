"""How this server was told to run: command line first, then environment, then what suits a small machine."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

DATA = "LMS_SERVER_DATA"
DATABASE = "LMS_SERVER_DATABASE_URL"
MAIL = "LMS_SERVER_MAIL_URL"
PUBLIC_URL = "LMS_SERVER_PUBLIC_URL"
REGISTRATION = "LMS_SERVER_REGISTRATION"

_MAILDIR = "maildir://"
_SMTP_SCHEMES = {"smtp", "smtps"}
# A certificate carries the address; longer ones make no readable QR code.
_LONGEST_URL = 200


class BadSetting(Exception):
    """A setting can't be used; the text names it and says what would do."""


class Registration(StrEnum):
    """Whether people may make their own accounts."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Settings:
    """Everything a server process is told from outside."""

    data: Path
    database: str
    mail: str
    # Empty: the address that the server listens on.
    public_url: str = ""
    # None: as an admin chose while it runs.
    registration: Registration | None = None

    @property
    def identity_file(self) -> Path:
        """Where the server's identity and keys are."""
        return self.data / "identity.json"

    @property
    def blob_folder(self) -> Path:
        """Where lesson texts, pictures and PDFs are, by their SHA-256."""
        return self.data / "blobs"

    @property
    def journal_file(self) -> Path:
        """The record of mails intended and accepted, outside the database on purpose."""
        return self.data / "journal" / "dispatch.jsonl"

    @property
    def incarnation_file(self) -> Path:
        """The epoch again, beside the database: a database copied back by hand disagrees with it."""
        return self.data / "incarnation"

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, or None when the database is elsewhere."""
        return Path(self.database.removeprefix("sqlite:///")) if self.database.startswith("sqlite:///") else None


def read_settings(environ: Mapping[str, str], data: Path | None = None, database: str | None = None) -> Settings:
    """The settings from flags (which win) and environment; raises BadSetting."""
    folder = (data or _folder(environ)).absolute()
    return Settings(
        data=folder,
        database=_database(database or environ.get(DATABASE) or f"sqlite:///{folder / 'server.sqlite3'}"),
        mail=_mail(environ.get(MAIL) or f"maildir://{folder / 'mail'}"),
        public_url=_public_url(environ.get(PUBLIC_URL, "")),
        registration=_registration(environ.get(REGISTRATION, "")),
    )


def _folder(environ: Mapping[str, str]) -> Path:
    named = environ.get(DATA)
    return Path(named) if named else user_data_path("lms-server", appauthor=False)


def _database(url: str) -> str:
    if url.startswith("sqlite:///") and url != "sqlite:///":
        return "sqlite:///" + str(Path(url.removeprefix("sqlite:///")).absolute())
    if url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return "postgresql://" + url.split("://", 1)[1]
    raise BadSetting(f"{DATABASE} must look like sqlite:///FILE or postgresql://USER@HOST/NAME")


def _mail(url: str) -> str:
    is_folder = url.startswith(_MAILDIR) and url != _MAILDIR
    if is_folder or _names_a_host(url, _SMTP_SCHEMES):
        return url
    raise BadSetting(f"{MAIL} must look like maildir:///FOLDER, smtp://HOST:PORT or smtps://HOST:PORT")


def _public_url(url: str) -> str:
    if url and (len(url) > _LONGEST_URL or not _names_a_host(url, {"http", "https"})):
        raise BadSetting(f"{PUBLIC_URL} must look like https://learn.example.org")
    return url.rstrip("/")


def _names_a_host(url: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port is what proves it.
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _registration(text: str) -> Registration | None:
    try:
        return Registration(text) if text else None
    except ValueError:
        raise BadSetting(f"{REGISTRATION} must be open or closed") from None
