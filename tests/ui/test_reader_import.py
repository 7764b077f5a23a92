"""From an author's folder to a click in the window: what a lesson links to is imported, listed, and opens here."""

import base64

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QPainter, QPdfWriter
from PySide6.QtWidgets import QLabel, QPlainTextEdit

from lms_desktop.store.rows import Attachment, Topic
from lms_desktop.ui import theme
from lms_desktop.ui.pages.lesson import LessonPage
from lms_desktop.ui.reader.viewer import FileDialog, PaperView, PictureView
from lms_desktop.ui.tokens import PAPER
from lms_desktop.ui.widgets.banner import EmptyState
from lms_desktop.ui.widgets.button import Button
from lms_server.content.read import read_course
from tests.ui.reading_shelf import RowShelf, context_for, png, uid
from tests.ui.windows import settle

HERE = uid(106)
COURSE = 'format = 1\nslug = "links"\ntitle = "Links"\n'
LESSON = f"""# Links

[sheet](../assets/sheet%20one.pdf) [photo](/assets/50%25.png) [words](../assets/ورقة.txt) [table](../assets/data.csv)
[zip](../assets/all.zip) [note](#note) [![small](../assets/small.png)](../assets/50%25.png)

![drawn](data:image/png;base64,{base64.b64encode(png(60, 40)).decode()})

{"Long words of no use. " * 400}

## Note

Here.
"""


def sheet(folder):
    writer = QPdfWriter(str(folder / "sheet.pdf"))
    painter = QPainter(writer)
    painter.drawText(100, 100, "one")
    painter.end()
    return (folder / "sheet.pdf").read_bytes()


@pytest.fixture
def lesson(qapp, tmp_path):
    """The only lesson of a package with one file of each kind."""
    files = {
        "course.toml": COURSE.encode(),
        "lessons/01-links.md": LESSON.encode(),
        "assets/sheet one.pdf": sheet(tmp_path),
        "assets/50%.png": png(300, 200),
        "assets/small.png": png(80, 60),
        "assets/ورقة.txt": "كلمات words\n".encode(),
        "assets/data.csv": b"a,b\n1,2\n",
        "assets/all.zip": b"PK\x05\x06" + bytes(18),
    }
    for name, data in files.items():
        place = tmp_path / "links" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    course = read_course(tmp_path / "links")
    assert course.warnings == ()
    return course.lessons[0]


def whole(asset):
    with asset.open() as stream:
        return stream.read()


def put_files(shelf, lesson, *, is_here):
    shelf.blobs = {asset.sha256: whole(asset) for asset in lesson.attachments} if is_here else {}
    shelf.views.files = tuple(
        Attachment(asset.path, asset.sha256, asset.size, asset.media_type, is_here) for asset in lesson.attachments
    )


def arrive(page, lesson):
    """The course's files come to the laptop."""
    put_files(page.context.shelf, lesson, is_here=True)
    page.context.shelf.announce(Topic.DOWNLOADS)
    settle()


@pytest.fixture
def open_lesson(qapp, pages, tmp_path, lesson):
    """The lesson on its page; its files are on the laptop or not."""

    def show(*, is_here=True):
        theme.apply(qapp, theme.Look(PAPER))
        shelf = RowShelf()
        shelf.views.texts = {HERE: lesson.body.decode()}
        put_files(shelf, lesson, is_here=is_here)
        page = LessonPage(context_for(shelf, tmp_path))
        pages.append(page)
        page.resize(1064, 800)
        page.open(HERE)
        page.show()
        settle()
        return page

    return show


def links(page):
    """The names of the document's links by their words; pictures by a mark of their own."""
    found, block = {}, page._view.document().begin()
    while block.isValid():
        pieces = block.begin()
        while not pieces.atEnd():
            letters = pieces.fragment().charFormat()
            if letters.isAnchor():
                found[pieces.fragment().text()] = letters.anchorHref()
            pieces += 1
        block = block.next()
    return found


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("sheet", PaperView),
        ("photo", PictureView),
        ("\ufffc", PictureView),
        ("words", QPlainTextEdit),
        ("table", QPlainTextEdit),
        ("zip", EmptyState),
    ],
)
def test_a_link_to_a_file_opens_it_in_the_app(open_lesson, monkeypatch, words, kind):
    opened = []
    monkeypatch.setattr(FileDialog, "exec", lambda dialog: opened.append(dialog._shown))
    page = open_lesson()
    page._view.anchorClicked.emit(QUrl(links(page)[words]))
    [shown] = opened
    assert isinstance(shown, kind)
    if words == "words":
        assert (shown.toPlainText(), shown.isReadOnly()) == ("كلمات words\n", True)


def test_the_files_are_listed_too_and_pictures_stand_in_the_text(open_lesson):
    page = open_lesson()
    named = [button.accessibleName() for button in page._view.findChildren(Button)]
    assert len(named) == 5
    assert {"Open sheet one.pdf", "Open ورقة.txt", "Open data.csv", "Open all.zip"} <= set(named)
    assert sum(path.startswith("embedded/") for path in page._view.pictures) == 1
    assert "isn't on this laptop" not in page._view.toPlainText()


def test_a_file_that_is_not_here_says_so(open_lesson, lesson, monkeypatch, qtbot):
    monkeypatch.setattr(FileDialog, "exec", lambda _dialog: pytest.fail("nothing to show"))
    page = open_lesson(is_here=False)
    page._view.anchorClicked.emit(QUrl(links(page)["sheet"]))
    settle()
    told = [label.text() for label in page._notice.findChildren(QLabel) if label.isVisible()]
    assert "This file is not on this laptop yet" in told
    [button] = page._notice.findChildren(Button)
    button.click()
    assert page.context.actions.asked == [("download", page._row.course.uid)]
    arrive(page, lesson)
    qtbot.waitUntil(lambda: not page._notice.findChildren(Button))


def test_the_link_to_a_place_scrolls(open_lesson):
    page = open_lesson()
    page._view.anchorClicked.emit(QUrl(links(page)["note"]))
    assert page._view.verticalScrollBar().value() > 500
