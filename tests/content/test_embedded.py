"""Pictures in ``data:`` addresses: files of the course when they are what they say, told and gone otherwise."""

import base64
import io
import struct
import zlib

import pytest
from PIL import Image

from lms_server.content import assets, embedded
from lms_server.content.embedded import unpack
from lms_server.content.errors import BadCourse
from lms_server.content.kinds import sides
from lms_server.content.markdown import to_html
from lms_server.content.read import read_course

FORMS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}


def picture(kind="image/png", size=(30, 20), colour="red", **how):
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, FORMS[kind], **how)
    return target.getvalue()


def address(data, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def claiming(width, height):
    """A small PNG whose head says that it is huge."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return picture()[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + picture()[33:]


def told(course):
    return [(remark.code.value, remark.where) for remark in course.warnings if remark.code != "unused_files"]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("form", ["![Pic]({})", "<img alt=Pic src='{}'>", "![Pic][p]\n\n[p]: <{}>", "![Pic]( {} 'T' )"])
def test_a_picture_in_the_text_becomes_a_file(make_course, kind, form):
    data = picture(kind)
    course = read_course(make_course({"lessons/02-call.md": f"# Call\n\n{form.format(address(data, kind))}\n"}))
    [asset] = course.lessons[1].attachments
    assert (asset.media_type, asset.size, asset.open().read()) == (kind, len(data), data)
    assert f'src="{asset.path}"' in course.lessons[1].body.decode()
    assert asset.path.startswith("embedded/")
    assert told(course) == []


def test_one_picture_in_many_places_is_one_file(make_course):
    text = f"![a]({address(picture())}) ![b]({address(picture())}) ![c]({address(picture(colour='blue'))})"
    course = read_course(make_course({"lessons/02-call.md": text, "lessons/01-check.md": text}))
    assert len(course.lessons[0].attachments) == 2
    assert course.lessons[0].attachments == course.lessons[1].attachments


@pytest.mark.parametrize(
    "bad",
    [
        address(picture("image/jpeg"), "image/png"),
        address(picture("image/jpeg"), "image/gif"),
        address(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        address(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png"),
        address(b"<script>alert(1)</script>", "text/html"),
        address(picture()[:15]),
        address(claiming(60_000, 60_000)),
        address(claiming(0, 9)),
        address(b"\xff\xd8\xff\xe0nothing", "image/jpeg"),
        address(b"RIFF\0\0\0\0WEBPVP9 " + bytes(99), "image/webp"),
        address(picture(), "image/bmp"),
        "data:image/png;base64,",
        "data:image/png;base64,####",
        "data:image/png,%89PNG%0D%0A",
        "data:,hello",
        "data:",
        "data:image/png;base64;charset=x," + base64.b64encode(picture()).decode(),
    ],
)
@pytest.mark.parametrize("form", ["![Pic](<{}>)", '<img alt=Pic src="{}">'])
def test_anything_else_is_told_and_gone(make_course, bad, form):
    course = read_course(make_course({"lessons/02-call.md": f"# Call\n\n{form.format(bad)}\n"}))
    assert course.lessons[1].attachments == ()
    assert course.lessons[1].body.decode().endswith("<p><em>[Pic]</em></p>\n") or "html" in form or "<img" in form
    assert "data:" not in course.lessons[1].body.decode()
    assert "base64" not in course.lessons[1].body.decode()
    assert told(course) == [("unsafe_image", "lessons/02-call.md")]


@pytest.mark.parametrize(
    "form", ["<a href='{}'>x</a>", "[x](<{}>)", "<iframe src='{}'></iframe>", "<object data='{}'></object>"]
)
@pytest.mark.parametrize("data", [address(picture()), "data:text/html;base64,PHNjcmlwdD4="])
def test_only_pictures_are_taken(make_course, form, data):
    course = read_course(make_course({"lessons/02-call.md": f"# Call\n\n{form.format(data)}\n"}))
    assert "data:" not in course.lessons[1].body.decode()
    assert ("unsafe_link", "lessons/02-call.md") in told(course)


def test_spacers_of_programs_are_nothing(make_course):
    spacer = address(picture(size=(1, 1)))
    text = f"<p>a<img src='{spacer}'>b<img src='{spacer}' data-src='/assets/cover.png'></p>"
    course = read_course(make_course({"lessons/02-call.md": text}))
    assert course.lessons[1].body.decode() == '<p>ab<img src="assets/cover.png"></p>\n'
    assert told(course) == []


def test_a_picture_in_a_listing_is_words(make_course):
    text = f'```html\n<img src="{address(picture())}">\n```\n'
    assert address(picture()) in to_html(text)
    course = read_course(make_course({"lessons/02-call.md": text}))
    assert course.lessons[1].attachments == ()


def test_limits(make_course, monkeypatch):
    large = address(picture(size=(400, 400), colour="blue", compress_level=0))
    monkeypatch.setattr(embedded, "MAX_BYTES", 100_000)
    assert "larger than" in str(unpack(large).words)
    monkeypatch.setattr(embedded, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(assets, "MAX_TOTAL_BYTES", 400_000)
    course = read_course(make_course({"lessons/02-call.md": f"![a]({large}) ![b]({address(picture())})"}))
    assert [asset.size for asset in course.lessons[1].attachments] == [len(picture())]
    assert told(course) == [("unsafe_image", "lessons/02-call.md")]


def test_a_lesson_may_hold_more_picture_than_words():
    large = address(picture(size=(600, 600), compress_level=0))
    assert len(large) > 1 << 20
    assert large in to_html(f"# A\n\n![a]({large})\n")


def test_repeating_makes_no_gigabytes():
    large = address(picture(size=(400, 400), compress_level=0))
    with pytest.raises(BadCourse, match="too often"):
        to_html(f"[p]: {large}\n\n{'![][p] ' * 60_000}")
    long = "x" * 200_000
    assert len(to_html(f"[p]: https://x.example/{long}\n\n{'[p] ' * 50_000}")) < 1 << 20
    assert len(to_html(f"[p]: https://x.example/ '{long}'\n\n{'[p] ' * 5_000}")) < 16 << 20


@pytest.mark.parametrize("kind", FORMS)
def test_sides_are_read_from_the_head(kind):
    assert sides(kind, picture(kind, (321, 123))) == (321, 123)
    for length in range(40):
        sides(kind, picture(kind)[:length])


def test_sides_of_every_webp():
    assert sides("image/webp", picture("image/webp", (321, 123), lossless=True)) == (321, 123)
    target = io.BytesIO()
    Image.new("RGBA", (321, 123), (0, 0, 0, 9)).save(target, "WEBP")
    assert sides("image/webp", target.getvalue()) == (321, 123)
    bitmap = io.BytesIO()
    Image.new("RGB", (321, 123)).save(bitmap, "BMP")
    assert sides("image/bmp", bitmap.getvalue()) == (321, 123)
