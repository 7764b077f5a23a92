"""The certificate as a file: the same bytes every time, sealed whole, readable in any script."""

import subprocess
import sys
from datetime import date

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms_server.certificates.bidi import embedding_levels, visual_runs
from lms_server.certificates.figures import CLOTHS, cloth_of, qr_code
from lms_server.certificates.lettering import set_line
from lms_server.certificates.pdf import TEMPLATE, render_certificate
from lms_server.certificates.phrases import phrases
from lms_server.certificates.signing import seal_file, sign_facts
from lms_server.certificates.typefaces import SANS, SERIF_STRONG
from lms_server.certificates.verify import BadFile, Facts, NotGenuine, verify_pdf
from lms_server.contract import covers
from tests.certificates.facts import FACTS, KEY, PUBLIC

ARABIC = FACTS | {
    "learner_name": "ليلى عبد الرحمن حدّاد",
    "course_title": "الإسعافات الأولية",
    "issuer": "مكتبة التلّ",
    "language": "ar",
    "direction": "rtl",
}


@pytest.fixture(scope="module")
def payload():
    return sign_facts(KEY, FACTS)


@pytest.fixture(scope="module")
def pdf(payload):
    return render_certificate(payload, KEY)


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    text = document[0].get_textpage().get_text_range()
    document.close()
    return text


def test_the_file_states_its_facts(pdf):
    assert verify_pdf(pdf, PUBLIC) == Facts(**FACTS)
    text = text_of(pdf)
    assert "Ana María Moreno Ruiz" in text
    assert "has completed all 14 lessons of the course" in text
    assert "22 November 2026" in text
    assert FACTS["uuid"] in text


def test_other_scripts_can_be_found_too():
    facts = FACTS | {"learner_name": "प्रिया शर्मा", "course_title": "急救", "issuer": "Иван"}
    text = text_of(render_certificate(sign_facts(KEY, facts), KEY))
    assert "प्रिया शर्मा" in text
    assert "急救" in text
    assert "Иван" in text
    assert "الإسعافات الأولية" in text_of(render_certificate(sign_facts(KEY, ARABIC), KEY))


def test_another_process_renders_the_same_bytes(pdf, payload):
    program = (
        "import sys; from lms_server.certificates.pdf import TEMPLATE, render_certificate;"
        "sys.stdout.buffer.write(render_certificate(sys.argv[1], bytes(range(32))))"
    )
    outcome = subprocess.run([sys.executable, "-c", program, payload], capture_output=True, check=True)
    assert outcome.stdout == pdf


def test_what_was_rendered_before_leaves_no_trace(pdf, payload):
    render_certificate(sign_facts(KEY, ARABIC), KEY)
    assert render_certificate(payload, KEY) == pdf


def test_any_flipped_byte_is_refused(pdf):
    for index in [*range(0, len(pdf), 61), *range(len(pdf) - 300, len(pdf))]:
        spoiled = bytearray(pdf)
        spoiled[index] ^= 1 << index % 8
        with pytest.raises(NotGenuine):
            verify_pdf(bytes(spoiled), PUBLIC)


def shown(line):
    return "".join(glyph.text for stretch in line.stretches for glyph in stretch.glyphs)


@pytest.mark.parametrize("cut", [1, 2, 50, 109, 110, 1000])
def test_a_truncated_file_is_refused(pdf, cut):
    with pytest.raises(BadFile):
        verify_pdf(pdf[:-cut], PUBLIC)


def test_an_incremental_update_is_refused(pdf):
    update = b"4 0 obj\n<< /Type /Page >>\nendobj\nxref\n0 0\ntrailer\n<< /Size 21 /Prev 45 >>\nstartxref\n9\n%%EOF\n"
    for added in (update, b"\n", b" ", update + pdf[pdf.rfind(b"%lms-") :]):
        with pytest.raises(BadFile):
            verify_pdf(pdf + added, PUBLIC)


def test_a_file_of_another_server_is_refused():
    other = bytes(32)
    with pytest.raises(BadFile):
        verify_pdf(render_certificate(sign_facts(other, FACTS), other), PUBLIC)


def test_a_seal_on_a_file_without_facts_is_refused():
    with pytest.raises(BadFile, match="facts of one certificate"):
        verify_pdf(seal_file(KEY, b"%PDF-1.4\n%%EOF\n"), PUBLIC)


def test_a_seal_on_a_file_with_two_certificates_is_refused(pdf):
    twice = pdf[: pdf.rfind(b"%lms-")] + b"% /Keywords (lms-certificate-facts e30.x)\n"
    with pytest.raises(BadFile, match="facts of one certificate"):
        verify_pdf(seal_file(KEY, twice), PUBLIC)


@pytest.mark.parametrize("content", [b"", b"\n", b"%PDF-1.4\n", b"x" * 100])
def test_other_files_are_refused(content):
    with pytest.raises(BadFile):
        verify_pdf(content, PUBLIC)


def test_facts_of_another_key_are_not_rendered():
    with pytest.raises(NotGenuine):
        render_certificate(sign_facts(bytes(32), FACTS), KEY)


def test_markup_in_a_name_is_literal(payload):
    name = "<b>Ana</b> (\\n) /Keywords (lms-certificate-facts x) &amp; ET Q"
    content = render_certificate(sign_facts(KEY, FACTS | {"learner_name": name}), KEY)
    assert verify_pdf(content, PUBLIC).learner_name == name
    assert name in text_of(content)


@pytest.mark.parametrize(
    "name",
    [
        "ليلى عبد الرحمن حدّاد",
        "प्रिया शर्मा",
        "王小明",
        "山田太郎",
        "김철수",
        "דוד בן-גוריון",
        "ณัฐพล ใจดี",
        "Ελένη Παπαδοπούλου",
        "Иван Ёлкин",
        "ქეთევან",
        "தமிழ்",
        "አበበ",
        "ଓଡ଼ିଆ",
        "ⴰⵎⴰⵣⵉⵖ",
        "ދިވެހި",
    ],
)
def test_no_script_becomes_boxes(name):
    line = set_line(name, SERIF_STRONG)
    assert sorted(shown(line)) == sorted(name)
    assert all(glyph.number for stretch in line.stretches for glyph in stretch.glyphs)


def test_letters_that_no_font_has_are_left_out():
    assert set_line("\U0001f600", SERIF_STRONG).stretches == ()
    assert set_line("Ana\U0001f600", SANS) == set_line("Ana", SANS)


def test_arabic_letters_are_joined():
    joined, apart = set_line("حدّاد", SERIF_STRONG), set_line("\u200c".join("حدّاد"), SERIF_STRONG)
    assert [glyph.number for glyph in joined.stretches[0].glyphs] != [
        glyph.number for glyph in apart.stretches[0].glyphs if glyph.advance
    ]


def test_latin_is_kerned():
    apart = sum(set_line(letter, SERIF_STRONG).width for letter in "AVA")
    assert set_line("AVA", SERIF_STRONG).width < apart


def test_only_own_fonts_are_embedded_and_small(pdf):
    assert pdf.count(b"/FontFile2") == 3
    assert b"NotoSerif-SemiBold" in pdf
    assert len(pdf) < 25_000


def test_mixed_directions_are_ordered_for_the_eye():
    assert [run.text for run in visual_runs("a ليلى 12 (b)", rtl=False)] == ["a ", "12", "ليلى ", " (b)"]
    assert [run.text for run in visual_runs("ليلى (b) 12", rtl=True)] == ["12", ") ", "b", "ليلى ("]


@pytest.mark.parametrize(
    ("text", "base", "levels"),
    [
        ("abc", 0, [0, 0, 0]),
        ("a ب", 0, [0, 0, 1]),
        ("ب 12", 1, [1, 1, 2, 2]),
        ("ب(a)ب", 1, [1, 1, 2, 1, 1]),
        ("1-2", 1, [2, 2, 2]),
        ("ab ", 1, [2, 2, 1]),
    ],
)
def test_levels_follow_the_standard(text, base, levels):
    assert embedding_levels(text, base) == levels


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60), st.booleans())
def test_no_name_can_stop_the_drawing(name, rtl):
    facts = (ARABIC if rtl else FACTS) | {"learner_name": name, "course_title": name}
    assert verify_pdf(render_certificate(sign_facts(KEY, facts), KEY), PUBLIC).learner_name


def edges(content, text):
    """Where this text starts and ends on paper, in points from the left."""
    document = pypdfium2.PdfDocument(content)
    page = document[0].get_textpage()
    index, count = page.search(text).get_next()
    boxes = [page.get_charbox(at) for at in range(index, index + count)]
    document.close()
    return min(box[0] for box in boxes), max(box[2] for box in boxes)


def test_letters_stand_where_they_were_set():
    name = "AVAVAVAVAV"
    start, end = edges(render_certificate(sign_facts(KEY, FACTS | {"learner_name": name}), KEY), name)
    width = set_line(name, SERIF_STRONG).width * 38
    assert start == pytest.approx(94, abs=2)
    assert end - start == pytest.approx(width, abs=2)


def test_a_right_to_left_course_has_a_mirrored_page(pdf):
    _, end = edges(pdf, "Hillside Library")
    assert end < 421
    start, _ = edges(render_certificate(sign_facts(KEY, FACTS | {"direction": "rtl"}), KEY), "Hillside Library")
    assert start > 421


def test_a_very_long_name_stays_on_its_line():
    content = render_certificate(sign_facts(KEY, FACTS | {"learner_name": "Wilhelmina Abc " * 13}), KEY)
    document = pypdfium2.PdfDocument(content)
    page = document[0].get_textpage()
    boxes = [page.get_charbox(index) for index in range(page.count_chars())]
    document.close()
    assert max(right for _, _, right, _ in boxes) < 800


def test_arabic_words_digits_and_side():
    words = phrases("ar-EG")
    assert words.day(date(2026, 11, 22)) == "٢٢ نوفمبر ٢٠٢٦"
    assert words.lessons(14).endswith("١٤ درسًا")
    assert phrases("fr") is phrases("en")
    assert verify_pdf(render_certificate(sign_facts(KEY, ARABIC), KEY), PUBLIC) == Facts(**ARABIC)


def test_the_code_can_be_scanned_from_paper():
    longest = "https://" + "a" * 192 + "/verify/" + FACTS["uuid"]
    for address in ("https://a.example/verify/" + FACTS["uuid"], longest):
        operators, modules = qr_code(address)
        assert 88 / modules / 72 * 25.4 >= 0.5
        assert operators.count(" f") == 1


def test_a_course_keeps_its_cloth():
    assert cloth_of(FACTS["course"]) == cloth_of(FACTS["course"])
    assert {cloth_of(str(number)) for number in range(100)} == set(CLOTHS)


def cover_of(content: bytes):
    document = pypdfium2.PdfDocument(content)
    picture = document[0].render(scale=2).to_pil().crop((1300, 350, 1510, 630))
    document.close()
    return picture


@pytest.mark.parametrize("subject", [icon for icon, _ in covers._SUBJECTS])
def test_the_cover_shows_the_subject_as_in_the_app(subject):
    words = dict(covers._SUBJECTS)[subject].split()[0]
    payload = sign_facts(KEY, FACTS | {"course_title": words})
    by_initial, by_subject = (cover_of(render_certificate(payload, KEY, number)) for number in (1, TEMPLATE))
    assert by_initial.tobytes() != by_subject.tobytes()
    assert words[0].upper() not in text_of(render_certificate(payload, KEY)).split()


def test_a_course_of_no_known_subject_has_its_initial_and_old_certificates_keep_theirs():
    payload = sign_facts(KEY, FACTS | {"course_title": "Zen"})
    assert render_certificate(payload, KEY, 1) == render_certificate(payload, KEY)
    assert "Z" in text_of(render_certificate(payload, KEY)).split()
    assert "F" in text_of(render_certificate(sign_facts(KEY, FACTS), KEY, 1)).split()
