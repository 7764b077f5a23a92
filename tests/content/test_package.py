# ruff: noqa: E501 -- lists of bad names read better unbroken
"""The native package: what it may say, and every way in which it is refused."""

import io
import os
import stat
import tarfile
import unicodedata
import uuid
import zipfile

import pytest

from lms_server.content import tree
from lms_server.content.compose import NAMESPACE
from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from tests.content.conftest import COURSE, FILES, PNG, write_tree


def zipped(tmp_path, files, top="", name="course.zip"):
    place = tmp_path / name
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(top + path, data)
    return place


def fault(path):
    with pytest.raises(BadCourse) as refused:
        read_course(path)
    assert len(refused.value.text) > 20, "says what to do"
    return refused.value.fault.value


def test_what_the_package_says(make_course):
    course = read_course(make_course())
    assert (course.slug, course.title, course.language, course.direction) == ("first-aid", "First aid", "en", "ltr")
    assert (course.level, course.version, course.license) == ("beginner", "1.0", "CC-BY-4.0")
    assert course.authors == ("A. Author", "B. Writer, with a mark")
    assert course.uid == str(uuid.uuid5(NAMESPACE, "first-aid"))
    assert course.cover.path == "assets/cover.png"
    check, call = course.lessons
    assert check.uid == str(uuid.uuid5(uuid.UUID(course.uid), "lessons/01-check.md"))
    assert (check.title, check.section, check.is_free_preview, check.minutes) == ("Check", "Basics", True, 3)
    assert f'href="lesson:{call.uid}"' in check.body.decode()
    assert 'src="assets/cover.png"' in check.body.decode()
    assert [(asset.path, asset.media_type) for asset in check.attachments] == [
        ("assets/cover.png", "image/png"),
        ("assets/sheet.pdf", "application/pdf"),
    ]
    with check.attachments[0].open() as stream:
        assert stream.read() == PNG


def test_a_title_that_does_not_fit_is_cut_and_that_is_said(make_course):
    course = read_course(make_course({"course.toml": COURSE.replace('title = "First aid"', f'title = "{"x" * 300}"')}))
    assert len(course.title) == 200
    assert [(remark.code.value, remark.where) for remark in course.warnings if remark.code.value == "cut_short"] == [
        ("cut_short", "")
    ]
    assert "cut_short" not in {remark.code.value for remark in read_course(make_course()).warnings}


@pytest.mark.parametrize("top", ["", "first-aid/"])
def test_folder_and_zip_are_the_same_course(make_course, tmp_path, top):
    assert read_course(zipped(tmp_path, FILES, top)) == read_course(make_course())


def test_a_tar_is_the_same_course(make_course, tmp_path):
    folder = make_course()
    place = tmp_path / "course.tar.gz"
    with tarfile.open(place, "w:gz") as archive:
        archive.add(folder, "top")
    assert read_course(place) == read_course(folder)


def test_without_sections_lessons_stand_in_natural_order(make_course):
    toml = COURSE.partition("[[section]]")[0]
    path = make_course({"course.toml": toml, **{f"lessons/step_{n}.md": f"# Step {n}\n" for n in (2, 10, 1)}})
    assert [lesson.title for lesson in read_course(path).lessons] == ["Check", "Call", "Step 1", "Step 2", "Step 10"]


def test_least_that_is_needed(tmp_path):
    files = {"course.toml": 'format = 1\nslug = "x"\ntitle = "X"\n', "lessons/a-b.md": "No heading.\n"}
    course = read_course(write_tree(tmp_path / "x", files))
    assert course.lessons[0].title == "a-b"
    assert course.warnings == ()


def test_unlisted_lessons_and_unused_files_are_named(make_course):
    path = make_course({"lessons/03-new.md": "# New", "assets/old.png": PNG})
    assert {(remark.code.value, remark.where) for remark in read_course(path).warnings} == {
        ("not_listed", "lessons/03-new.md"),
        ("unused_files", ""),
    }


def test_drafts_are_left_out(make_course):
    path = make_course({"lessons/02-call.md": "---\ndraft: true\n---\n# Call\n"})
    course = read_course(path)
    assert [lesson.title for lesson in course.lessons] == ["Check"]
    assert {remark.code.value for remark in course.warnings} == {"draft_skipped", "link_not_lesson"}


def test_attachments_that_are_declared(make_course):
    matter = "---\nattachments: [assets/sheet.pdf, assets/gone.pdf]\n---\n# Call\n"
    course = read_course(make_course({"lessons/02-call.md": matter}))
    assert [asset.path for asset in course.lessons[1].attachments] == ["assets/sheet.pdf"]
    assert [remark.code.value for remark in course.warnings] == ["missing_file"]


def test_lesson_names_are_taken_as_written(make_course):
    toml = COURSE.replace("02-call.md", "02 what? 100%25.md")
    files = {"course.toml": toml, "lessons/02-call.md": None, "lessons/02 what? 100%25.md": "# Call"}
    assert len(read_course(make_course(files)).lessons) == 2


@pytest.mark.parametrize("address", ["../../etc/passwd", "/../x", "..%2f..%2fx", "a/../../../x"])
def test_links_out_of_the_package_are_told(make_course, address):
    course = read_course(make_course({"lessons/02-call.md": f"[x]({address})"}))
    assert [remark.code.value for remark in course.warnings] == ["unsafe_link"]
    assert "href" not in course.lessons[1].body.decode()


def test_names_that_are_syntax_in_links(make_course):
    text = "# Check\n\n![q](<../assets/50%25 %23 1.png>)\n"
    course = read_course(make_course({"lessons/01-check.md": text, "assets/50% # 1.png": PNG}))
    [asset] = course.lessons[0].attachments
    assert not set("%#?:") & set(asset.path)
    assert f'src="{asset.path}"' in course.lessons[0].body.decode()


def test_decomposed_names_are_found(make_course):
    name = unicodedata.normalize("NFD", "é.png")
    text = f"![x](../assets/{unicodedata.normalize('NFC', name)})"
    course = read_course(make_course({"lessons/01-check.md": text, f"assets/{name}": PNG}))
    assert [asset.path for asset in course.lessons[0].attachments] == ["assets/é.png"]


@pytest.mark.parametrize(
    "toml",
    [
        "not toml",
        COURSE.replace("format = 1", "format = 2"),
        COURSE.replace("format = 1", ""),
        COURSE.replace('"first-aid"', '"First Aid"'),
        COURSE.replace('"first-aid"', '"-x"'),
        COURSE.replace('"first-aid"', f'"{"a" * 81}"'),
        COURSE.replace('"first-aid"', '"été"'),
        COURSE.replace('"first-aid"', "7"),
        COURSE.replace('title = "First aid"', ""),
        COURSE.replace('"First aid"', '"  "'),
        'uid = "nonsense"\n' + COURSE,
        'level = "hard"\n' + COURSE,
        'direction = "up"\n' + COURSE,
        'language = "not a language"\n' + COURSE,
        COURSE.replace('["A. Author", "B. Writer; with a mark"]', '"A. Author"'),
        COURSE.replace("[[section]]", "[section]"),
    ],
)
def test_bad_descriptions(make_course, toml):
    assert fault(make_course({"course.toml": toml})) == "bad_metadata"


@pytest.mark.parametrize(
    "matter", ["a: [", "- a", "uid: x", "minutes: many", "minutes: true", "attachments: 7", "a: &a [*a]", "x: [" * 200]
)
def test_bad_front_matter(make_course, matter):
    assert fault(make_course({"lessons/02-call.md": f"---\n{matter}\n---\n# Call\n"})) == "bad_metadata"


def test_a_lesson_that_is_listed_twice(make_course):
    toml = COURSE.replace('"lessons/02-call.md"', '"lessons/01-check.md"')
    assert fault(make_course({"course.toml": toml})) == "bad_metadata"


@pytest.mark.parametrize("name", ["lessons/gone.md", "../course.toml", "/etc/passwd"])
def test_a_listed_lesson_that_is_not_there(make_course, name):
    assert fault(make_course({"course.toml": COURSE.replace("lessons/02-call.md", name)})) == "missing_file"


def test_text_that_is_not_utf8(make_course):
    assert fault(make_course({"lessons/02-call.md": b"\xff\xfeA\xd8"})) == "bad_text"
    assert fault(make_course({"lessons/02-call.md": b"caf\xe9"})) == "bad_text"


def test_a_lesson_as_long_as_a_library(make_course):
    assert fault(make_course({"lessons/02-call.md": "![" * 400_000})) == "too_big"


def test_no_lessons(tmp_path):
    assert fault(write_tree(tmp_path / "x", {"course.toml": 'format = 1\nslug = "x"\ntitle = "X"\n'})) == "no_lessons"


BAD_NAMES = [
    "../evil.md", "a/../../evil.md", "/abs.md", "C:/x.md", "c:x.md", "a\\b.md", "..\\x.md", "con", "a/NUL.txt", "com1.md",
    "aux/x.md", "a/b./c.md", "a/b /c.md", "a//b.md", "./a.md", "a\x01b.md", "a\x7f.md", "a/./b.md", "x" * 300, "a/" * 40 + "b",
    "lpt9.tar.gz", "a\nb.md", "~/../x/../../y",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names_in_a_zip(tmp_path, name):
    assert fault(zipped(tmp_path, FILES | {name: "x"})) == "unsafe_name"


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names_in_a_tar(tmp_path, name):
    place = tmp_path / "course.tar"
    with tarfile.open(place, "w") as archive:
        for path, data in (FILES | {name: b"x"}).items():
            content = data if isinstance(data, bytes) else data.encode()
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    if name.startswith("./"):
        assert read_course(place)
    else:
        assert fault(place) == "unsafe_name"


def test_a_nul_in_a_zip_name(tmp_path):
    place = zipped(tmp_path, FILES | {"aXb.md": "x"})
    place.write_bytes(place.read_bytes().replace(b"aXb.md", b"a\x00b.md"))
    assert fault(place) == "unsafe_name"


@pytest.mark.parametrize(
    "names",
    [
        ("assets/A.png", "assets/a.png"),
        ("assets/é.png", unicodedata.normalize("NFD", "assets/é.png")),
        ("x", "x/y"),
        ("X/a", "x/b"),
        ("assets/ß", "assets/SS"),
    ],
)
def test_names_that_clash_somewhere(tmp_path, names):
    assert fault(zipped(tmp_path, FILES | dict.fromkeys(names, "x"))) == "name_clash"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_a_zip(tmp_path):
    place = zipped(tmp_path, FILES)
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr("course.toml", "other")
    assert fault(place) == "name_clash"


def test_symlinks(make_course, tmp_path):
    folder = make_course()
    (folder / "assets" / "passwd").symlink_to("/etc/passwd")
    assert fault(folder) == "symlink"
    info = zipfile.ZipInfo("assets/link")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    place = zipped(tmp_path, FILES)
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    assert fault(place) == "symlink"
    (folder / "assets" / "passwd").unlink()
    os.mkfifo(folder / "assets" / "pipe")
    assert fault(folder) == "unsafe_name"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar(tmp_path, kind):
    place = tmp_path / "course.tar.gz"
    with tarfile.open(place, "w:gz") as archive:
        info = tarfile.TarInfo("assets/link")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    assert fault(place) == "symlink"


def test_an_encrypted_zip(tmp_path):
    place = zipped(tmp_path, {"course.toml": COURSE})
    data = bytearray(place.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    place.write_bytes(data)
    assert fault(place) == "encrypted"


def test_a_bomb(tmp_path):
    assert fault(zipped(tmp_path, FILES | {"assets/zero.bin": bytes(5 << 20)})) == "too_big"


def test_a_size_that_is_a_lie(tmp_path):
    sheet = os.urandom(3_000)
    place = zipped(tmp_path, FILES | {"assets/sheet.pdf": sheet})
    data = place.read_bytes()
    lie = (10).to_bytes(4, "little")
    place.write_bytes(data.replace(len(sheet).to_bytes(4, "little"), lie))
    assert fault(place) == "damaged"


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        ("MAX_FILES", 3, "too_many"),
        ("MAX_FILE_BYTES", 40, "too_big"),
        ("MAX_TOTAL_BYTES", 90, "too_big"),
        ("MAX_TEXT_BYTES", 40, "too_big"),
    ],
)
def test_limits(make_course, tmp_path, monkeypatch, limit, value, expected):
    monkeypatch.setattr(tree, limit, value)
    assert fault(make_course()) == expected
    assert fault(zipped(tmp_path, FILES)) == expected


@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_archives_cut_short(make_course, tmp_path, share):
    place = zipped(tmp_path, FILES)
    place.write_bytes(place.read_bytes()[: int(place.stat().st_size * share)])
    assert fault(place) == "damaged"
    packed = tmp_path / "course.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(make_course(), "top")
    packed.write_bytes(packed.read_bytes()[: int(packed.stat().st_size * share)])
    assert fault(packed) == "damaged"


def test_a_flipped_bit(tmp_path):
    place = tmp_path / "course.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for path, data in FILES.items():
            archive.writestr(path, data)
    flipped = bytearray(place.read_bytes())
    flipped[flipped.index(b"Call **112**")] ^= 1
    place.write_bytes(flipped)
    assert fault(place) == "damaged"


def test_files_of_tools_are_skipped(make_course):
    path = make_course({".git/config": "x", "assets/.DS_Store": "x", "__MACOSX/._a": "x", ".git/a:b": "x"})
    assert read_course(path).warnings == ()


@pytest.mark.parametrize("name", ["gone", "file.txt"])
def test_not_a_course_at_all(tmp_path, name):
    (tmp_path / "file.txt").write_text("hello")
    assert fault(tmp_path / name) in {"not_found", "unknown_format"}


@pytest.mark.parametrize(
    ("mark", "text", "name"),
    [
        ("moodle_backup.xml", "<x/>", "a Moodle backup"),
        ("h5p.json", "{}", "an H5P package"),
        ("cmi5.xml", "<x/>", "a course made for cmi5"),
        ("tincan.xml", "<x/>", "a course made for xAPI"),
        ("imsmanifest.xml", '<manifest xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"/>', "a SCORM package"),
        ("imsmanifest.xml", "<manifest><schema>ADL SCORM</schema></manifest>", "a SCORM package"),
        ("top/imsmanifest.xml", '<manifest xmlns:q="http://www.imsglobal.org/xsd/imsqti_v2p1"/>', "an IMS package"),
    ],
)
def test_formats_that_are_refused_honestly(tmp_path, mark, text, name):
    place = zipped(tmp_path, {mark: text, f"{mark.rpartition('/')[0] or '.'}/notes.md".removeprefix("./"): "# Notes"})
    with pytest.raises(BadCourse, match=f"{place.name} is {name}") as refused:
        read_course(place)
    assert refused.value.fault == "unsupported_format"


def test_a_moodle_backup_is_a_tar_file_too(tmp_path):
    place = tmp_path / "backup.mbz"
    with tarfile.open(place, "w:gz") as archive:
        for name in (".ARCHIVE_INDEX", "moodle_backup.xml", "course/course.xml"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"<x/>"))
    assert fault(place) == "unsupported_format"


def test_pictures_that_are_none(make_course):
    text = "![page](/assets/page.png) ![empty](/assets/empty.jpg) ![drawing](/assets/bad.svg) ![ok](/assets/ok.svg)"
    bad = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    good = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(#a)"/></svg>'
    files = {"assets/page.png": "<html>", "assets/empty.jpg": "", "assets/bad.svg": bad, "assets/ok.svg": good}
    course = read_course(make_course({"lessons/01-check.md": text, **files}))
    assert [(asset.path, asset.media_type) for asset in course.lessons[0].attachments] == [
        ("assets/ok.svg", "image/svg+xml")
    ]
    assert [remark.code.value for remark in course.warnings][:3] == ["unsafe_image", "empty_file", "unsafe_image"]


def test_progress_is_told(make_course):
    seen = []
    read_course(make_course(), lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_a_walk_ends_at_the_limit(make_course, monkeypatch):
    folder = make_course({f"many/{number}.txt": "x" for number in range(50)})
    seen = []
    monkeypatch.setattr(tree, "MAX_FILES", 10)
    monkeypatch.setattr(tree, "safe_path", lambda path: seen.append(path) or path)
    assert fault(folder) == "too_many"
    assert len(seen) < 30


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(make_course):
    folder = make_course()
    (folder / "assets").chmod(0)
    try:
        assert fault(folder) == "not_found"
    finally:
        (folder / "assets").chmod(0o700)


def test_links_to_places_in_other_lessons(make_course):
    first = "# Check\n\n[a](02-call.md#who-to-call) [b](02-call.md#gone) [c](02-call.md#top) [d](01-check.md#check)\n"
    course = read_course(
        make_course({"lessons/01-check.md": first, "lessons/02-call.md": "# Call\n\n## Who to call\n"})
    )
    text, other = course.lessons[0].body.decode(), course.lessons[1].uid
    assert (
        f'<a href="lesson:{other}#at-who-to-call">a</a> <a href="lesson:{other}">b</a> <a href="lesson:{other}">c</a>'
        in text
    )
    assert '<a href="#at-check">d</a>' in text
    told = [(remark.code, remark.where, remark.text) for remark in course.warnings if remark.code == "missing_place"]
    assert told == [("missing_place", "lessons/01-check.md", "The link leads to no place in its lesson: #gone")]
    assert '<h2 id="at-who-to-call">' in course.lessons[1].body.decode()


def test_a_headings_own_name_is_no_part_of_its_title(make_course):
    course = read_course(make_course({"lessons/02-call.md": "# Call for help { #call }\n"}))
    assert course.lessons[1].title == "Call for help"
