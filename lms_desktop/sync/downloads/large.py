"""A large file: one request from the byte where it stopped."""

import os
from pathlib import Path

import httpx

from lms_desktop.store.files import WrongContent
from lms_desktop.store.wanted import File
from lms_desktop.sync.downloads.line import CUT, Line
from lms_desktop.sync.errors import Offline

_NOT_FOUND = 404
_NO_SUCH_RANGE = 416


def fetch_large(line: Line, file: File) -> None:
    """Fetch what is missing of this file and keep it when it is whole and right; else it is asked for again."""
    line.check_open()
    part = line.blobs.part(file.sha256)
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    if have > file.size:
        part.unlink()
        have = 0
    line.progress.adjust(have)
    if have < file.size and not _fetch(line, file, part, have):
        return
    try:
        line.blobs.finish(file.sha256)
    except WrongContent:
        line.progress.adjust(-file.size)
        return
    line.landed([file.sha256])


def _fetch(line: Line, file: File, part: Path, have: int) -> bool:
    """Write the missing bytes behind those that are here; false when the server has no such file."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with line.client.stream("GET", f"/blobs/{file.sha256}", headers=headers) as response:
        if response.status_code in {_NOT_FOUND, _NO_SUCH_RANGE}:
            line.progress.adjust(-have)
            part.unlink(missing_ok=True)
            return False
        if response.status_code not in {200, 206}:
            raise line.client.trouble_of(response)
        goes_on = response.status_code == 206 and _begins_at(response, have)
        if not goes_on:
            line.progress.adjust(-have)
        _write(line, file, part, response, goes_on=goes_on)
    if part.stat().st_size < file.size:
        raise Offline(CUT)
    return True


def _begins_at(response: httpx.Response, have: int) -> bool:
    named: str = response.headers.get("Content-Range", "")
    if not named.startswith(f"bytes {have}-"):
        raise Offline("Something else than the missing bytes came.")
    return True


def _write(line: Line, file: File, part: Path, response: httpx.Response, *, goes_on: bool) -> None:
    # A server that sends everything again is taken from the start.
    with part.open("ab" if goes_on else "wb") as target:
        for chunk in response.iter_raw():
            line.check()
            if target.tell() + len(chunk) > file.size:
                raise Offline("Something else than the announced file came.")
            target.write(chunk)
            target.flush()
            line.progress.receive(len(chunk))
        os.fsync(target.fileno())
