"""Signed facts: what was signed reads back, everything else is refused."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_server.certificates.signing import clean_line, sign_facts
from lms_server.certificates.verify import FACTS_CONTEXT, PAYLOAD_BYTES, BadPayload, Facts, read_payload
from tests.certificates.facts import FACTS, KEY, PUBLIC


def signed(document: bytes, key: bytes = KEY) -> str:
    """A payload with a right signature over any bytes at all."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signature = Ed25519PrivateKey.from_private_bytes(key).sign(FACTS_CONTEXT + document)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (document, signature))


def test_what_was_signed_reads_back():
    assert read_payload(sign_facts(KEY, FACTS), PUBLIC) == Facts(**FACTS)


def test_signing_again_gives_the_same_payload():
    assert sign_facts(KEY, dict(reversed(FACTS.items()))) == sign_facts(KEY, FACTS)


def test_another_key_is_refused():
    with pytest.raises(BadPayload, match="not signed by this server"):
        read_payload(sign_facts(bytes(32), FACTS), PUBLIC)


def test_every_changed_character_is_refused():
    payload = sign_facts(KEY, FACTS)
    for index, char in enumerate(payload):
        other = "A" if char != "A" else "B"
        with pytest.raises(BadPayload):
            read_payload(payload[:index] + other + payload[index + 1 :], PUBLIC)


def test_the_spare_bits_of_the_last_character_count():
    payload = sign_facts(KEY, FACTS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for char in alphabet.replace(payload[-1], ""):
        with pytest.raises(BadPayload):
            read_payload(payload[:-1] + char, PUBLIC)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"lessons":14', '"lessons":14.0'),
        lambda text: text.replace('"lessons":14', '"lessons":true'),
        lambda text: text.replace('"lessons":14', '"lessons":0'),
        lambda text: text.replace('"lessons":14', '"lessons":14,"lessons":14'),
        lambda text: text.replace('"lessons":14', '"lessons": 14'),
        lambda text: text.replace('"lessons":14', '"lessons":14,"more":1'),
        lambda text: text.replace('"lessons":14,', ""),
        lambda text: text.replace("10:00:00.000Z", "10:00:00Z"),
        lambda text: text.replace("https://hillside", "javascript:hillside"),
        lambda text: text.replace("hillside.example", "hillside.example/"),
        lambda text: text.replace('"en"', '"english language"'),
        lambda text: text.replace('"ltr"', '"up"'),
        lambda text: text.replace("3f1b5c6a-7d80-8a52", "3F1B5C6A-7D80-8A52"),
        lambda text: text.replace("First aid", "First\\u0000aid"),
        lambda text: text.replace("First aid", "\\ud800"),
        lambda text: text.replace("First aid", "a" * 201),
        lambda text: f"[{text}]",
        lambda text: "[" * 3000,
        lambda text: "",
    ],
)
def test_rightly_signed_nonsense_is_refused(spoil):
    document = json.dumps(FACTS, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert read_payload(signed(document.encode()), PUBLIC)
    assert spoil(document) != document
    with pytest.raises(BadPayload):
        read_payload(signed(spoil(document).encode()), PUBLIC)


@pytest.mark.parametrize("payload", ["", ".", "a.b", "é" * 100, "x" * 5000, "e30." + "A" * 86])
def test_garbage_is_refused(payload):
    with pytest.raises(BadPayload):
        read_payload(payload, PUBLIC)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=400))
def test_no_name_can_stop_a_certificate(name):
    payload = sign_facts(KEY, FACTS | {"learner_name": name, "issuer": name, "course_title": name})
    assert len(payload) <= PAYLOAD_BYTES
    assert read_payload(payload, PUBLIC).learner_name == clean_line(name)


def test_wrong_facts_are_not_signed():
    with pytest.raises(ValueError, match="not in order"):
        sign_facts(KEY, FACTS | {"address": "ftp://hillside.example"})
