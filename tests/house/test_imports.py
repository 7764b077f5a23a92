"""Who may import what."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.source import ROOT, imports, modules

OWNERS = {
    "PySide6": ("lms_desktop.ui",),
    "shiboken6": ("lms_desktop.ui",),
    "httpx": ("lms_desktop.sync",),
    "keyring": ("lms_desktop.sync",),
    "sqlalchemy": (
        "lms_desktop.store",
        "lms_server.contract",
        "lms_server.database",
        "lms_server.actions",
        "lms_server.sync",
        "lms_server.jobs",
    ),
    "psycopg": ("lms_server.database",),
    "reportlab": ("lms_server.certificates",),
    "uharfbuzz": ("lms_server.certificates",),
    "falcon": ("lms_server.web",),
    "waitress": ("lms_server.web",),
    "jinja2": ("lms_server.web",),
}
OF_THE_SERVER = ("lms_server.contract", "lms_server.certificates.verify")
CONTRACT_NEEDS = {"msgspec", "sqlalchemy", "lms_server"}


def within(name, owners):
    return any(name == owner or name.startswith(f"{owner}.") for owner in owners)


def test_the_layers_hold_and_name_every_module():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layered = [contract for contract in settings["contracts"] if contract["type"] == "layers"]
    assert [contract["containers"] for contract in layered] == [["lms_desktop"], ["lms_server"]]
    assert all(contract["exhaustive"] for contract in layered)


@pytest.mark.parametrize("library", OWNERS)
def test_each_library_has_one_owner(library):
    strangers = [
        f"{module} imports {name}"
        for module, (_, _, tree) in modules().items()
        for name in imports(tree)
        if within(name, [library]) and not within(module, OWNERS[library])
    ]
    assert not strangers


def test_the_desktop_knows_only_the_contract_and_the_verifier_of_the_server():
    strangers = [
        f"{module} imports {name}"
        for module, (_, _, tree) in modules().items()
        for name in imports(tree)
        if within(module, ["lms_desktop"]) and within(name, ["lms_server"]) and not within(name, OF_THE_SERVER)
    ]
    assert not strangers


def test_the_contract_needs_two_libraries():
    needed = {
        name.partition(".")[0]
        for module, (_, _, tree) in modules().items()
        for name in imports(tree)
        if within(module, ["lms_server.contract"])
    }
    assert needed - sys.stdlib_module_names <= CONTRACT_NEEDS


def test_the_desktop_starts_without_the_server_s_libraries():
    code = "import sys, lms_desktop.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"falcon", "waitress", "jinja2", "reportlab", "psycopg", "uharfbuzz", "alembic"}
    assert "httpx" not in loaded, "httpx costs the start 80 ms; the sync thread imports it when it begins"
