"""Pages speak English, Spanish and Arabic: every word that a template says stands in every dictionary."""

import ast
import re
from collections import defaultdict
from functools import cache

import pytest
from falcon import testing

from lms_server.contract.times import from_wire
from lms_server.web import pages as pages_module
from lms_server.web.languages import CATALOGS, LANGUAGES, NAMED
from tests.house.source import ROOT, modules

WEB = ROOT / "lms_server" / "web"
TEMPLATES = {str(path.relative_to(WEB)): path.read_text("utf-8") for path in (WEB / "templates").rglob("*.html")}
PYTHON = "".join(path.read_text("utf-8") for path in WEB.glob("*.py"))
SAID = re.compile(r'\b(?:t|language\.say|self\.say)\("([^"]+)"')
COUNTED = re.compile(r'\b(?:n|language\.count)\(\s*"([^"]+)",\s*"([^"]+)"')
FIELD = re.compile(r"\{(\w+)(?:!r)?\}")
# Which argument of a call is a sentence in English.
ENGLISH_AT = {"sentence": 0, "CannotResend": 0, "Refused": 1, "BadCourse": 1, "BadFile": 1, "Problem": 2}
# Command lines, and what only desktops hear.
NOT_ON_PAGES = (
    *("lms_server.cli", "lms_server.operate.restore", "lms_server.operate.presence"),
    *("lms_server.web.api", "lms_server.web.blobs", "lms_server.web.bodies"),
)


@pytest.mark.parametrize(
    ("speaks", "tag", "said"),
    [("en", "ar-SA", "Arabic"), ("es", "en", "Inglés"), ("ar", "es-419", "الإسبانية"), ("en", "sw", "sw")],
)
def test_a_course_s_language_is_named_whatever_its_country(speaks, tag, said):
    assert LANGUAGES[speaks].language_named(tag) == said


def words():
    said = {text for page in (*TEMPLATES.values(), PYTHON) for text in SAID.findall(page)}
    return said | set(NAMED.values())


def counted():
    return {many for page in (*TEMPLATES.values(), PYTHON) for _, many in COUNTED.findall(page)}


@cache
def sentences():
    """What refusals and an import's remarks say, as constants of the program; and the places where it isn't one."""
    pages = {name: tree for name, (_, _, tree) in modules().items() if name.startswith("lms_server")}
    found = [call for name, tree in pages.items() if not name.startswith(NOT_ON_PAGES) for call in _said(name, tree)]
    said = {words.value for _, words in found if isinstance(words, ast.Constant) and isinstance(words.value, str)}
    # What is only a frame for other sentences needs no other words.
    framed = {text for text in said if not FIELD.sub("", text).strip(" .:")}
    return said - framed, [place for place, words in found if isinstance(words, ast.JoinedStr)]


def _said(name, tree):
    assigned = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned[node.targets[0].id].append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ENGLISH_AT:
            given = node.args[ENGLISH_AT[node.func.id] :][:1]
            for words in given:
                named = assigned[words.id] if isinstance(words, ast.Name) else [words]
                yield from ((f"{name}:{node.lineno}", one) for one in named)


def test_every_sentence_that_says_no_can_be_found_in_the_program():
    said, hidden = sentences()
    assert len(said) > 120
    assert not hidden


def test_the_dictionaries_have_the_same_keys():
    assert CATALOGS["es"].keys() == CATALOGS["ar"].keys()


@pytest.mark.parametrize("code", CATALOGS)
def test_every_word_of_the_pages_is_there_and_no_other(code):
    catalog = CATALOGS[code]
    assert len(words()) > 150
    spoken = words() | counted() | sentences()[0]
    assert spoken <= catalog.keys(), spoken - catalog.keys()
    assert catalog.keys() <= spoken, catalog.keys() - spoken


@pytest.mark.parametrize(("code", "forms"), [("es", 2), ("ar", 6)])
def test_plurals_have_their_forms_and_texts_their_fields(code, forms):
    for text, known in CATALOGS[code].items():
        if text in counted():
            assert isinstance(known, tuple), text
            assert len(known) == forms, text
            assert all(set(FIELD.findall(form)) <= {"n"} for form in known)
        else:
            assert isinstance(known, str), text
            assert sorted(FIELD.findall(known)) == sorted(FIELD.findall(text)), text


def test_no_template_has_words_of_its_own():
    """What stands between tags is a name, a sign, or comes from the dictionary."""
    spoken = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;", re.DOTALL)
    left = {
        name: [word for word in re.findall(r"[A-Za-z]{2,}", spoken.sub(" ", text)) if word != "PDF"]
        for name, text in TEMPLATES.items()
    }
    # Each page's mark for the navigation.
    marks = {"dashboard", "courses", "learners", "certificates", "parked", "backup", "settings", "public", "narrow"}
    assert not {name: rest for name, found in left.items() if (rest := [word for word in found if word not in marks])}


@pytest.mark.parametrize(
    ("wish", "language", "direction", "word"),
    [
        ("", "en", "ltr", "Catalog"),
        ("es-MX,es;q=0.9,en;q=0.5", "es", "ltr", "Catálogo"),
        ("fr, ar;q=0.8, en;q=0.3", "ar", "rtl", "الدورات"),
        ("en;q=0.2, ar;q=0.1", "en", "ltr", "Catalog"),
        ("es;q=0, en", "en", "ltr", "Catalog"),
        ("de, xx;q=x, ,;q=", "en", "ltr", "Catalog"),
    ],
)
def test_the_browser_s_wish_is_followed(guest, wish, language, direction, word):
    page = guest.get("/", Accept_Language=wish).text
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert f"<h1>{word}</h1>" in page


def test_a_link_chooses_the_language_and_comes_back(guest):
    page = guest.get("/courses/first-aid").text
    [there] = re.findall(r'href="(/language\?to=ar[^"]+)"', page)
    answer = guest.get(there.replace("&amp;", "&"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/courses/first-aid")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert 'dir="rtl"' in guest.get("/login", Cookie=cookie, Accept_Language="es").text
    assert "HttpOnly" in answer.headers["set-cookie"]


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_a_language_link_leads_nowhere_else(guest, where):
    answer = guest.get(f"/language?to=es&next={where}")
    assert answer.headers["location"] == "/"
    unknown = guest.get("/language?to=tlh&next=/login")
    assert "set-cookie" not in unknown.headers


@pytest.mark.parametrize("code", LANGUAGES)
def test_public_pages_in_every_language(guest, course, certificate, code):
    lesson = next(row["uid"] for row in course["lessons"] if row["is_free_preview"])
    for path in (
        "/",
        "/courses/first-aid",
        f"/read/{lesson}/",
        "/login",
        f"/verify/{certificate['uuid']}",
        "/verify/x",
    ):
        page = guest.get(path, Accept_Language=code, Accept="text/html").text
        assert f'<html lang="{code}"' in page, path


def shown(page):
    """What people read of a page, without what runs the other way in it."""
    body = page.partition("<body>")[2]
    return re.sub(r"<[^>]+>", " ", re.sub(r'<(\w+)[^>]* dir="ltr"[^>]*>.*?</\1>', "", body, flags=re.DOTALL))


@pytest.mark.parametrize("code", LANGUAGES)
def test_figures_and_dates_are_the_language_s_own(guest, course, certificate, code):
    language = LANGUAGES[code]
    pages = [guest.get(path, Accept_Language=code).text for path in ("/", f"/verify/{certificate['uuid']}")]
    assert bool(re.search("[0-9]", "".join(map(shown, pages)))) is (code != "ar")
    assert language.number(len(course["lessons"])) in shown(pages[1])
    day = {"en": "1 March 2026", "es": "1 de marzo de 2026", "ar": "١ مارس ٢٠٢٦"}[code]  # noqa: RUF001 # Arabic figures
    assert language.day(1_772_323_200_000) == day
    comma, time, size = ("،", "٠٠:٠٠", "٣٨ م.ب") if code == "ar" else (",", "00:00", "38 MB")  # noqa: RUF001 # Arabic figures
    assert language.moment(1_772_323_200_000) == f"{day}{comma} {time} UTC"
    assert language.size(38_400_000) == size
    assert language.day(from_wire(certificate["issued_at"])) in pages[1]


def test_why_a_mail_waits_is_said_in_the_page_s_language_but_what_others_said_is_theirs():
    spanish = LANGUAGES["es"]
    assert spanish.reason("a worker stopped while handing it over").startswith("Un proceso")
    both = spanish.reason("given up after 3 days: no answer after the message: 451 <b>later: not now")
    assert both == "Abandonado tras 3 días: Sin respuesta tras el mensaje: <bdi>451 &lt;b&gt;later: not now</bdi>"
    jobs = "".join(path.read_text("utf-8") for path in (ROOT / "lms_server" / "jobs").glob("*.py"))
    said = r"(?:Refused|TryAgain|InDoubt|FAILED,|HELD,|reason =|MAY_HAVE_GONE =)[( ]+f?\"([a-z'][^\"{]+)"
    ours = re.findall(said, jobs)
    assert len(ours) >= 8
    assert {text.rstrip(": ") for text in ours} <= NAMED.keys()


def test_a_refusal_is_said_in_the_page_s_language_and_braces_are_harmless(guest):
    language = LANGUAGES["es"]
    assert language.say("The e-mail address or the password is wrong.").startswith("El correo")
    assert language.say("There is no account for {x}.") == "There is no account for {x}."
    assert language.say("to {server}", server="<b>") == "en &lt;b&gt;"
    assert [LANGUAGES["ar"].form(n) for n in (0, 1, 2, 3, 10, 11, 99, 100, 102, 103)] == [0, 1, 2, 3, 3, 4, 4, 5, 5, 3]
    assert isinstance(guest.wsgi, testing.TestClient)
    assert pages_module._ago(language, 0, 3 * 3_600_000) == "hace 3 horas"
