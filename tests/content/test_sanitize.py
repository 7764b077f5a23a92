# ruff: noqa: E501 -- attacks are as long as they are
"""Nothing dangerous survives, whatever a course holds; what is harmless reads well."""

import re
from html.parser import HTMLParser

import pytest

from lms_server.content.compose import as_written
from lms_server.content.embedded import unpack
from lms_server.content.kinds import Kind
from lms_server.content.links import Links
from lms_server.content.markdown import page, to_html
from lms_server.content.places import Places
from lms_server.content.sanitize import TAGS, sanitise
from lms_server.content.shape import Shaper
from lms_server.content.tree import Tree

UID = "0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80"
FILES = {"assets/a.png": 5, "assets/doc.pdf": 5, "lessons/one.md": 5, "lessons/two.md": 5, "assets/clip.mp4": 9}
LINKS = Links(
    Tree("t", FILES, lambda _: pytest.fail("nothing is opened")),
    {"lessons/two.md": UID},
    lambda path: path.endswith(".md"),
    lambda path: Kind("image/png") if path.endswith(".png") else Kind("application/pdf"),
    as_written,
    lambda _uid: Places(),
    unpack,
)


def clean(html: str, language: str = "en", base: str = "lessons/one.md"):
    return sanitise(
        html,
        lambda address, is_picture: LINKS.resolve(address, base, is_picture=is_picture),
        language=language,
        where="lessons/one.md",
    )


BAD_ADDRESSES = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)",
    "&#106;avascript:alert(1)", "&#x6A;avascript:alert(1)", "javascript&colon;alert(1)", "\x01javascript:alert(1)",
    "vbscript:msgbox(1)", "data:text/html,<script>alert(1)</script>", "data:image/svg+xml;base64,PHN2Zz4=",
    "data:image/png;base64,AAAA", "file:///etc/passwd", "FILE:///C:/Windows", "file:a.png", "//server\\share/a.png",
    "\\\\server\\share\\a.png", "/\\server/share", "\\/server", "C:\\a.png", "c:/a.png", "/etc/passwd", "../../etc/passwd",
    "../../../a.png", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\a.png", "..%5c..%5ca.png", "assets/../../a",
    "blob:https://x/y", "filesystem:http://x", "about:blank", "qrc:/a.png", "ftp://x/a.png", "tel:+123", "mailto:",
    "mailto:nobody", "http://", "https:///path", "http://user:pw@host/", "https://good.example@evil.example/",
    "lesson:../../x", "lesson:javascript:alert(1)", "lesson:", "http:\\\\evil.example", "https://[bad", "x:y:z",
    "image://theme/x", "ms-settings:", "jar:file:///a!/b", "chrome://settings", "view-source:http://x", "\x00", "../",
]  # fmt: skip

HOSTILE = [
    "<script>alert(1)</script>", "<SCRIPT SRC=http://evil/x.js></SCRIPT>", "<scr<script>ipt>alert(1)</script>",
    "<script/x>alert(1)</script>", "<script\n>alert(1)</script\n>", "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>", "<img src=assets/a.png onerror=alert(1)>", "<img/src=x/onerror=alert(1)>",
    "<img src='x' onerror\n=\nalert(1)>", "<img srcset='http://evil/x 2x'>", "<img src=../assets/a.png srcset='file:///a 1x'>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><image href='file:///etc/passwd'/></svg>", "<svg/onload=alert(1)//", "<svg><style><img src=x onerror=alert(1)></style>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<math><a xlink:href=javascript:alert(1)>x",
    "<body onload=alert(1)>", "<body background='file:///x'>", "<div style='background:url(javascript:alert(1))'>x</div>",
    "<div style='background-image:url(file:///etc/passwd)'>x</div>", "<style>@import 'http://evil/x.css';</style>",
    "<style>body{background:url(http://evil)}</style>", "<link rel=stylesheet href=http://evil/x.css>",
    "<base href='http://evil/'>", "<meta http-equiv=refresh content='0;url=http://evil'>", "<iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)></iframe>", "<iframe src=file:///etc/passwd></iframe>", "<object data=file:///etc/passwd></object>",
    "<embed src=javascript:alert(1)>", "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<applet code=x></applet>", "<form action=http://evil><input name=p><button>Go</button></form>",
    "<input type=image src=x onerror=alert(1)>", "<button formaction=javascript:alert(1)>x</button>",
    "<video src=file:///a><source src=javascript:alert(1)></video>", "<audio src=data:audio/wav,x></audio>",
    "<video poster=file:///etc/passwd></video>", "<details open ontoggle=alert(1)>x</details>", "<marquee onstart=alert(1)>x</marquee>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script></textarea>", "<title><script>alert(1)</script></title>",
    "<xmp><script>alert(1)</script></xmp>", "<plaintext><script>alert(1)</script>", "<noembed><script>alert(1)</script></noembed>",
    "<iframe><script>alert(1)</script></iframe>", "<select><script>alert(1)</script></select>", "<!--><script>alert(1)</script>-->",
    "<!-- --!><script>alert(1)</script> -->", "<![CDATA[<script>alert(1)</script>]]>", "<?xml version='1.0'?><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>", "<a href=x onclick=alert(1)>x</a>", "<a href='lesson:x\" onclick=\"alert(1)'>x</a>",
    "<a href=\"http://x/'onmouseover='alert(1)\">x</a>", '<a href="http://x/&quot;onmouseover=&quot;alert(1)">x</a>',
    "<p class='k x' onclick=alert(1)>x</p>", "<table background=file:///x><tr><td background=http://evil/x>x</td></tr></table>",
    "<p id=x name=y>x</p>", "<p id='x\" onclick=\"alert(1)'>x</p>", "<a id=\"'><script>alert(1)</script>\" href='#x'>x</a>",
    "<form id=document.cookie><p id=location>x</p><a name=constructor href='#location'>y</a></form>",
    "<a href='#javascript:alert(1)'>x</a><p id='javascript:alert(1)'>y</p>", "<a href='#x\" onclick=\"alert(1)'>x</a>",
    "<p id=x>1<p id=x>2<p id=at-x>3<a href='#x'>4</a>", "<a href='two.md#\"><script>alert(1)</script>'>x</a>",
    "<a href='lesson:0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80#../../x'>x</a>", "<p id='" + "x" * 9000 + "'>x</p>",
    "<p id='at-\u202e'>x</p><a href='#at-\u202e'>y</a>", "<span class='callout\" onload=\"x'>x</span>", "<img width='1\" onerror=\"x' src='../assets/a.png'>",
    "<img width=99999999 height=-5 src='../assets/a.png'>", "<td colspan=99999>x</td>", "<pre><code class='language-html'><script>alert(1)</script></code></pre>",
    "<pre><code class='language-\"><script>alert(1)</script>'>x</code></pre>", "<details><summary><script>alert(1)</script>t</summary>x</details>",
    "<math href=javascript:alert(1)>x</math>", "<x-evil onclick=alert(1)>x</x-evil>", "<img alt='<script>alert(1)</script>' src=gone.png>",
    "<img alt='\"><script>alert(1)</script>' src=gone.png>", "<img alt='&lt;script&gt;alert(1)&lt;/script&gt;' src=http://x/y.png>",
    "<iframe title='<script>alert(1)</script>' src=https://example.org/></iframe>", "<q><script>alert(1)</script></q>",
    "</div></body><script>alert(1)</script>", "<p" + "<b" * 300, "<div>" * 2000, "<b>" * 2000 + "x", "<a " + "x" * 9000,
]  # fmt: skip


PLACE = r"at-[\w.:-]{1,80}"


class _Judge(HTMLParser):
    def __init__(self):
        super().__init__()
        self.places = set()

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS
        for name, value in attrs:
            assert name in {
                "href",
                "src",
                "alt",
                "title",
                "width",
                "height",
                "class",
                "dir",
                "colspan",
                "rowspan",
                "start",
                "id",
                "align",
            }
            if name == "src":
                assert value in FILES
            if name == "href":
                assert (
                    value in FILES
                    or re.fullmatch(rf"(lesson:{UID}|lesson:{UID}#{PLACE}|#{PLACE})", value)
                    or re.match(r"https?://[^/@\\]+|mailto:.+@", value)
                )
                assert not re.search(r'[\s"\'<>\\]', value)
            if name == "id":
                assert re.fullmatch(PLACE, value)
                assert value not in self.places
                self.places.add(value)
            if name == "class":
                assert value in {"callout", "callout note", "online", "k", "s", "n", "c"}
            if name in {"width", "height", "colspan", "rowspan", "start"}:
                assert re.fullmatch(r"\d{1,6}", value)

    def handle_comment(self, data):
        raise AssertionError(data)


def judge(html: str) -> None:
    judged = _Judge()
    judged.feed(html)
    inside = set(re.findall(rf'<a[^>]* href="#({PLACE})"', html))
    assert inside <= judged.places | {"at-top"}
    assert clean(html, base="root.md").html == html


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize(
    "form", ["<a href='{}'>x</a>", "<img src='{}'>", "<iframe src='{}'></iframe>", "[x](<{}>)", "![x](<{}>)"]
)
def test_bad_addresses_never_survive(address, form):
    result = clean(to_html(form.format(address)))
    judge(result.html)
    assert "href=" not in result.html
    assert "src=" not in result.html
    assert result.assets == ()


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_is_harmless(html):
    judge(clean(html).html)


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_in_markdown_is_harmless(html):
    judge(clean(to_html(f"# Title\n\n{html}\n\n- {html}\n\n> {html}\n")).html)


def test_the_last_pass_trusts_no_address_that_was_not_approved(monkeypatch):
    slipped = '<img src="file:///x"><img src="//host/x"><a href="javascript:1">a</a><a href="https://x.example/">b</a>'
    monkeypatch.setattr(
        Shaper, "html", property(lambda _: f"{slipped}<script>x</script><p onclick=x class=y id=z>c</p>")
    )
    assert clean("").html == "<img><img><a>a</a><a>b</a><p>c</p>\n"


def test_a_script_is_reported():
    assert [remark.code for remark in clean("<p>x</p><script>y</script>").remarks] == ["script_dropped"]


def test_text_that_a_script_would_open_is_shown():
    result = clean("<div style='display:none'>Answer</div><p hidden>More</p>")
    assert "Answer" in result.html
    assert "More" in result.html
    assert {remark.code for remark in result.remarks} == {"hidden_shown"}


def test_details_open_under_a_heading():
    assert clean("<details><summary>Why</summary><p>Because</p></details>").html == (
        '<div class="callout note"><h4>Why</h4><p>Because</p></div>\n'
    )
    assert "<h4>تفاصيل</h4>" in clean("<details><p>x</p></details>", "ar-SA").html


def test_code_is_coloured_by_class_only():
    html = clean(to_html('```python\ndef f(): return "x", 1  # why\n```\n')).html
    for piece in ('<span class="k">def', '<span class="s">"x"', '<span class="n">1', '<span class="c"># why'):
        assert piece in html
    judge(html)


def test_callouts():
    html = clean(to_html("> [!WARNING]\n> Hot.\n\n> [!tip] My words\n> Yes\n\n> quote\n")).html
    assert '<div class="callout">\n<h4>Warning</h4>\n<p>Hot.</p>' in html
    assert '<div class="callout note">\n<h4>My words</h4>\n<p>Yes</p>' in html
    assert "<blockquote>" in html


@pytest.mark.parametrize(
    ("classes", "kept"),
    [
        ("callout", "callout"),
        ("callout note", "callout note"),
        ("alert alert-danger", "callout"),
        ("alert alert-info", "callout note"),
        ("admonition warning", "callout"),
        ("box", "callout note"),
    ],
)
def test_boxes_are_alarming_or_calm(classes, kept):
    html = clean(f"<div class='{classes}'><p>x</p></div>").html
    assert html == f'<div class="{kept}"><p>x</p></div>\n'


def test_a_callouts_title_takes_no_name_from_a_heading():
    assert '<h2 id="at-note">Note</h2>' in clean(to_html("> [!NOTE]\n> x\n\n## Note\n")).html


def test_columns_keep_their_side():
    html = clean(
        to_html("|a|b|c|\n|-|-:|:-:|\n|1|2|3|\n") + "<table><td align=right>4<td style='text-align: up'>5"
    ).html
    for cell in ("<td>1</td>", '<td align="right">2</td>', '<td align="center">3</td>', '<td align="right">4</td>'):
        assert cell in html
    assert "<td>5</td>" in html
    judge(html)


def test_markdown_beyond_the_basics():
    html = clean(to_html("- [x] done\n- [ ] open\n\n~~old~~\n\n|a|b|\n|-|-|\n|1|2|\n\nNote[^1]\n\n[^1]: Foot\n")).html
    assert "☑" in html
    assert "☐" in html
    assert "<s>old</s>" in html
    assert "<table>" in html
    assert "Foot" in html
    judge(html)


def test_pictures_and_links_of_the_course():
    result = clean(
        "<img src='../assets/a.png' alt='A' width=50><a href='two.md#x'>2</a><a href='/assets/doc.pdf'>d</a>"
    )
    assert '<img src="assets/a.png" alt="A" width="50">' in result.html
    assert f'href="lesson:{UID}"' in result.html
    assert result.assets == ("assets/a.png", "assets/doc.pdf")


def test_missing_and_remote_pictures_are_words():
    result = clean("<img src=gone.png alt=Gone><img src=https://x.example/y.png alt=Far>")
    assert "<em>[Gone]</em>" in result.html
    assert '<a href="https://x.example/y.png">Far</a>' in result.html
    assert [remark.code for remark in result.remarks] == ["missing_image", "remote_image"]


def test_embedded_things_become_addresses():
    html = clean(
        "<p>a<iframe src='//youtu.be/x' title='Film'></iframe>b</p><video src='../assets/clip.mp4'></video>"
    ).html
    assert '<p class="online">Only online: <a href="https://youtu.be/x">Film</a></p>' in html
    assert '<a href="assets/clip.mp4">clip.mp4</a>' in html


@pytest.mark.parametrize(
    "text",
    ["# a" + " " * 400_000 + "b", "# " + "{#a" * 100_000, "# " + "{ " * 200_000 + "}", "## a\n" * 20_000],
    ids=["spaces", "names", "braces", "headings"],
)
def test_names_of_headings_take_no_time_that_grows_with_the_square(text):
    assert to_html(text).startswith("<h")
    page(text).heading  # noqa: B018 -- it ends


def test_a_thousand_links_to_nowhere_end():
    html = "".join(f"<p id='x{n}'><a href='#y{n}'>z</a></p>" for n in range(20_000))
    assert len(clean(html).remarks) == 20_000


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "x-y"])
def test_nesting_without_measure_ends(tag):
    result = clean(f"<{tag}>" * 100_000 + "words")
    assert "words" in result.html
    assert result.html.count("<") < 2_000
    judge(result.html)


def test_a_broken_address_in_one_place_harms_no_other():
    html = clean("<p>before</p><a href='http://[x'>bad</a><p>after</p>").html
    assert "before" in html
    assert "bad" in html
    assert "after" in html


UP = "\u21a9\ufe0e"
PLACED = [
    ("## Two words\n\n[x](#two-words)", '<h2 id="at-two-words">', '<a href="#at-two-words">x</a>'),
    ("## Wörter, «ganz» neu\n\n[x](#wörter-ganz-neu)", '<h2 id="at-wörter-ganz-neu">', '"#at-wörter-ganz-neu"'),
    ("## قائمة\n\n[x](#%D9%82%D8%A7%D8%A6%D9%85%D8%A9)", '<h2 id="at-قائمة">', '<a href="#at-قائمة">x</a>'),
    ("## A\n\n## A\n\n[x](#a-1)", '<h2 id="at-a-1">', '<a href="#at-a-1">x</a>'),
    ("# Glossary { #words .big }\n\n[x](#words)", '<h1 id="at-words">Glossary</h1>', '<a href="#at-words">x</a>'),
    ("## What is `new` in 2.0?\n\n[x](#What-is-new-in-2-0)", 'id="at-what-is-new-in-20"', '"#at-what-is-new-in-20"'),
    ("a[^n]\n\n[^n]: b", '<sup><a href="#at-fn1" id="at-fnref1">[1]</a></sup>', f'<a href="#at-fnref1">{UP}</a>'),
    ("<a name='old'></a><p>x</p>\n\n[x](#old)", '<span id="at-old"></span>', '<a href="#at-old">x</a>'),
    ("<details id=d><summary id=e>T</summary>x</details>\n\n[x](#e)", 'class="callout note" id="at-d"', '"#at-e"'),
    ("<td id='two words'>x</td> <span id=s>y</span>\n\n[x](#s)", '<span id="at-s">y</span>', '<a href="#at-s">x</a>'),
    ("<img id=i src=../assets/a.png>\n\n[x](#i)", '<span id="at-i"></span><img', '<a href="#at-i">x</a>'),
    ("<iframe id=f src=//x.example></iframe>\n\n[x](#f)", '<span id="at-f"></span>', '<a href="#at-f">x</a>'),
    ("words\n\n[x](#top)", "<p>words</p>", '<a href="#at-top">x</a>'),
]


@pytest.mark.parametrize(("text", "place", "link"), PLACED)
def test_links_inside_of_a_lesson_lead_to_their_places(text, place, link):
    result = clean(to_html(text))
    assert place in result.html
    assert link in result.html
    assert result.remarks == () or "iframe" in text
    judge(result.html)


def test_a_link_to_a_place_that_is_not_there_is_told_and_gone():
    result = clean(to_html("## A\n\n## A\n\n[x](#gone) [y](#) [z](# )"))
    assert "href" not in result.html
    assert [(remark.code, "#gone" in remark.text) for remark in result.remarks] == [("missing_place", True)]
