"""Where the app keeps its things on this laptop."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from lms_server.contract.ids import is_uuid, new_uuid4

HOME = "LMS_DESKTOP_HOME"


@dataclass(frozen=True, slots=True)
class Home:
    """The app's folder: profiles (one a server and learner), shared course files, this device's name."""

    path: Path

    @property
    def profiles(self) -> Path:
        return self.path / "profiles"

    @property
    def blobs(self) -> Path:
        return self.path / "blobs"

    @property
    def current(self) -> Path:
        """Names the profile that was open last."""
        return self.path / "current.json"

    @property
    def window(self) -> Path:
        """The window's own settings: size, theme, language."""
        return self.path / "window.ini"


@dataclass(frozen=True, slots=True)
class Device:
    """The laptop, for the admin's eyes; a copied one is harmless."""

    id: str
    name: str


def find_home(environ: Mapping[str, str], flag: str | None = None) -> Home:
    """The folder named by the flag, else by LMS_DESKTOP_HOME, else the platform's place for app data."""
    named = flag or environ.get(HOME)
    path = Path(named) if named else user_data_path("lms-desktop", appauthor=False)
    return Home(path.absolute())


def read_device(home: Home) -> Device:
    """The laptop's id and name, made at the first start."""
    file = home.path / "device.json"
    try:
        device_id = json.loads(file.read_text(encoding="utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError):
        device_id = None
    if not is_uuid(device_id):
        device_id = new_uuid4()
        home.path.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"id": device_id}), encoding="utf-8")
    return Device(str(device_id), socket.gethostname()[:100] or os.name)
