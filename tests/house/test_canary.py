"""Traps of the libraries that we stand on; a red test here means: don't take that version."""

import sys

from PySide6.QtWidgets import QLabel


def test_qt_keeps_its_references_to_none(qtbot):
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(3000):
        label.setText("x")
    assert abs(sys.getrefcount(None) - before) < 100
