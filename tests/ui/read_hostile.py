"""Imports every hostile snippet and reads it in a real reading pane, under a tracer, following every link.

Told the planted file, and gated or open.
"""

import io
import struct
import sys
import zlib

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication, QTextBrowser

from lms_desktop.ui.reader.page import Head
from lms_desktop.ui.reader.view import LessonView, Reading
from lms_desktop.ui.reader.viewer import FileDialog
from lms_server.content.compose import LessonSource, Outline, compose
from lms_server.content.markdown import to_html
from lms_server.content.tree import Tree
from tests.ui.hostile import bombs, names, snippets, svg


class Open(LessonView):
    """The pane without its gate: what Qt does by itself."""

    def loadResource(self, kind, name):  # noqa: N802 - Qt's name
        return QTextBrowser.loadResource(self, kind, name)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flood(side: int) -> bytes:
    """A small file that says it is a very large picture."""
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def imported(texts, assets):
    """What an import keeps of these texts: HTML, and files by path."""
    tree = Tree("evil", {path: len(data) for path, data in assets.items()}, lambda path: io.BytesIO(assets[path]))
    lessons = tuple(LessonSource(f"{at}.md", "A", "", to_html(text)) for at, text in enumerate(texts))
    for lesson in compose(Outline(tree, "evil", "Evil", lessons)).lessons:
        yield lesson.body.decode(), {asset.path: asset.open().read() for asset in lesson.attachments}


def show(view, html, files, known=frozenset()):
    """Show a lesson, and follow its links and some that it doesn't have."""
    view.show_lesson(Reading(Head("A"), html, assets=files.get, files=frozenset(files) | known))
    view.grab()
    for number in range(4):
        view.anchorClicked.emit(QUrl(f"link:{number}"))
    view.anchorClicked.emit(QUrl("#at-../secret.png"))
    view.go_to_place("at-../secret.png")


def open_files(view, files):
    """Open the files of a lesson as a click on them does."""
    for path, data in files.items():
        for kind in ("application/pdf", "image/svg+xml", "text/plain", "text/html"):
            dialog = FileDialog(view, path, kind, data)
            dialog.show()
            dialog.grab()
            dialog.close()


def main() -> None:
    secret, way = sys.argv[1:]
    page = f"<img src='file://{secret}'><link rel=stylesheet href='{secret}'>".encode()
    assets = {
        "assets/evil.svg": svg(secret),
        "assets/evil.png": svg(secret),
        "assets/evil.pdf": b"%PDF-1.4\n1 0 obj<</F(" + secret.encode() + b")>>endobj",
        "assets/evil.txt": page,
        "assets/bomb.png": flood(60_000),
        "assets/loop.gif": b"GIF89a\xff\xff\xff\xff\0\0\0",
    }
    app = QApplication([])
    view = (LessonView if way == "gated" else Open)()
    view.resize(800, 600)
    view.show()
    view.show_lesson(Reading(Head("A", "B"), "<p>x</p>"))
    view.grab()
    print("ready", flush=True)
    every = snippets(secret)
    for html in bombs(secret):
        show(view, html, assets)
    for html in every:
        show(view, html, assets, frozenset(names(secret)))
        view.setHtml(html)
        view.grab()
        view.setMarkdown(html)
        view.grab()
    for html, files in imported(every, assets):
        show(view, html, files)
    open_files(view, assets)
    view.setSource(QUrl.fromLocalFile(secret))
    view.setSource(QUrl("secret.png"))
    app.processEvents()
    print("done", flush=True)


if __name__ == "__main__":
    main()
