"""Pages for people: escaped, locked against other sites, and without a script."""

import re

import pytest

from lms_server.actions.course_import import import_course
from lms_server.actions.courses import list_courses
from lms_server.actions.users import list_users
from lms_server.content.read import read_course
from lms_server.content.sanitize import _CLASSES
from lms_server.web.pages import local_path
from lms_server.web.tables import table_text
from tests.house.source import ROOT
from tests.server.conftest import COURSE, PASSWORD, Client, made, write_course

EVIL = "<script>alert(1)</script>"


def sign_in(guest, email, onward="/"):
    page = guest.get(f"/login?next={onward}")
    form = {"csrf": token_in(page.text), "next": onward, "email": email, "password": PASSWORD}
    answer = send(guest, "/login", form, Origin=guest.context.public_url)
    cookies = answer.headers.get("set-cookie", "")
    return answer, cookies.split(";")[0]


def token_in(text):
    return re.search(r'name="csrf" value="([0-9a-f]+)"', text)[1]


def send(client, path, form, cookie="", **headers):
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Cookie": cookie} if cookie else {}) | headers
    body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
    return client.call("POST", path, body, headers)


@pytest.fixture
def admin(guest):
    """Asks with the cookie of an admin's browser."""
    answer, cookie = sign_in(guest, "miriam@example.org", "/admin/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")

    class Browser:
        def get(self, path, **headers):
            return guest.get(path, Cookie=cookie, Accept="text/html", **headers)

        def post(self, path, form=None, **headers):
            csrf = {"csrf": token_in(self.get("/admin/").text)}
            return send(guest, path, csrf | (form or {}), cookie, **headers)

    return Browser()


def test_every_page_forbids_scripts_and_frames(guest, admin):
    for path in ("/", "/courses/first-aid", "/login", "/verify/x", "/nothing"):
        answer = guest.get(path, Accept="text/html")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert not re.search(r'\s(style|on\w+)="', answer.text), path
    for path in ("/admin/", "/admin/courses", "/admin/learners", "/admin/certificates", "/admin/parked"):
        answer = admin.get(path)
        assert answer.status_code == 200
        assert not re.search(r'<script|\s(style|on\w+)="', answer.text), path


def test_the_catalog_shows_what_is_open(guest, admin):
    assert "First aid" in guest.get("/").text
    assert "Until &lt;help&gt; arrives." in guest.get("/").text
    assert admin.post("/admin/courses/first-aid/unpublish").status_code == 303
    assert "First aid" not in guest.get("/").text
    assert guest.get("/courses/first-aid").status_code == 404


def test_free_previews_can_be_read_and_nothing_else(guest, course):
    preview, other = course["lessons"]
    page = guest.get(f"/read/{preview['uid']}/")
    assert page.status_code == 200
    assert "Look." in page.text
    assert guest.get(f"/read/{preview['uid']}/assets/cover.png").headers["content-type"] == "image/png"
    assert guest.get(f"/read/{preview['uid']}/assets/a.txt").status_code == 404
    assert guest.get(f"/read/{preview['uid']}").headers["location"] == f"/read/{preview['uid']}/"
    closed = guest.get(f"/read/{other['uid']}/")
    assert closed.status_code == 404
    assert "Call for help" not in closed.text


def test_titles_and_names_stay_text(guest, admin, tmp_path):
    description = COURSE.replace("first-aid", "evil").replace('"First aid"', f"'{EVIL}'").replace("Until", EVIL)
    package = write_course(
        tmp_path / "evil", description, {"01.md": f"---\ntitle: '{EVIL}'\npreview: true\n---\n{EVIL}\n"}
    )
    import_course(guest.context, read_course(package), publish=True)
    admin.post("/admin/learners", {"name": EVIL.replace("=", "%3D"), "email": "e@example.org", "password": "pw"})
    pages = [guest.get("/"), guest.get("/courses/evil"), admin.get("/admin/"), admin.get("/admin/learners")]
    uid = re.search(r"/read/([0-9a-f-]+)/", guest.get("/courses/evil").text)[1]
    for page in [*pages, guest.get(f"/read/{uid}/"), admin.get(f"/admin/courses?q={EVIL}")]:
        assert "alert(1)" in page.text or page.status_code == 200
        assert "<script" not in page.text


def test_a_certificate_s_page_shows_the_facts(guest, certificate):
    page = guest.get(f"/verify/{certificate['uuid']}").text
    assert "Ana Moreno" in page
    assert "First aid" in page
    assert guest.get("/verify/0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80").status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\evil",
        "javascript:alert(1)",
        "/a\nb",
        "",
        None,
        "x" * 9,
    ],
)
def test_signing_in_leads_nowhere_else(wanted):
    assert local_path(wanted) == "/"


def test_signing_in_leads_back(guest):
    asked = guest.get("/admin/learners?q=a&page=2")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2Fadmin%2Flearners%3Fq%3Da%26page%3D2")
    answer, _ = sign_in(guest, "miriam@example.org", "/admin/learners?q%3Da")
    assert answer.headers["location"] == "/admin/learners?q=a"
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["set-cookie"].split("; "))


def test_an_address_of_nothing_says_so_in_words(guest):
    answer = guest.get("/nowhere", Accept="text/html", **{"Accept-Language": "es"})
    assert answer.status_code == 404
    assert "Aquí no hay nada." in answer.text
    assert "Not Found" not in answer.text


def test_the_sign_in_page_does_not_lead_to_itself(guest):
    assert 'href="/login"' in guest.get("/").text
    assert 'href="/login"' not in guest.get("/login").text


def test_a_table_of_nothing_has_no_pages_to_turn(admin):
    page = admin.get("/admin/parked").text
    assert "Nothing waits" in page
    assert "of 0 " not in page


def test_a_wrong_password_shows_the_form_again(guest):
    form = {"csrf": token_in(guest.get("/login").text), "email": "ana@example.org", "password": "x"}
    answer = send(guest, "/login", form)
    assert answer.status_code == 401
    assert "wrong" in answer.text
    assert "set-cookie" not in answer.headers


def test_learners_and_guests_stay_out_of_the_admin_s_pages(guest):
    _, cookie = sign_in(guest, "ana@example.org")
    for path in ("/admin", "/admin/", "/admin/courses", "/admin/courses.csv", "/admin/learners", "/admin/parked"):
        assert guest.get(path).status_code == 303
        assert guest.get(path, Cookie=cookie).status_code == 403
    answer = send(guest, "/admin/courses/first-aid/delete", {"csrf": "x"}, cookie)
    assert answer.status_code == 403
    assert list_courses(guest.context)[0].deleted_at is None


def test_who_asks_for_what_is_not_there_stays_signed_in_and_changed_nothing_only_by_a_form(guest, admin):
    looked, sent = admin.get("/nothing"), admin.post("/admin/courses/first-aid/burn", Accept="text/html")
    assert "Miriam" in looked.text
    assert "Miriam" not in guest.get("/nothing", Accept="text/html").text
    assert ("Nothing was changed." in looked.text, "Nothing was changed." in sent.text) == (False, True)


def test_forms_of_other_sites_do_nothing(guest, admin):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert admin.post("/admin/courses/first-aid/delete", **headers).status_code == 403
    assert admin.post("/admin/courses/first-aid/delete", {"csrf": "0" * 64}).status_code == 403
    assert admin.post("/admin/courses/first-aid/delete", {"csrf": "é"}).status_code == 403
    assert guest.get("/admin/courses/first-aid/delete").status_code == 405
    assert list_courses(guest.context)[0].deleted_at is None
    assert admin.post("/admin/courses/first-aid/delete", Origin="http://falconframework.org").status_code == 303
    assert list_courses(guest.context)[0].deleted_at is not None


def test_signing_out_ends_the_session(guest, admin):
    answer = admin.post("/logout")
    assert answer.status_code == 303
    assert admin.get("/admin/").status_code == 303


def test_the_course_s_buttons(guest, admin):
    for verb, text in (
        ("unpublish", "Draft"),
        ("publish", "Published"),
        ("delete", "Withdrawn"),
        ("restore", "Published"),
    ):
        assert admin.post(f"/admin/courses/first-aid/{verb}").status_code == 303
        assert f">{text}</span>" in admin.get("/admin/courses").text
    assert admin.post("/admin/courses/first-aid/reevaluate").status_code == 303
    assert admin.post("/admin/courses/first-aid/burn").status_code == 404
    assert admin.post("/admin/courses/nothing/publish").status_code == 409


def test_learners_are_added_and_disabled(guest, admin):
    wanted = {"name": "New", "email": "new%40example.org", "password": "pw"}
    assert admin.post("/admin/learners", wanted).status_code == 303
    again = admin.post("/admin/learners", wanted)
    assert again.status_code == 422
    assert "already an account" in again.text
    assert admin.post("/admin/learners", {"do": "disable", "email": "new%40example.org"}).status_code == 303
    assert [user.email for user in list_users(guest.context) if user.disabled_at] == ["new@example.org"]


def test_parked_work_shows_its_reason_and_is_tried_again(guest, admin, ana, course):
    admin.post("/admin/courses/first-aid/unpublish")
    assert ana.sync(made("enroll", course=course["uid"])).json["results"][0]["outcome"] == "parked"
    assert "The course isn&#39;t published" in admin.get("/admin/parked").text
    assert '<div class="figure">1</div><div class="note">Look at the reasons' in admin.get("/admin/").text
    assert admin.post("/admin/parked").status_code == 303
    admin.post("/admin/courses/first-aid/publish")
    assert "Nothing waits" in admin.get("/admin/parked").text


def test_certificates_and_their_mails(admin, certificate):
    page = admin.get("/admin/certificates").text
    assert "Ana Moreno" in page
    assert "Queued" in page
    assert admin.get(f"/admin/certificates/{certificate['uuid']}.pdf").content.startswith(b"%PDF")


def test_no_cell_of_a_csv_is_a_formula():
    text = table_text(("a", "b"), [["=1+1", "+1"], ["-1", "@x"], ["\tx", 5], ["fine", "a,b"]])
    assert text.splitlines() == ["a,b", "'=1+1,'+1", "'-1,'@x", "'\tx,5", 'fine,"a,b"']


def test_pages_can_be_read_while_their_letters_are_still_on_the_way():
    faces = re.findall(r"@font-face \{.*\}", (ROOT / "lms_server" / "web" / "static" / "style.css").read_text("utf-8"))
    assert faces
    assert all("font-display: swap;" in face for face in faces)


def test_static_files_are_the_known_ones(guest):
    assert guest.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert guest.get("/static/NotoSans-Regular.ttf").status_code == 200
    assert guest.get("/static/OFL.txt").status_code == 404


def test_every_class_that_a_lesson_may_carry_has_a_look():
    style = (ROOT / "lms_server" / "web" / "static" / "style.css").read_text("utf-8")
    classes = {name for kept in _CLASSES.values() for both in kept for name in both.split()}
    assert {"callout", "note", "online", "k"} <= classes
    assert not [name for name in classes if not re.search(rf"^\.reading [.\w]*\.{name} \{{", style, re.MULTILINE)]


def test_cookies_are_host_only_over_https(context):
    from dataclasses import replace

    from falcon import testing

    from lms_server.web.app import create_app

    safe = replace(context, public_url="https://learn.example.org")
    answer, cookie = sign_in(Client(testing.TestClient(create_app(safe)), safe), "miriam@example.org")
    assert cookie.startswith("__Host-lms=")
    assert answer.status_code == 303, "behind a proxy the site's own address is the origin"
    assert "Secure" in answer.headers["set-cookie"]
