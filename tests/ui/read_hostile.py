"""Reads every hostile snippet in a real reading pane, under a tracer; told the planted file, and gated or open."""

import struct
import sys
import zlib

from hostile import bombs, snippets
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication, QTextBrowser

from lms_desktop.ui.reader.page import Head
from lms_desktop.ui.reader.view import LessonView, Reading


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


def main() -> None:
    secret, way = sys.argv[1:]
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file://{secret}' width='9' height='9'/></svg>".encode()
    assets = {
        "assets/evil.svg": svg,
        "assets/evil.png": svg,
        "assets/evil.pdf": b"%PDF-1.4\n1 0 obj<</F(" + secret.encode() + b")>>endobj",
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
    for html in bombs(secret):
        view.show_lesson(Reading(Head("A"), html, assets=assets.get))
        view.grab()
    for html in snippets(secret):
        view.show_lesson(Reading(Head("A"), html, assets=assets.get))
        view.grab()
        view.setHtml(html)
        view.grab()
        view.setMarkdown(html)
        view.grab()
    view.setSource(QUrl.fromLocalFile(secret))
    view.setSource(QUrl("secret.png"))
    app.processEvents()
    print("done", flush=True)


if __name__ == "__main__":
    main()
