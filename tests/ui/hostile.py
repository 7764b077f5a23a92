"""Snippets that try to make a reader open, fetch or run something; SECRET stands for a file planted outside."""

import base64

NAMES = (
    "SECRET",
    "file:SECRET",
    "file://SECRET",
    "file:///SECRET",
    "FILE://SECRET",
    "file://localhost/SECRET",
    "fi&#108;e://SECRET",
    "file&colon;//SECRET",
    " file://SECRET",
    "&#9;file://SECRET",
    "fi\nle://SECRET",
    "file:///proc/self/cwd/../../../../../../../../SECRET",
    "secret.png",
    "./secret.png",
    "../folder/secret.png",
    "..%2ffolder%2fsecret.png",
    "..\\folder\\secret.png",
    "assets/../../folder/secret.png",
    "assets/../secret.png",
    "%73ecret.png",
    "secret.png?x=1",
    "secret.png#x",
    "qrc:/secret.png",
    ":/secret.png",
    "picture:0/../secret.png",
    "picture:SECRET",
    "picture:../secret.png",
    "picture:99",
    "search:secret.png",
    "//evil.example/share/secret.png",
    "\\\\evil.example\\share\\secret.png",
    "file://evil.example/share/secret.png",
    "file:////evil.example/share/secret.png",
    "smb://evil.example/share/secret.png",
    "http://127.0.0.1:9/secret.png",
    "https://127.0.0.1:9/secret.png",
    "ftp://127.0.0.1:9/secret.png",
    "gopher://127.0.0.1:9/secret.png",
    "ws://127.0.0.1:9/secret.png",
    "javascript:alert(1)",
    "vbscript:msgbox(1)",
    "view-source:file://SECRET",
    "jar:file://SECRET!/x",
    "blob:file://SECRET",
    "about:blank",
    "data:image/png;base64,iVBORw0KGgo=",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='file://SECRET'/></svg>",
    "data:text/html,<script>alert(1)</script>",
    "data:," + "A" * 10_000,
    "data:image/png;base64,SVGSECRET",
    "data:image/svg+xml;base64,SVGSECRET",
    "#SECRET",
    "#file://SECRET",
    "#../secret.png",
    "#at-../secret.png",
    "#at-x",
    "lesson:0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80#at-../../secret.png",
    "lesson:0190a5b4-7c1e-7a52-9d4e-3f1b5c6a7d80#file://SECRET",
    "other.md#../secret.png",
    "assets/evil.svg",
    "assets/evil.pdf",
    "assets/evil.png",
    "assets/evil.txt",
)

SHAPES = (
    '<img src="{}">',
    '<a href="{}">here</a><p id="at-x">there</p><p id="{}">nowhere</p>',
    '<a href="{}"><img src="{}" alt="x" width="40"></a>',
)

SNIPPETS = (
    '<img src="x" srcset="file://SECRET 2x">',
    '<img src="x" onerror="location=\'file://SECRET\'">',
    '<img lowsrc="file://SECRET" dynsrc="file://SECRET" longdesc="file://SECRET">',
    '<picture><source srcset="file://SECRET"><img src="file://SECRET"></picture>',
    '<video poster="file://SECRET" src="file://SECRET"></video>',
    '<audio src="file://SECRET"></audio>',
    '<iframe src="file://SECRET"></iframe>',
    '<iframe srcdoc="<img src=file://SECRET>"></iframe>',
    '<object data="file://SECRET"></object>',
    '<object classid="x" codebase="file://SECRET"><param name="src" value="file://SECRET"></object>',
    '<embed src="file://SECRET">',
    '<applet code="x" archive="file://SECRET"></applet>',
    '<frameset><frame src="file://SECRET"></frameset>',
    '<link rel="stylesheet" href="file://SECRET">',
    '<link rel="stylesheet" href="secret.png">',
    '<link rel="import" href="file://SECRET">',
    '<link rel="icon" href="file://SECRET">',
    '<base href="file:///"><img src="SECRET">',
    '<base href="file://evil.example/"><img src="x.png">',
    '<meta http-equiv="refresh" content="0;url=file://SECRET">',
    '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
    '<style>@import "file://SECRET";</style>',
    "<style>@import url(file://SECRET);</style>",
    "<style>@import 'secret.png';</style>",
    "<style>body { background-image: url(file://SECRET); }</style>",
    "<style>@font-face { font-family: x; src: url(file://SECRET); } p { font-family: x }</style><p>x</p>",
    "<style>ul { list-style-image: url(secret.png) }</style><ul><li>x</li></ul>",
    '<p style="background-image: url(file://SECRET)">x</p>',
    "<p style=\"background: url('secret.png')\">x</p>",
    '<table style="border-image: url(file://SECRET)"><tr><td>x</td></tr></table>',
    '<body background="file://SECRET"><p>x</p></body>',
    '<table background="file://SECRET"><tr><td background="secret.png">x</td></tr></table>',
    '<div style="behavior: url(file://SECRET)">x</div>',
    '<div style="-qt-block-indent: 1; background-image: url(SECRET)">x</div>',
    '<svg><image href="file://SECRET"/></svg>',
    '<svg><image xlink:href="file://SECRET"/></svg>',
    '<svg><use href="file://SECRET#x"/></svg>',
    '<svg><script href="file://SECRET"/></svg>',
    '<svg><foreignObject><img src="file://SECRET"></foreignObject></svg>',
    '<math><mtext><img src="file://SECRET"></mtext></math>',
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file://SECRET'>]><p>&e;</p>",
    "<?xml-stylesheet href='file://SECRET'?><p>x</p>",
    "<!--[if IE]><img src='file://SECRET'><![endif]-->",
    "<script src='file://SECRET'></script><p>x</p>",
    "<script>new Image().src = 'file://SECRET'</script>",
    "<script><img src='file://SECRET'></script>",
    "<noscript><img src='file://SECRET'></noscript>",
    "<template><img src='file://SECRET'></template>",
    "<textarea><img src='file://SECRET'></textarea>",
    "<title><img src='file://SECRET'></title>",
    "<xmp><img src='file://SECRET'></xmp>",
    "<plaintext><img src='file://SECRET'>",
    "<form action='file://SECRET'><input type='image' src='file://SECRET'><button formaction='file://SECRET'></form>",
    "<isindex action='file://SECRET'>",
    "<marquee onstart='x'><img src='file://SECRET'></marquee>",
    "<pre><code><img src='file://SECRET'></code></pre>",
    "<ul><li><img src='file://SECRET'></li></ul>",
    "<table><tr><td><img src='file://SECRET'></td></tr></table>",
    "<div class='callout'><strong><img src='file://SECRET'></strong></div>",
    "<p class='online'><img src='file://SECRET'></p>",
    "<dl><dt><img src='file://SECRET'></dt><dd><img src='secret.png'></dd></dl>",
    "<blockquote cite='file://SECRET'><img src='file://SECRET'></blockquote>",
    "![x](file://SECRET)",
    "![x](secret.png)",
    "![x][y]\n\n[y]: file://SECRET",
    '<img src="assets/bomb.png">',
    '<img src="assets/loop.gif">',
)

MARKDOWN = (
    "![x](data:image/png;base64,SVGSECRET)",
    "![x](data:image/svg+xml;base64,SVGSECRET)",
    "[x](<data:image/svg+xml;base64,SVGSECRET>)",
    "[x](#../secret.png) [y](#x)\n\n# x {#../secret.png}\n\n# x\n",
    "a[^1] b[^../secret.png]\n\n[^1]: ![x](file://SECRET)\n[^../secret.png]: [x](file://SECRET)\n",
)

# Too much for Qt's own reading of HTML, which the lesson's doesn't use.
BOMBS = (
    "<div>" * 3000 + "<img src='file://SECRET'>",
    "<table><tr><td>" * 200 + "<img src='file://SECRET'>",
    "<img src='file://SECRET'" + " x" * 50_000 + ">",
)


def bombs(secret: str) -> list[str]:
    return [bomb.replace("SECRET", secret) for bomb in BOMBS]


def snippets(secret: str) -> list[str]:
    """Everything that is tried, with the planted file's path put in."""
    made = [shape.replace("{}", name) for name in NAMES for shape in SHAPES]
    drawing = base64.b64encode(svg(secret)).decode()
    return [
        snippet.replace("SVGSECRET", drawing).replace("SECRET", secret) for snippet in (*made, *MARKDOWN, *SNIPPETS)
    ]


def names(secret: str) -> list[str]:
    return [name.replace("SECRET", secret) for name in NAMES]


def svg(secret: str) -> bytes:
    """A drawing that shows the planted file."""
    head = "<svg xmlns='http://www.w3.org/2000/svg'>"
    return f"{head}<image href='file://{secret}' width='9' height='9'/></svg>".encode()
