"""The message: addressed, readable in three languages, and impossible to inject into."""

from email import message_from_bytes
from email.policy import default

import pytest

from lms_server.jobs.mail import BadAddress, Letter, write_mail

LETTER = {
    "certificate": "3f1b5c6a-7d80-8a52-9d4e-0190a5b47c1e",
    "server": "0190a5b4-7c1e-4a52-9d4e-3f1b5c6a7d80",
    "to": "ana@example.org",
    "issuer": "Hillside Library",
    "learner_name": "Ana María",
    "course_title": "First aid",
    "language": "en",
    "address": "https://hillside.example",
    "pdf": b"%PDF-1.4\r\n.\n\x00\xff",
}


def written(**changes):
    mail = write_mail(Letter(**(LETTER | changes)), 1_795_000_000_000)
    return mail, message_from_bytes(mail.content, policy=default)


def test_the_message_has_what_it_needs():
    mail, message = written()
    assert (mail.sender, mail.to) == ("certificates@hillside.example", "ana@example.org")
    assert message["Message-ID"] == f"<{LETTER['certificate']}@{LETTER['server']}>"
    assert message["Date"] == "Wed, 18 Nov 2026 11:06:40 +0000"
    assert message["Subject"] == "Your certificate: First aid"
    assert message["To"] == "Ana María <ana@example.org>"
    text = message.get_body(("plain",)).get_content()
    assert "Hello Ana María" in text
    assert f"https://hillside.example/verify/{LETTER['certificate']}" in text
    (pdf,) = message.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_content()) == ("application/pdf", LETTER["pdf"])
    assert not message.defects
    assert mail.content.isascii()


@pytest.mark.parametrize(("language", "word"), [("es", "certificado"), ("ar-EG", "الشهادة"), ("hi", "certificate")])
def test_the_course_speaks(language, word):
    _, message = written(language=language)
    assert word in message["Subject"]
    html = message.get_body(("html",)).get_content()
    assert ('dir="rtl"' in html) == language.startswith("ar")


@pytest.mark.parametrize(
    "evil", ["Ana\r\nBcc: eve@example.org", "Ana\nX: 1", '"><b>', "Ana <eve@example.org>,", "=?utf-8?q?x?="]
)
def test_names_stay_names(evil):
    name = " ".join(evil.split())
    mail, message = written(learner_name=name, course_title=name, issuer=name)
    assert set(message.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type")
    }
    assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.org"]
    assert mail.to == "ana@example.org"
    assert "<b>" not in message.get_body(("html",)).get_content()


@pytest.mark.parametrize("field", ["learner_name", "course_title", "issuer"])
def test_line_breaks_never_reach_a_header(field):
    with pytest.raises(ValueError, match=r"(?i)line|newline|CR or LF|invalid arguments"):
        written(**{field: "Ana\r\nBcc: eve@example.org"})


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ana",
        "@example.org",
        "ana@",
        "ana@example.org\r\nBcc: eve@example.org",
        "a@b@c",
        "a b@example.org",
        "ana@example.org>",
    ],
)
def test_bad_addresses_are_refused(to):
    with pytest.raises(BadAddress):
        written(to=to)


def test_addresses_in_any_script():
    assert written(to="ana@bücher.example")[0].to == "ana@xn--bcher-kva.example"
    mail, message = written(to="josé@example.org")
    assert mail.to == "josé@example.org"
    assert "josé@example.org" in mail.content.decode()
    assert message["Subject"]


def test_a_server_without_a_name_can_send():
    assert written(address="http://127.0.0.1:8000")[0].sender == "certificates@[127.0.0.1]"
    assert written(address="http://[::1]:8000")[0].sender == "certificates@[IPv6:::1]"
