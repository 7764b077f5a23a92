"""What each failure, command code and end of a sync is called in words."""

from lms_desktop.store.errors import Storage
from lms_desktop.store.rows import CommandRow, SyncRow
from lms_desktop.ui.actions import Failure
from lms_desktop.ui.texts import tr, tr_n

# Profiles that this app may not write, whose unsent work it can read all the same.
EXPORTED_UNOPENED = frozenset({Storage.NEWER, Storage.READ_ONLY})


def failure_words(failure: Failure) -> str:
    """What happened and what to do."""
    return {
        Failure.OFFLINE: tr("No server answers at this address. Check the spelling and the network."),
        Failure.UNTRUSTED: tr(
            "This laptop doesn't trust the server's certificate. Check the laptop's date and time; if they are right,"
            " ask who looks after the server."
        ),
        Failure.NOT_A_SERVER: tr("Something answers at this address, but it is not a learning server."),
        Failure.BAD_CREDENTIALS: tr("The e-mail or the password is not right. Try again."),
        Failure.ACCOUNT_DISABLED: tr("This account is switched off. Ask your teacher or librarian."),
        Failure.THROTTLED: tr("Too many tries. Wait a minute, then try again."),
        Failure.REGISTRATION_CLOSED: tr("This server takes no new accounts. Ask your teacher or librarian for one."),
        Failure.EMAIL_TAKEN: tr("There is an account with this e-mail already. Sign in instead."),
        Failure.BAD_ACCOUNT: tr("Check the name, the e-mail and the password: it needs at least 8 characters."),
        Failure.UPDATE_NEEDED: tr(
            "This app is too old for the server. Work goes on offline; update the app to send it."
        ),
        Failure.WRONG_SERVER: tr("Another server answers at this address now. Nothing was sent to it."),
        Failure.SERVER_TROUBLE: tr("The server is in trouble. Everything is saved here; try again later."),
        Failure.DISK_FULL: tr("The disk is full. Your work is safe. Free some room and try again."),
        Failure.STORAGE: tr("The file could not be written. Choose another place and try again."),
        Failure.READ_ONLY: place_words(Storage.READ_ONLY),
        Failure.DAMAGED: place_words(Storage.DAMAGED),
        Failure.NEWER: place_words(Storage.NEWER),
        Failure.IN_USE: place_words(Storage.IN_USE),
        Failure.UNEXPECTED: tr("Something went wrong in this app. What was saved is safe. Try again."),
    }[failure]


def storage_words(code: Storage) -> str:
    """Why a learner's work can't be opened, what is safe, and the way out for work that is not sent."""
    kept = tr("Everything saved before is kept. Unsent work can be written to a file with: lms-desktop export FILE")
    return f"{place_words(code)}\n\n{kept}"


def rescue_words(kept_as: str, unsent: int) -> str:
    """What a learner hears whose database was made anew."""
    kept = tr_n(
        "{n} piece of work that was not sent is still here; the rest comes back with the next sync.",
        "{n} pieces of work that were not sent are still here; the rest comes back with the next sync.",
        unsent,
    )
    made = tr("The database on this laptop was damaged or missing, so a new one was made.")
    words = [made, kept if unsent else tr("What was in it comes back with the next sync.")]
    if kept_as:
        words.append(tr("The damaged file is kept as {file}.", file=kept_as))
    return " ".join(words)


def place_words(code: Storage) -> str:
    """Why a profile, or the folder for it, can't be used."""
    return {
        Storage.FULL: tr("The disk is full. Your work is safe. Free some room and try again."),
        Storage.READ_ONLY: tr("The folder of this app can't be written. Check its permissions; nothing was lost."),
        Storage.DAMAGED: tr("The database on this laptop is damaged. The file is kept; nothing more is written to it."),
        Storage.NEWER: tr(
            "A newer version of this app keeps these courses. Update the app, or export the unsent work."
        ),
        Storage.IN_USE: tr("The courses of this learner are open in another window."),
        Storage.TROUBLE: tr("The disk did not answer as it should. Try again."),
    }[code]


def reason_words(code: str | None) -> str:
    """Why the server keeps a command waiting, or would not take it."""
    return {
        "course_draft": tr("Waits until the course is published again"),
        "course_deleted": tr("Waits because the course was withdrawn; it counts if the course comes back"),
        "unknown_course": tr("Waits for a course that the server does not have yet"),
        "unknown_lesson": tr("Waits for a lesson that the server does not have yet"),
        "not_enrolled": tr("Waits for your enrollment, made on another laptop that has not sent it yet"),
        "unsupported_kind": tr("Waits until the server is brought up to date"),
        "malformed": tr("The server could not read this work. Nothing is lost: it is kept on this laptop."),
        "id_conflict": tr(
            "The server has other work under the same number. Nothing is lost: it is kept on this laptop."
        ),
        "too_many_parked": tr("The server has no room for more waiting work. Nothing is lost: it is tried again."),
    }.get(code or "", tr("The server did not say why. Nothing is lost: your work is kept on this laptop."))


def command_words(row: CommandRow, *, is_done: bool = True) -> str:
    """A command as the learner knows it: what was done to which lesson."""
    lesson = row.lesson_title or tr("a lesson")
    match row.kind:
        case "enroll":
            return tr("Enrolled") if is_done else tr("Enroll in {course}", course=row.course_title or tr("a course"))
        case "start_lesson":
            return tr("Started “{lesson}”", lesson=lesson) if is_done else tr("Start “{lesson}”", lesson=lesson)
        case "complete_lesson":
            return tr("Completed “{lesson}”", lesson=lesson) if is_done else _complete(row, lesson)
        case "keep_certificate":
            return tr("Certificate shown to the server")
        case _:
            return tr("Work from a newer version of this app")


def command_icon(kind: str) -> str:
    """Name the icon of what was done."""
    return {"enroll": "plus", "start_lesson": "ring-dot", "complete_lesson": "ring-check"}.get(kind, "certificate")


def sync_words(row: SyncRow) -> tuple[str, str]:
    """How a sync ended, and the role of the text that says it."""
    if row.attention:
        return tr_n("{n} needs attention", "{n} need attention", row.attention), "small-attention"
    if row.outcome == "ok":
        return tr("All sent"), "small"
    words = {
        "offline": tr("No answer, saved here"),
        "signed_out": tr("Sign in needed, saved here"),
        "account_disabled": tr("Account switched off, saved here"),
        "wrong_server": tr("Another server answered, saved here"),
        "update_needed": tr("Update needed, saved here"),
        "storage": tr("This laptop's disk did not take all of it"),
    }
    return words.get(row.outcome, tr("Server in trouble, saved here")), "small-attention"


def _complete(row: CommandRow, lesson: str) -> str:
    if row.course_title is None:
        return tr("Complete “{lesson}”", lesson=lesson)
    return tr("Complete “{lesson}”, in {course}", lesson=lesson, course=row.course_title)
