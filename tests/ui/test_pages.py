"""Every page in every look: nothing cut, nothing nameless."""

from itertools import product

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget

from lms_desktop.ui.compose import PAGES
from lms_desktop.ui.keys import key_facts
from lms_desktop.ui.pages.settings import PARTS
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.preferences import PreferenceFile, Preferences
from lms_desktop.ui.widgets.dialog import Facts, Question
from lms_desktop.ui.widgets.text import ElidedText
from tests.ui.samples import SampleActions
from tests.ui.windows import go, opened, settle

SIZES = [(1280, 800), (1024, 600)]
LOOKS = [
    Preferences(theme="paper", language="en"),
    Preferences(theme="lamp", language="ar"),
    Preferences(theme="paper", language="es", scale=2.0),
    Preferences(theme="lamp", language="en", scale=0.8),
]
CONTROLS = {
    QAccessible.Role.PushButton,
    QAccessible.Role.Button,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.EditableText,
    QAccessible.Role.ComboBox,
    QAccessible.Role.List,
    QAccessible.Role.ListItem,
    QAccessible.Role.ProgressBar,
    QAccessible.Role.Slider,
    QAccessible.Role.MenuItem,
    QAccessible.Role.Link,
}


def look_id(look):
    return f"{look.theme}-{look.language}-{look.scale:g}"


def controls(interface):
    """Every control below an accessible thing."""
    for place in range(interface.childCount()):
        child = interface.child(place)
        if child is None or not child.isValid():
            continue
        if child.role() in CONTROLS and not child.state().invisible:
            yield child
        yield from controls(child)


def name_of(control) -> str:
    return control.text(QAccessible.Text.Name) or control.text(QAccessible.Text.Value)


def nameless(widget: QWidget) -> list[str]:
    found = controls(QAccessible.queryAccessibleInterface(widget))
    return [
        f"{control.role()} in {type(control.object()).__name__}" for control in found if not name_of(control).strip()
    ]


def cut(widget: QWidget) -> list[str]:
    """Labels and buttons that are smaller than what they say."""
    found = []
    for label in widget.findChildren(QLabel):
        if label.isVisible() and label.text() and not isinstance(label, ElidedText):
            wraps = label.wordWrap()
            needed = label.heightForWidth(label.width()) if wraps else label.sizeHint().height()
            if label.height() < needed - 1 or (not wraps and label.width() < label.sizeHint().width() - 1):
                found.append(f"{label.text()!r} has {label.size().toTuple()}, needs {label.sizeHint().toTuple()}")
    buttons = [button for button in widget.findChildren(QAbstractButton) if button.isVisible()]
    return found + [
        f"{button.accessibleName()!r} is {button.height()} high, needs {_needed(button)}"
        for button in buttons
        if button.height() < _needed(button) - 1
    ]


def too_wide(widget: QWidget) -> list[str]:
    """Contents that only scroll upright and reach beyond their edge."""
    areas = [area for area in widget.findChildren(QScrollArea) if area.isVisible() and area.widget() is not None]
    return [
        f"{area.widget().width()} in {area.viewport().width()}"
        for area in areas
        if area.widget().width() > area.viewport().width()
    ]


def _needed(button: QAbstractButton) -> int:
    return button.heightForWidth(button.width()) if button.hasHeightForWidth() else button.sizeHint().height()


@pytest.mark.parametrize("look", LOOKS, ids=look_id)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_is_cut_on_any_page(qapp, tmp_path, look, size):
    with opened(tmp_path, look, size=size) as (window, _actions):
        for name in PAGES:
            go(window, name)
            assert cut(window) == [], name
            assert too_wide(window) == [], name
            assert window.width() <= size[0], f"{name} asks for {window.width()}"


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_every_control_has_a_name(qapp, tmp_path, language):
    with opened(tmp_path, Preferences(theme="paper", language=language)) as (window, _actions):
        for name in PAGES:
            go(window, name)
            assert nameless(window) == [], name


def test_the_test_for_names_finds_a_nameless_control(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        button = next(found for found in window.findChildren(QAbstractButton) if found.isVisible())
        button.setText("")
        button.setAccessibleName("")
        button.setToolTip("")
        assert nameless(window) != []


@pytest.mark.parametrize(("size", "look"), list(product(SIZES, LOOKS)), ids=str)
def test_the_first_start_is_whole(qapp, tmp_path, size, look):
    with opened(tmp_path, look, size=size) as (window, _actions):
        window.open_shelf(None)
        settle()
        assert isinstance(window.centralWidget(), StartPage)
        assert cut(window) == []
        assert too_wide(window) == []
        assert nameless(window) == []


@pytest.mark.parametrize("look", LOOKS, ids=look_id)
def test_questions_and_lists_are_whole_and_have_names(qapp, tmp_path, look):
    with opened(tmp_path, look) as (window, _actions):
        for dialog in (
            Question(
                window, "Sign out Ana?", "4 pieces of work are not sent yet. They stay on this laptop.", "Sign out"
            ),
            Facts(window, "Keys", key_facts()),
        ):
            dialog.show()
            settle()
            assert cut(dialog) == []
            assert nameless(dialog) == []
            dialog.close()


def test_the_safe_answer_has_the_focus(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        question = Question(window, "Sign out Ana?", "Nothing is lost.", "Sign out")
        question.show()
        settle()
        assert question.focusWidget().accessibleName() == "Cancel"
        question.close()


def test_a_page_that_is_too_narrow_is_found(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        label = next(found for found in window.findChildren(QLabel) if found.isVisible() and found.text())
        label.setFixedSize(20, 5)
        settle()
        assert cut(window) != []


def test_about_tells_version_and_licence_of_every_part(qapp, tmp_path):
    with opened(tmp_path) as (window, _actions):
        go(window, "settings")
        said = [label.text() for label in window._stack.currentWidget().findChildren(QLabel)]
        for part in ("This program", "Python", "Qt", *PARTS):
            version, _, licence = said[said.index(part) + 1].partition("\u00a0\u00a0·\u2002")
            assert any(sign.isdigit() for sign in version), part
            assert licence, part


def test_preferences_come_back(qapp, tmp_path):
    chosen = Preferences("lamp", "ar", 1.5, 1.25, has_motion=False, lock_minutes=15)
    PreferenceFile(tmp_path / "window.ini").write(chosen)
    assert PreferenceFile(tmp_path / "window.ini").read() == chosen


def test_a_broken_preference_file_means_the_defaults(qapp, tmp_path):
    (tmp_path / "window.ini").write_text("[look]\nscale=huge\ntheme=neon\n", encoding="utf-8")
    assert PreferenceFile(tmp_path / "window.ini").read() == Preferences()


def test_sample_actions_are_complete():
    asked = SampleActions()
    asked.sync_now()
    assert asked.asked == [("sync_now",)]
