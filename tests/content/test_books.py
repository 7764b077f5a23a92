# ruff: noqa: E501 -- markup as it comes
"""EPUB, mdBook and folders of Markdown, by small traps."""

import zipfile
from typing import Any

import pytest

from lms_server.content.errors import BadCourse
from lms_server.content.read import read_course
from tests.content.conftest import PNG, write_tree

EPUB: dict[str, Any] = {
    "META-INF/container.xml": '<container xmlns="c"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
    "OEBPS/book.opf": """<?xml version="1.0"?><package xmlns="o" xmlns:dc="d"><metadata><dc:title>The Book</dc:title>
<dc:language>es</dc:language><dc:creator>Ana; B</dc:creator><dc:rights>CC0</dc:rights></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="one%20x.xhtml" media-type="application/xhtml+xml"/>
<item id="loose" href="loose.xhtml" media-type="application/xhtml+xml"/>
<item id="pic" href="pic.png" media-type="image/png" properties="cover-image"/></manifest>
<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/><itemref idref="loose"/><itemref idref="gone"/></spine>
</package>""",
    "OEBPS/nav.xhtml": '<html><body><nav epub:type="toc"><ol><li><span>Part</span><ol><li><a href="one%20x.xhtml">First</a></li>'
    '<li><a href="two.xhtml#a">Second</a></li></ol></li></ol></nav></body></html>',
    "OEBPS/one x.xhtml": '<?xml version="1.0"?><!DOCTYPE html><html><head><title/><script src="x"/></head><body><a id="q"/>'
    '<p>Uno <a href="two.xhtml#a">dos</a> <a href="loose.xhtml#c2">tres</a></p><img src="pic.png" alt="P"/></body></html>',
    "OEBPS/two.xhtml": "<html><body><p id='a'>Dos</p></body></html>",
    "OEBPS/loose.xhtml": "<html><head><title>Loose</title></head><body class='x' id='c2'><p>Tres</p></body></html>",
    "OEBPS/pic.png": PNG,
}


def zipped(tmp_path, files):
    place = tmp_path / "book.epub"
    with zipfile.ZipFile(place, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return place


def test_epub(tmp_path):
    course = read_course(zipped(tmp_path, EPUB))
    assert (course.title, course.slug, course.language, course.authors) == ("The Book", "the-book", "es", ("Ana, B",))
    assert [(lesson.section, lesson.title) for lesson in course.lessons] == [
        ("Part", "First"),
        ("Part", "Second"),
        ("", "Loose"),
    ]
    first = course.lessons[0].body.decode()
    assert "Uno" in first
    assert f'href="lesson:{course.lessons[1].uid}#at-a"' in first
    assert f'href="lesson:{course.lessons[2].uid}#at-c2"' in first
    assert '<img src="OEBPS/pic.png" alt="P">' in first
    assert course.cover.path == "OEBPS/pic.png"
    assert [remark.code.value for remark in course.warnings if remark.code != "script_dropped"] == ["missing_target"]


def test_epub_with_an_older_table_of_contents(tmp_path):
    book = (
        EPUB["OEBPS/book.opf"]
        .replace(' properties="nav"', "")
        .replace("nav.xhtml", "toc.ncx")
        .replace("<spine>", '<spine toc="nav">')
    )
    ncx = (
        '<ncx><navMap><navPoint><navLabel><text>Uno</text></navLabel><content src="one%20x.xhtml"/><navPoint><navLabel>'
        '<text>Dos</text></navLabel><content src="two.xhtml"/></navPoint></navPoint></navMap></ncx>'
    )
    files = EPUB | {
        "OEBPS/book.opf": book.replace(
            'media-type="application/xhtml+xml"/>', 'media-type="application/x-dtbncx+xml"/>', 1
        ),
        "OEBPS/toc.ncx": ncx,
    }
    course = read_course(zipped(tmp_path, files))
    assert [(lesson.section, lesson.title) for lesson in course.lessons][:2] == [("Uno", "Uno"), ("Uno", "Dos")]


def test_a_locked_epub_is_refused(tmp_path):
    lock = '<encryption><EncryptedData><EncryptionMethod Algorithm="aes"/></EncryptedData></encryption>'
    with pytest.raises(BadCourse) as refused:
        read_course(zipped(tmp_path, EPUB | {"META-INF/encryption.xml": lock}))
    assert refused.value.fault == "encrypted"


def test_scrambled_fonts_are_no_lock(tmp_path):
    lock = '<encryption><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></encryption>'
    assert read_course(zipped(tmp_path, EPUB | {"META-INF/encryption.xml": lock}))


FOLDER = {
    "10-end.md": "The end.\n",
    "2-middle.md": "# Middle\n\n[end](10-end.md)\n",
    "part/1_a.md": "---\ntitle: Inside\npreview: true\nminutes: 5\n---\n# A\n",
    "README.md": "# All of it\n\nWords.\n",
    "LICENSE.md": "Free.",
}


def test_a_folder_in_natural_order(tmp_path):
    course = read_course(write_tree(tmp_path / "my-notes", FOLDER))
    assert (course.title, course.slug) == ("All of it", "my-notes")
    assert [(lesson.section, lesson.title) for lesson in course.lessons] == [
        ("", "Middle"),
        ("", "End"),
        ("Part", "Inside"),
    ]
    assert (course.lessons[2].is_free_preview, course.lessons[2].minutes) == (True, 5)
    assert f"lesson:{course.lessons[1].uid}" in course.lessons[0].body.decode()


def test_a_folder_in_the_order_of_a_list(tmp_path):
    readme = "# All\n\n1. [Z](part/1_a.md)\n2. [Y](10-end.md)\n"
    course = read_course(write_tree(tmp_path / "x", FOLDER | {"README.md": readme}))
    assert [lesson.title for lesson in course.lessons] == ["Z", "Y"]
    assert [(remark.code.value, remark.where) for remark in course.warnings] == [("not_listed", "2-middle.md")]


def test_a_folder_with_a_navigation_file(tmp_path):
    nav = "site_name: Site\nnav:\n- One: 10-end.md\n- Two:\n  - part/1_a.md\nmarkdown_extensions:\n- x: !!python/name:a.b\n"
    files = {f"docs/{path}": data for path, data in FOLDER.items()} | {"mkdocs.yml": nav}
    course = read_course(write_tree(tmp_path / "x", files))
    assert course.title == "Site"
    assert [(lesson.section, lesson.title) for lesson in course.lessons] == [("", "One"), ("Two", "Inside")]
    files["mkdocs.yml"] = nav.replace("10-end", "gone")
    with pytest.raises(BadCourse):
        read_course(write_tree(tmp_path / "x", files))


BOOK = {
    "book.toml": '[book]\ntitle = "Little"\nauthors = ["A"]\nlanguage = "en"\nsrc = "text"\n',
    "text/SUMMARY.md": "# Summary\n\n[Preface](pre.md)\n\n# Part\n\n- [`A` one](a.md)\n  - [B](a/b.md)\n- [Draft]()\n- [Gone](gone.md)\n",
    "text/pre.md": "# Preface\n\nSee [B](a/b.html) and `{{#include x}}` as \\{{#include y}}.\n",
    "text/a.md": "---\nminutes: 7\n---\n# A\n\n```rust,editable\n# hidden\nlet x = 1;\n#[shown]\n```\n\n{{#include code.rs:2:3}}\n",
    "text/code.rs": "one\ntwo\nthree\nfour\n",
    "text/a/b.md": "# B\n\n```rust\n{{#include ../code.rs:part}}\n{{#include nowhere.rs}}\n```\n\n{{#segment outline}}\n",
}


def test_mdbook(tmp_path):
    course = read_course(write_tree(tmp_path / "little", BOOK))
    assert (course.title, course.slug, course.authors) == ("Little", "little", ("A",))
    assert [(lesson.section, lesson.title, lesson.minutes) for lesson in course.lessons] == [
        ("", "Preface", None),
        ("Part \u203a A one", "A one", 7),
        ("Part \u203a A one", "B", None),
    ]
    preface, a, b = (lesson.body.decode() for lesson in course.lessons)
    assert f'href="lesson:{course.lessons[2].uid}"' in preface
    assert "hidden" not in a
    assert "#[shown]" in a.replace("<span>", "")
    assert "two\nthree" in a
    assert "four" not in a
    assert "[nowhere.rs]" in b
    assert "{{" not in b
    assert {remark.code.value for remark in course.warnings} >= {
        "missing_target",
        "missing_include",
        "directive_dropped",
    }


def test_an_include_stays_inside(tmp_path):
    course = read_course(
        write_tree(tmp_path / "x", BOOK | {"text/pre.md": "{{#include ../../../etc/passwd}} {{#include /book.toml}}"})
    )
    assert "root:" not in course.lessons[0].body.decode()
    assert "Little" not in course.lessons[0].body.decode()
