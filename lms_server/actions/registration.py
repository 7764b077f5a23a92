"""Who may make accounts: as the environment says, else as an admin chose on the settings page."""

from pathlib import Path

from lms_server.actions.refusals import Refused
from lms_server.contract.durable import land
from lms_server.settings import REGISTRATION, Registration, Settings

_CHOICE = "registration"


def read_registration(settings: Settings) -> Registration:
    """What holds now; closed until somebody opened it."""
    if settings.registration is not None:
        return settings.registration
    try:
        return Registration(_file(settings).read_text("utf-8").strip())
    except (OSError, ValueError):
        return Registration.CLOSED


def choose_registration(settings: Settings, chosen: str) -> None:
    """Keep an admin's choice; every process of this data folder follows with its next request. Raises Refused."""
    if settings.registration is not None:
        raise Refused("set_elsewhere", "This is set where the server is started, with {name}.", name=REGISTRATION)
    if chosen not in set(Registration):
        raise Refused("bad_choice", "Accounts are open or closed.")
    land(_file(settings), chosen.encode())


def _file(settings: Settings) -> Path:
    return settings.data / _CHOICE
