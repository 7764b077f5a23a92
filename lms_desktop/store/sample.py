"""The sample course, to look around without a server: a guest's profile filled from files that come with the app."""

from pathlib import Path

from lms_desktop.store import profile
from lms_desktop.store.owner import Owner
from lms_desktop.store.profile import folder_of
from lms_desktop.store.profiles import Profiles
from lms_desktop.store.rows import Learner, Place
from lms_desktop.store.store import Store
from lms_desktop.store.unused import find_files_again
from lms_desktop.store.wanted import lessons_of, note_arrivals
from lms_server.contract import wire


def make_sample_profile(profiles: Profiles, sample: Path) -> Path:
    """A guest's profile that knows the sample course, texts and pictures included; returns its folder.

    ``sample`` holds ``answer.json``, what a server would answer, and ``blobs/`` with the course's files.
    """
    answer = wire.read_answer((sample / "answer.json").read_bytes())
    folder = folder_of(profiles.home.profiles, answer.server_id, None)
    # No address: nothing is ever sent from here.
    profile.create(folder, Owner(Place(answer.server_id, "", "LMS Desktop"), "", Learner(None, "", "")))
    store = profiles.open(folder)
    try:
        _fill(store, answer, sample / "blobs")
    finally:
        store.close()
    profiles.make_current(folder)
    return folder


def _fill(store: Store, answer: wire.SyncAnswer, blobs: Path) -> None:
    for file in blobs.iterdir():
        store.blobs.put(file.name, file.read_bytes())
    carried, _ = store.outgoing(0)
    if carried.after.catalog is None:
        store.settle(carried, answer)
    for course in store.views.catalog().courses:
        note_arrivals(store, lessons_of(store, course.uid))
    find_files_again(store)
