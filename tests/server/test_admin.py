"""What an admin does in a browser beyond looking: bring a course in, enroll, send again, back up."""

import re
import zipfile

import pytest
from falcon import testing

from lms_server.actions.courses import list_courses
from lms_server.actions.work import build_worker
from lms_server.contract.sqlite import reading, writing
from lms_server.jobs.certificate_mails import list_mails
from lms_server.operate.backup import read_manifest, write_backup
from lms_server.web.admin_upkeep import Upkeep
from lms_server.web.app import Parts, create_app
from tests.server.conftest import COURSE, Client, signed_in, write_course
from tests.server.test_pages import send, token_in


@pytest.fixture
def guest(context, settings):
    upkeep = Upkeep(settings.journal_file, settings.data / "backups", lambda path: write_backup(settings, path))
    return Client(testing.TestClient(create_app(context, Parts(upkeep=upkeep))), context)


class Browser:
    """An admin's browser: cookie, proof and all."""

    def __init__(self, guest, token):
        self.guest, self.cookie = guest, f"lms={token}"

    def get(self, path):
        return self.guest.get(path, Cookie=self.cookie, Accept="text/html")

    def csrf(self):
        return token_in(self.get("/admin/").text)

    def post(self, path, form):
        return send(self.guest, path, {"csrf": self.csrf()} | form, self.cookie)

    def upload(self, content, name="course.zip", csrf=None, path="/admin/import"):
        text = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self.csrf() if csrf is None else csrf}\r\n'
        text += f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": self.cookie}
        return self.guest.call("POST", path, text.encode() + content + b"\r\n--b--\r\n", headers)


@pytest.fixture
def browser(guest, miriam):
    return Browser(guest, miriam.token)


def zipped(folder):
    place = folder.with_suffix(".zip")
    with zipfile.ZipFile(place, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return place.read_bytes()


@pytest.fixture
def package(tmp_path):
    return zipped(write_course(tmp_path / "bees", COURSE.replace("first-aid", "bees").replace("First aid", "Bees")))


def slugs(context):
    return [course.slug for course in list_courses(context)]


def test_a_course_is_looked_at_and_then_imported(browser, context, package):
    looked = browser.upload(package)
    assert looked.status_code == 200
    assert "A new course" in looked.text
    assert slugs(context) == ["first-aid"]
    ticket = re.search(r'name="ticket" value="([^"]+)"', looked.text)[1]
    done = browser.post("/admin/import", {"ticket": ticket, "publish": "on"})
    assert (done.status_code, done.headers["location"]) == (303, "/admin/courses/bees")
    assert slugs(context) == ["bees", "first-aid"]
    assert browser.post("/admin/import", {"ticket": ticket}).status_code == 404
    assert "Exactly what is here already" in browser.upload(package).text


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04broken", b"\x1f\x8bbroken"])
def test_what_is_no_course_changes_nothing(browser, context, content):
    answer = browser.upload(content)
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.text
    assert slugs(context) == ["first-aid"]


def test_refusals_and_remarks_are_said_in_the_page_s_language(browser, tmp_path):
    browser.cookie += "; lms-language=es"
    new = {"email": "ANA@example.org", "name": "Ana", "password": "x" * 9}
    assert "Ya hay una cuenta para <bdi>ANA@example.org</bdi>." in browser.post("/admin/learners", new).text
    listed = browser.upload(b"email,name\nnonsense,<b>\n", "class.csv", path="/admin/learners/import").text
    assert "<bdi>class.csv</bdi>, línea <bdi>2</bdi>: Eso no es una dirección de correo" in listed
    assert "No hay ningún curso «<bdi>&lt;i&gt;</bdi>»." in browser.get("/admin/courses/%3Ci%3E/learners.csv").text
    assert "course.zip</bdi> no es un archivo zip completo" in browser.upload(b"PK\x03\x04 not really").text
    browser.cookie = browser.cookie.replace("=es", "=ar")
    folder = write_course(tmp_path / "bees", COURSE)
    (folder / "lessons" / "extra.md").write_text("![{name}](../assets/{gone}.png)", "utf-8")
    (folder / "course.toml").write_text(COURSE + "colour = 1\n", "utf-8")
    page = browser.upload(zipped(folder)).text
    assert "<bdi>assets/{gone}.png</bdi> ليس في الدورة." in page
    assert "لا معنى هنا للمفتاح <bdi>colour</bdi>." in page


def test_programs_hear_refusals_in_english_whatever_the_browser_wishes(guest):
    answer = guest.get("/api/v1/certificates/x", Accept_Language="es")
    assert answer.json["title"] == "There is nothing here."


def test_uploads_need_the_proof_first_and_land_only_where_they_should(browser, settings, package):
    assert browser.upload(package, csrf="0" * 64).status_code == 403
    assert not list(settings.data.rglob("*.zip"))
    browser.upload(package, name="../../../../evil.zip")
    [landed] = settings.data.rglob("*.zip")
    assert landed.parent.parent == settings.data / "uploads"
    for ticket in ("", "../..", "x" * 22, "%2e%2e"):
        assert browser.post("/admin/import", {"ticket": ticket}).status_code == 404


def test_a_learner_can_not_import(guest, package, context):
    browser = Browser(guest, signed_in(guest, "ana@example.org").token)
    assert browser.upload(package, csrf="x").status_code == 403
    assert slugs(context) == ["first-aid"]


def test_a_course_s_page_enrolls_and_takes_lessons_out(browser, course):
    path = "/admin/courses/first-aid"
    assert browser.post(path, {"do": "enroll", "email": "ana%40example.org"}).status_code == 303
    page = browser.get(path).text
    assert "0 of 2" in page
    [learner] = re.findall(r'href="(/admin/learners/[0-9a-f-]+)"', page)
    assert "Ana" in browser.get(learner).text
    assert browser.post(path, {"do": "enroll", "email": "nobody%40example.org"}).status_code == 422
    lesson = course["lessons"][1]["uid"]
    assert browser.post(path, {"do": "remove", "lesson": lesson}).status_code == 303
    assert "Removed" in browser.get(path).text
    assert browser.post(path, {"do": "restore", "lesson": lesson}).status_code == 303
    assert browser.post(path, {"do": "remove", "lesson": "x"}).status_code == 404
    assert browser.get("/admin/courses/nothing").status_code == 404


def test_learners_are_told_an_address_that_their_laptops_reach(browser, context):
    def said(host):
        return browser.guest.get("/admin/learners", Cookie=browser.cookie, Accept="text/html", Host=host).text

    assert ">http://192.168.1.7:8080<" in said("192.168.1.7:8080")
    object.__setattr__(context, "public_url", "http://hillside:8080")
    assert ">http://hillside:8080<" in said("localhost:8080")
    object.__setattr__(context, "public_url", "http://127.0.0.1:8080")
    assert "--host 0.0.0.0" in said("127.0.0.1:8080")
    assert "type this address" not in said("127.0.0.1:8080")


def test_a_learner_s_page(browser, ana, certificate):
    path = f"/admin/learners/{ana.uid}"
    page = browser.get(path).text
    assert "2 of 2" in page
    assert "laptop" in page
    assert browser.post(path, {"do": "sign_out"}).status_code == 303
    assert ana.sync().status_code == 401
    assert browser.post(path, {"do": "password", "password": ""}).status_code == 422
    assert browser.post(path, {"do": "password", "password": "another"}).status_code == 303
    assert browser.post(path, {"do": "disable"}).status_code == 303
    assert "Disabled" in browser.get(path).text
    assert ana.sync().status_code == 403
    assert browser.post(path, {"do": "enable"}).status_code == 303
    assert "Disabled" not in browser.get(path).text
    # Her old token stays dead: she signs in again.
    assert ana.sync().status_code == 401
    assert browser.get("/admin/learners/nobody").status_code == 404


def test_mails_are_sent_again_and_let_go(browser, context, settings, certificate):
    def state():
        with reading(context.engine) as conn:
            return list_mails(conn)[0].state

    build_worker(context, settings.mail, settings.journal_file).run_once()
    assert state() == "accepted"
    assert browser.post("/admin/mails", {"do": "resend", "uuid": certificate["uuid"]}).status_code == 303
    assert state() == "queued"
    assert browser.post("/admin/mails", {"do": "resend", "uuid": certificate["uuid"]}).status_code == 409
    with writing(context.engine) as conn:
        conn.exec_driver_sql("UPDATE jobs SET state = 'held' WHERE kind = 'certificate_email'")
    assert "Let them go" in browser.get("/admin/certificates").text
    assert browser.post("/admin/mails", {"do": "release"}).status_code == 303
    assert state() == "queued"


def test_a_backup_is_made_and_fetched(browser, settings, tmp_path):
    assert browser.post("/admin/backup", {}).status_code == 303
    name = re.search(r'/admin/backup/(backup-[^"]+\.zip)"', browser.get("/admin/backup").text)[1]
    copy = tmp_path / "copy.zip"
    copy.write_bytes(browser.get(f"/admin/backup/{name}").content)
    assert read_manifest(copy, verify=True)["files"]
    asked = browser.guest.call("HEAD", f"/admin/backup/{name}", headers={"Cookie": browser.cookie})
    assert (int(asked.headers["content-length"]), asked.content) == (copy.stat().st_size, b"")
    for other in ("backup-x.zip", "..%2fidentity.json", "identity.json"):
        assert browser.get(f"/admin/backup/{other}").status_code == 404
