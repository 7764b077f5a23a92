"""A profile in a folder that others copy or share is warned of, opened all the same, and mixed with nothing."""

import json
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from lms_desktop.settings import Home
from lms_desktop.store.drive import Kind, find_copies, find_risk, judge
from lms_desktop.store.journal import JOURNAL
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.profiles import Profiles

MOUNTS = """\
/dev/sdc1 /home/zoe ext4 rw 0 0
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
tmpfs /home/ana/scratch tmpfs rw 0 0
//files/class /mnt/the\\040class cifs rw 0 0
ana@host:/ /home/ana/far fuse.sshfs rw 0 0
/dev/sdb1 /media/stick vfat rw 0 0
"""
WINDOWS = {"APPDATA": r"C:\Users\Ana\AppData\Roaming", "OneDriveCommercial": r"D:\Class files"}


@pytest.mark.parametrize(
    ("folder", "kind", "name"),
    [
        ("/srv/ana/Dropbox/lms", Kind.SYNCED, "Dropbox"),
        ("/srv/ana/Dropbox (School)/lms", Kind.SYNCED, "Dropbox"),
        ("/Users/ana/Library/CloudStorage/OneDrive-School/lms", Kind.SYNCED, "OneDrive"),
        ("/Users/ana/Library/CloudStorage/Box/lms", Kind.SYNCED, ""),
        ("/Users/ana/Library/Mobile Documents/com~apple~CloudDocs/lms", Kind.SYNCED, "iCloud"),
        ("/Volumes/GoogleDrive/My Drive/lms", Kind.SYNCED, "Google Drive"),
        ("/srv/ana/Nextcloud/lms", Kind.SYNCED, "Nextcloud"),
        ("/home/ana/.local/share/lms", Kind.NETWORK, "nfs4"),
        ("/home/ana/far/lms", Kind.NETWORK, "fuse.sshfs"),
        ("/mnt/the class/ana", Kind.NETWORK, "cifs"),
    ],
)
def test_places_that_others_share(folder, kind, name):
    risk = judge(PurePosixPath(folder), {}, MOUNTS)
    assert (risk.kind, risk.name) == (kind, name)


@pytest.mark.parametrize(
    ("folder", "kind", "name"),
    [
        (r"C:\Users\Ana\OneDrive - School\lms", Kind.SYNCED, "OneDrive"),
        (r"d:\class files\lms", Kind.SYNCED, "OneDrive"),
        (r"C:\Users\Ana\iCloudDrive\lms", Kind.SYNCED, "iCloud"),
        (r"\\server\homes\ana\lms", Kind.NETWORK, r"\\server\homes" + "\\"),
        (r"C:\Users\Ana\AppData\Roaming\lms-desktop", Kind.ROAMING, ""),
    ],
)
def test_places_that_others_share_on_windows(folder, kind, name):
    risk = judge(PureWindowsPath(folder), WINDOWS, "")
    assert (risk.kind, risk.name) == (kind, name.rstrip("\\"))


@pytest.mark.parametrize(
    "folder",
    [
        PurePosixPath("/var/lib/lms"),
        PurePosixPath("/home/ana/scratch/lms"),
        PurePosixPath("/home/zoe/lms"),
        PurePosixPath("/media/stick/lms"),
        PurePosixPath("/srv/dropboxes/lms"),
        PureWindowsPath(r"C:\Users\Ana\AppData\Local\lms-desktop"),
    ],
)
def test_places_of_this_laptop_alone(folder):
    assert judge(folder, WINDOWS, MOUNTS) is None


def test_a_mark_in_a_folder_above_tells_too(tmp_path):
    assert find_risk(tmp_path / "sync" / "lms") is None
    (tmp_path / "sync" / ".stfolder").mkdir(parents=True)
    assert find_risk(tmp_path / "sync" / "lms").name == "Syncthing"


def test_what_the_app_itself_writes_is_no_copy(machine, course):
    machine.run("complete", course.lessons[0])
    store = machine.open()
    assert find_copies(machine.folder) == ()
    assert find_risk(machine.folder) is None
    store.close()
    (machine.folder / DATABASE).write_bytes(bytes(4096))
    machine.open().close()
    assert find_copies(machine.folder) == ()


COPIES = [
    "store (Ana's conflicted copy 2026-11-22).sqlite3",
    "store.sync-conflict-20261122-101500-ABCDEFG.sqlite3",
    "store-LAPTOP-7.sqlite3",
    "store (1).sqlite3",
    "store 2.sqlite3",
]


def test_copies_are_named_and_never_merged(machine, course, world):
    """What another computer recorded in its version stays out of this one."""
    machine.run("complete", course.lessons[0])
    mine = (machine.folder / DATABASE).read_bytes()
    journal = (machine.folder / JOURNAL).read_bytes()
    machine.run("complete", course.lessons[1])
    for name in COPIES:
        shutil.copy(machine.folder / DATABASE, machine.folder / name)
    shutil.copy(machine.folder / JOURNAL, machine.folder / f"{Path(JOURNAL).stem} (1){Path(JOURNAL).suffix}")
    twin = machine.folder.with_name(f"{machine.folder.name} (1)")
    (machine.folder / DATABASE).write_bytes(mine)
    (machine.folder / JOURNAL).write_bytes(journal)
    shutil.copytree(machine.folder, twin)
    told = machine.run("status", "--json")
    assert told.returncode == 0
    assert json.loads(told.stdout)["pending"] == 1
    assert len(find_risk(machine.folder).copies) == len(COPIES) + 1
    [warning] = json.loads(told.stdout)["warnings"]
    assert all(name in warning for name in COPIES)
    assert len(Profiles(Home(machine.home)).all()) == 1
    laptop = machine.reopen()
    laptop.sync()
    assert world.completed(laptop.learner) == {course.lessons[0]}
    assert all((machine.folder / name).exists() for name in COPIES)


def test_a_synced_folder_is_worked_in_and_warned_of(machine, course):
    place = machine.home.parent / "Dropbox" / "lms"
    shutil.copytree(machine.home, place)
    machine.home = place
    done = machine.run("complete", course.lessons[0])
    assert done.returncode == 0
    assert "SAVED" in done.stdout
    (place / machine.folder.relative_to(place.parents[1] / "home") / COPIES[0]).write_bytes(b"another's")
    told = machine.run("status")
    assert told.returncode == 0
    assert "Dropbox copies" in told.stderr
    assert COPIES[0] in told.stderr
    assert "1 to send" in told.stdout
