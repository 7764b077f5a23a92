"""The documents name commands that exist, files that are there, and fields that travel."""

import json
import re
import subprocess
import sys

import pytest

from lms_desktop import cli as desktop
from lms_server import cli as server
from lms_server.contract import wire
from lms_server.database.tables import metadata
from tests.house.source import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
FILE = re.compile(r"`((?:tests|docs|resources|requirements|lms_server|lms_desktop)/[\w/.-]*)`")
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text("utf-8")
# What the admin's forms answer; no desktop ever hears it.
FORMS = {"cannot_resend", "foreign_form", "old_form", "no_file"}
PARSERS = {"lms-server": server.build_parser, "lms-desktop": desktop.build_parser}


def commands():
    for page in PAGES:
        for block in FENCE.findall(page.read_text("utf-8")):
            for line in block.splitlines():
                if line.split() and line.split()[0] in PARSERS:
                    yield pytest.param(line, id=f"{page.name}: {line}")


@pytest.mark.parametrize("line", list(commands()))
def test_a_command_in_the_documents_is_understood(line):
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    PARSERS[words[0]]().parse_args(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_document_points_to_is_there(page):
    text = page.read_text("utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not [target for target in LINK.findall(prose) if not (page.parent / target).exists()]
    assert not [name for name in FILE.findall(prose) if not (ROOT / name).exists()]


def test_the_readme_names_the_development_commands():
    listed = subprocess.run([sys.executable, "dev.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = set(re.findall(r"python3 dev\.py (\w+)", "".join(page.read_text("utf-8") for page in PAGES)))
    assert {"demo", "test"} <= named
    assert all(re.search(rf"^  {name} ", listed, re.MULTILINE) for name in named)


JSON = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", PROTOCOL, re.DOTALL | re.MULTILINE)]
ROWS = {
    "courses": wire.CourseRow,
    "lessons": wire.LessonRow,
    "enrollments": wire.EnrollmentRow,
    "progress": wire.ProgressRow,
    "certificates": wire.CertificateRow,
}


def test_the_protocol_shows_the_envelopes_as_they_travel():
    request, answer = JSON
    assert request.keys() == set(wire.SyncRequest.__struct_fields__)
    assert answer.keys() == set(wire.SyncAnswer.__struct_fields__)


@pytest.mark.parametrize("kind", ROWS)
def test_the_protocol_shows_the_rows_as_they_travel(kind):
    shown = JSON[1]["changes"][kind][0]
    assert shown.keys() == set(ROWS[kind].__struct_fields__)


TABLE = re.compile(r"^\| (\w+) \| ([^|]+) \|", re.MULTILINE)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_the_protocol_shows_the_tables_as_they_are(table):
    shown = next(columns for name, columns in TABLE.findall(PROTOCOL) if name == table.name)
    names = {name.strip() for name in re.sub(r"\([^)]*\)", "", shown).split(",")}
    assert names == set(table.columns.keys()) - {"id"}


def test_the_protocol_names_every_code_of_the_errors():
    web = "".join(path.read_text("utf-8") for path in (ROOT / "lms_server" / "web").glob("*.py"))
    codes = set(re.findall(r'Problem\(\d+, "(\w+)"', web)) - FORMS
    assert codes
    assert not {code for code in codes if f"`{code}`" not in PROTOCOL}
