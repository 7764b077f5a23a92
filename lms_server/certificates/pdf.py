"""A certificate's PDF: a function of its signed facts, the server's key and the template's number, and nothing else."""

from datetime import date
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from lms_server.certificates.embedding import EmbeddedFonts
from lms_server.certificates.figures import BOOKS, CHECK, cloth_of, qr_code
from lms_server.certificates.lettering import set_line
from lms_server.certificates.phrases import Phrases, phrases
from lms_server.certificates.sheet import HEIGHT, WIDTH, Sheet, Style, fitting
from lms_server.certificates.signing import public_key_of, seal_file
from lms_server.certificates.subjects import SUBJECTS
from lms_server.certificates.typefaces import SANS, SANS_STRONG, SERIF_STRONG
from lms_server.certificates.verify import PAYLOAD_MARK, Facts, read_payload
from lms_server.contract.covers import subject_of

# Streams as they are: wrapping them in ASCII costs a quarter in bytes and time.
rl_config.useA85 = 0

# The newest; the older ones stay, for certificates that were drawn with them. Number 1 knows no subjects.
TEMPLATE = 2

INK, MUTED, ACCENT, HAIRLINE = "#26231E", "#5F5A50", "#0F5C70", "#B9AE9A"
_START, _END = 94.0, 760.0
_COVER = 112.0
_MARK = 54.0
_QR = 88.0
_TITLE_ROOM = _END - _START - _COVER - 24

_ISSUER = Style(SANS_STRONG, 15, INK)
_KIND = Style(SANS, 15, MUTED)
_SENTENCE = Style(SANS, 13, MUTED)
_NAME = Style(SERIF_STRONG, 38, INK)
_TITLE = Style(SERIF_STRONG, 25, ACCENT)
_LONG_TITLE = Style(SERIF_STRONG, 17, ACCENT)
_LABEL = Style(SANS, 9.5, MUTED)
_FACT = Style(SANS_STRONG, 12.5, INK)
_ADDRESS = Style(SANS, 9.5, INK)


def render_certificate(payload: str, key: bytes, template: int = TEMPLATE) -> bytes:
    """Draw and seal these signed facts. Raises NotGenuine unless the key signed them, ValueError for no template."""
    if template not in range(1, TEMPLATE + 1):
        raise ValueError(f"there is no certificate template {template}")
    facts = read_payload(payload, public_key_of(key))
    file = BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), invariant=True, pageCompression=1, lang=facts.language)
    canvas.setTitle(f"{facts.course_title} · {facts.learner_name}")
    canvas.setAuthor(facts.issuer)
    canvas.setSubject(phrases(facts.language).title)
    canvas.setCreator("LMS Desktop")
    canvas.setKeywords(PAYLOAD_MARK + payload)
    sheet = Sheet(canvas, EmbeddedFonts(canvas), facts.direction == "rtl")
    _draw(sheet, facts, phrases(facts.language), subject_of("", facts.course_title) if template > 1 else None)
    canvas.showPage()
    canvas.save()
    return seal_file(key, file.getvalue())


def _draw(sheet: Sheet, facts: Facts, words: Phrases, subject: str | None) -> None:
    _frame(sheet)
    _head(sheet, facts, words)
    _statement(sheet, facts, words)
    _cover(sheet, facts, subject)
    _facts(sheet, facts, words)
    _signature(sheet, words)
    _verification(sheet, facts, words)


def _frame(sheet: Sheet) -> None:
    sheet.outline(36, 36, WIDTH - 72, HEIGHT - 72, color=HAIRLINE)
    sheet.box(36, 36, 8, HEIGHT - 72, fill=ACCENT)


def _head(sheet: Sheet, facts: Facts, words: Phrases) -> None:
    sheet.box(_START, 78, 30, 30, fill=ACCENT, radius=5)
    sheet.figure(_START + 4.5, 82.5, 21, BOOKS, 24)
    sheet.text(_START + 42, 98.5, facts.issuer, _ISSUER, 380)
    sheet.text_ending(_END, 98.5, words.title, _KIND)


def _statement(sheet: Sheet, facts: Facts, words: Phrases) -> None:
    sheet.text(_START, 187, words.certifies, _SENTENCE)
    size = fitting(set_line(facts.learner_name, _NAME.faces), _NAME, _TITLE_ROOM)
    # A name that had to shrink stays in the middle of the room that its line has.
    sheet.text(_START, 235 - (_NAME.size - size) / 3, facts.learner_name, _NAME, _TITLE_ROOM)
    sheet.text(_START, 274, words.lessons(facts.lessons), _SENTENCE)
    first, second = _two_lines(facts.course_title, rtl=sheet.rtl)
    if second:
        sheet.text(_START, 298, first, _LONG_TITLE, _TITLE_ROOM)
        sheet.text(_START, 322, second, _LONG_TITLE, _TITLE_ROOM)
    else:
        sheet.text(_START, 310, first, _TITLE, _TITLE_ROOM)


def _two_lines(title: str, *, rtl: bool) -> tuple[str, str]:
    """A title in one line while it stays larger than the long style, else parted at the space nearest its middle."""
    line = set_line(title, SERIF_STRONG, rtl=rtl)
    if fitting(line, _TITLE, _TITLE_ROOM) >= _LONG_TITLE.size or " " not in title:
        return title, ""
    middle = len(title) // 2
    spaces = [index for index, char in enumerate(title) if char == " "]
    at = min(spaces, key=lambda index: abs(index - middle))
    return title[:at], title[at + 1 :]


def _cover(sheet: Sheet, facts: Facts, subject: str | None) -> None:
    cloth = cloth_of(facts.course)
    x = _END - _COVER
    sheet.box(x, 171, _COVER, 150, fill=cloth.ground, radius=4)
    sheet.outline(x + 6.5, 177.5, _COVER - 13, 137, color=cloth.frame, radius=3)
    if subject is not None:
        sheet.canvas.setStrokeColor(HexColor(cloth.mark))
        sheet.figure(x + (_COVER - _MARK) / 2, 246 - _MARK / 2, _MARK, SUBJECTS[subject], 24)
        return
    initial = next((char for char in facts.course_title if char.isalnum()), "").upper()
    line = set_line(initial, SERIF_STRONG)
    style = Style(SERIF_STRONG, 44, cloth.mark)
    sheet.text(x + (_COVER - line.width * style.size) / 2, 261, initial, style)


def _facts(sheet: Sheet, facts: Facts, words: Phrases) -> None:
    sheet.rule(_START, 341, _END - _START, HAIRLINE)
    sheet.rule(_START, 402, _END - _START, HAIRLINE)
    columns = (
        (_START, words.completed, words.day(_day(facts.completed_at))),
        (_START + 185, words.issued, words.day(_day(facts.issued_at))),
        (_START + 370, words.number, facts.uuid),
    )
    for x, label, value in columns:
        sheet.text(x, 363.5, label, _LABEL)
        sheet.text(x, 381.5, value, _FACT, _END - x if value == facts.uuid else 175)


def _day(time: str) -> date:
    return date.fromisoformat(time[:10])


def _signature(sheet: Sheet, words: Phrases) -> None:
    sheet.canvas.setStrokeColor(HexColor(ACCENT))
    sheet.figure(_START, 483, 30, CHECK, 24)
    sheet.text(_START + 42, 495, words.signed, Style(SANS_STRONG, 11, INK), 290)
    sheet.text(_START + 42, 510.5, words.signed_how, _LABEL, 290)


def _verification(sheet: Sheet, facts: Facts, words: Phrases) -> None:
    address = f"{facts.address}/verify/{facts.uuid}"
    operators, modules = qr_code(address)
    sheet.canvas.setFillColor(HexColor(INK))
    sheet.figure(_END - _QR, 431.5, _QR, operators, modules)
    sheet.canvas.linkURL(address, _on_paper(sheet), thickness=0)
    shown = facts.address.partition("://")[2] + "/verify"
    sheet.text_ending(_END - _QR - 16, 495, shown, _ADDRESS, 200)
    sheet.text_ending(_END - _QR - 16, 510.5, words.check, _LABEL, 200)


def _on_paper(sheet: Sheet) -> tuple[float, float, float, float]:
    left = sheet.left(_END - _QR, _QR)
    return left, HEIGHT - 431.5 - _QR, left + _QR, HEIGHT - 431.5
