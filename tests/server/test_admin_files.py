"""Files that an admin brings in a browser: a class list, unsent work. And settings, the last backup, searching."""

import re
from functools import partial

import pytest
from falcon import testing

from lms_server.actions.courses import unpublish_course
from lms_server.actions.registration import read_registration
from lms_server.actions.users import list_users
from lms_server.contract.commands import Command, CompleteLesson, Enroll
from lms_server.contract.ids import new_uuid7
from lms_server.contract.unsent import Writer
from lms_server.operate.backup import write_backup
from lms_server.settings import read_settings
from lms_server.web.admin_upkeep import Upkeep
from lms_server.web.app import Parts, create_app
from tests.jobs.smtp import Script, ScriptedServer
from tests.server.conftest import Client, made, signed_in
from tests.server.test_admin import Browser

CSV = "name,email,password\nZoe,zoe@example.org,\n=Evil,eve@example.org,secret-word\nAna,ANA@example.org,\n"


def app_of(context, settings):
    upkeep = Upkeep(settings.journal_file, settings.data / "backups", lambda p: write_backup(settings, p), settings)
    parts = Parts(partial(read_registration, settings), upkeep=upkeep)
    return Client(testing.TestClient(create_app(context, parts)), context)


@pytest.fixture
def guest(context, settings):
    return app_of(context, settings)


@pytest.fixture
def browser(guest):
    return Browser(guest, signed_in(guest, "miriam@example.org").token)


def ticket_in(page):
    return re.search(r'name="ticket" value="([^"]+)"', page)[1]


def test_a_class_list_is_looked_at_first_and_then_makes_accounts(browser, guest, context):
    seen = browser.upload(CSV.encode(), "class.csv", path="/admin/learners/import")
    assert "2 new accounts" in seen.text
    assert "Has an account" in seen.text
    assert len(list_users(context)) == 3, "looking makes nobody"
    done = browser.post("/admin/learners/import", {"ticket": ticket_in(seen.text)})
    assert "2 accounts were made" in done.text
    [password] = re.findall(r'<td class="mono"><bdi>([\w-]{8,})</bdi></td>', done.text)
    answer = guest.post("/api/v1/sessions", {"email": "zoe@example.org", "password": password, "device": "x"})
    assert answer.status_code == 201
    assert "secret-word" not in done.text
    assert browser.post("/admin/learners/import", {"ticket": ticket_in(seen.text)}).status_code == 404
    again = browser.upload(CSV.encode(), "class.csv", path="/admin/learners/import")
    assert "3 have one already" in again.text
    assert "'=Evil,eve@example.org" in browser.get("/admin/learners.csv").text


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a,b\n1,2\n", b"email,name\nnonsense,X\n", b""])
def test_a_bad_list_says_why_and_makes_nobody(browser, context, content):
    answer = browser.upload(content, "class.csv", path="/admin/learners/import")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert len(list_users(context)) == 3


@pytest.fixture
def stick(ana, course, context):
    writer = Writer(context.identity.server_id, ana.uid, "Ana Moreno", "ana@example.org")
    now = context.clock()
    work: list[Command] = [Enroll(new_uuid7(), course["uid"], now)]
    work += [CompleteLesson(new_uuid7(), lesson["uid"], now) for lesson in course["lessons"]]
    return writer.write(work, now)


def test_unsent_work_is_looked_at_and_imported(browser, ana, stick):
    seen = browser.upload(stick, "unsent-work.json", path="/admin/work")
    assert "<dt>Counts</dt><dd>3</dd>" in seen.text
    assert "<dt>New certificates</dt><dd>1</dd>" in seen.text
    assert ana.sync().json["changes"]["certificates"] == [], "looking changes nothing"
    done = browser.post("/admin/work", {"ticket": ticket_in(seen.text)})
    assert "The work is on the server" in done.text
    assert len(ana.sync().json["changes"]["certificates"]) == 1
    again = browser.upload(stick, "unsent-work.json", path="/admin/work")
    assert "<dt>Was here already</dt><dd>3</dd>" in again.text


def test_a_damaged_file_of_work_says_what_to_do(browser, stick):
    answer = browser.upload(
        stick.replace(b"complete_lesson", b"complete_lessom", 1), "unsent-work.json", path="/admin/work"
    )
    assert answer.status_code == 422
    assert "Export it again" in answer.text


def test_the_server_gets_another_name(browser, guest):
    assert browser.post("/admin/settings", {"do": "rename", "name": "Valley School"}).status_code == 303
    assert "Valley School" in guest.get("/").text
    assert guest.get("/api/v1/server").json["name"] == "Valley School"
    assert browser.post("/admin/settings", {"do": "rename", "name": "  "}).status_code == 422


def test_settings_show_the_environment_without_its_passwords(context, tmp_path):
    environ = {
        "LMS_SERVER_MAIL_URL": "smtp://post:hush@mail.example.org:587",
        "LMS_SERVER_PUBLIC_URL": "https://learn.example.org",
        "LMS_SERVER_REGISTRATION": "open",
    }
    guest = app_of(context, read_settings(environ, tmp_path / "server", "postgresql://lms:hush@db/lms"))
    browser = Browser(guest, signed_in(guest, "miriam@example.org").token)
    page = browser.get("/admin/settings").text
    assert "smtp://post:…@mail.example.org:587" in page
    assert "Open to everybody" in page
    assert "LMS_SERVER_PUBLIC_URL" in page
    assert "hush" not in page


def test_registration_is_opened_and_closed_while_the_server_runs(browser, guest, context, settings):
    new = {"email": "n@example.org", "name": "N", "password": "long enough", "device": "x"}
    other = app_of(context, settings)
    assert guest.post("/api/v1/users", new).status_code == 403
    assert browser.post("/admin/settings", {"do": "registration", "registration": "open"}).status_code == 303
    assert other.get("/api/v1/server").json["registration"] == "open", "another process follows"
    assert guest.post("/api/v1/users", new).status_code == 201
    assert browser.post("/admin/settings", {"do": "registration", "registration": "ajar"}).status_code == 422
    assert '<option value="open" selected>' in browser.get("/admin/settings").text
    browser.post("/admin/settings", {"do": "registration", "registration": "closed"})
    assert other.post("/api/v1/users", new | {"email": "m@example.org"}).status_code == 403


def test_what_the_environment_says_of_registration_is_not_changed_on_a_page(context, settings):
    told = read_settings({"LMS_SERVER_REGISTRATION": "closed"}, settings.data)
    (settings.data / "registration").write_text("open")
    guest = app_of(context, told)
    browser = Browser(guest, signed_in(guest, "miriam@example.org").token)
    assert guest.get("/api/v1/server").json["registration"] == "closed"
    assert 'name="registration"' not in browser.get("/admin/settings").text
    answer = browser.post("/admin/settings", {"do": "registration", "registration": "open"})
    assert answer.status_code == 422
    assert "LMS_SERVER_REGISTRATION" in answer.text
    assert guest.get("/api/v1/server").json["registration"] == "closed"


def test_a_test_mail_goes_at_once_or_says_why_not(context, tmp_path):
    running = ScriptedServer(Script())
    running.start()
    try:
        guest = app_of(context, read_settings({"LMS_SERVER_MAIL_URL": running.url}, tmp_path / "server"))
        browser = Browser(guest, signed_in(guest, "miriam@example.org").token)
        answer = browser.post("/admin/settings", {"do": "test_mail"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/settings?sent=1")
        assert [to for _, to in running.script.envelopes] == [["miriam@example.org"]]
        assert b"Test mail from Hillside Library" in running.script.mails[0]
        running.script.at = {"RCPT": "550 no such user"}
        refused = browser.post("/admin/settings", {"do": "test_mail"})
        assert refused.status_code == 422
        assert "550 no such user" in refused.text
    finally:
        running.stop()


def test_the_dashboard_knows_the_last_backup_wherever_it_was_made(browser, settings, tmp_path):
    assert "No backup yet" in browser.get("/admin/").text
    write_backup(settings, tmp_path / "elsewhere.zip")
    assert "Last backup: just now" in browser.get("/admin/").text
    assert str(tmp_path / "elsewhere.zip") in browser.get("/admin/backup").text


def test_certificates_are_found_by_name_state_and_number(browser, certificate):
    def rows(query):
        return browser.get(f"/admin/certificates?{query}").text.count("/verify/")

    assert [rows(f"q={word}") for word in ("moreno", "first", "ANA@", certificate["uuid"][:8], "nobody")] == [
        1,
        1,
        1,
        1,
        0,
    ]
    assert [rows(f"state={state}") for state in ("queued", "in_doubt")] == [1, 0]
    assert certificate["uuid"] in browser.get("/admin/certificates.csv").text


def test_a_course_s_learners_are_searched_and_exported(browser, certificate):
    assert "2 of 2" in browser.get("/admin/courses/first-aid?q=moreno").text
    assert "Nobody is called that" in browser.get("/admin/courses/first-aid?q=zoe").text
    [uid] = re.findall(r"/admin/learners/([0-9a-f-]{36})", browser.get("/admin/learners?q=moreno").text)
    progress = browser.get(f"/admin/learners/{uid}/progress.csv").text
    assert [line.split(",")[:2] for line in progress.splitlines()[1:]] == [
        ["first-aid", "Check"],
        ["first-aid", "Call"],
    ]
    assert browser.get(f"/admin/learners/{new_uuid7()}/progress.csv").status_code == 404
    assert "Ana Moreno,ana@example.org" in browser.get("/admin/courses/first-aid/learners.csv").text
    assert browser.get("/admin/courses/nothing/learners.csv").status_code == 409


@pytest.mark.parametrize(
    "path",
    ["learners.csv", "certificates.csv", "learners/import", "work", "settings", "courses/first-aid/learners.csv"],
)
def test_these_are_for_admins_alone(guest, ana, path):
    assert guest.get(f"/admin/{path}").status_code == 303
    assert Browser(guest, ana.token).get(f"/admin/{path}").status_code == 403


def test_who_isn_t_enrolled_is_enrolled_with_one_click_and_the_work_counts(browser, ana, course, context):
    answer = ana.sync(*[made("complete_lesson", lesson=lesson["uid"]) for lesson in course["lessons"]])
    assert {result["code"] for result in answer.json["results"]} == {"not_enrolled"}
    page = browser.get("/admin/parked").text
    assert page.count("Enroll and try again") == len(course["lessons"])
    assert "Check" in page, "the lesson's title, not its number"
    form = {"do": "enroll", "email": "ana@example.org", "course": "first-aid"}
    assert browser.post("/admin/parked", form).status_code == 303
    assert "Nothing waits" in browser.get("/admin/parked").text
    assert len(ana.sync().json["changes"]["certificates"]) == 1
    unpublish_course(context, "first-aid")
    refused = browser.post("/admin/parked", form | {"email": "ben@example.org"})
    assert (refused.status_code, "published" in refused.text) == (422, True)


def test_one_device_is_signed_out_and_the_others_stay(browser, guest, ana):
    other = signed_in(guest, "ana@example.org")
    page = browser.get(f"/admin/learners/{ana.uid}").text
    newest = re.findall(r'name="device" value="(\d+)"', page)
    stranger = signed_in(guest, "ben@example.org")
    numbers = re.findall(r'name="device" value="(\d+)"', browser.get(f"/admin/learners/{stranger.uid}").text)
    for number in (*numbers, "x", "99999999999999999999"):
        browser.post(f"/admin/learners/{ana.uid}", {"do": "sign_out_device", "device": number})
    assert [who.sync().status_code for who in (ana, other, stranger)] == [200, 200, 200], "only the learner's own"
    assert len(newest) == 2
    browser.post(f"/admin/learners/{ana.uid}", {"do": "sign_out_device", "device": min(newest, key=int)})
    assert [who.sync().status_code for who in (ana, other)] == [401, 200]
