"""The stylesheet: only what a palette can't say."""

from collections.abc import Callable

from lms_desktop.ui.tokens import Tokens

# role of a Text: size, weight, which token its colour is
ROLES = {
    "title": (28, 600, "text"),
    "section": (20, 600, "text"),
    "heading": (16, 600, "text"),
    "reading": (16, 400, "text"),
    "body": (14, 400, "text"),
    "strong": (14, 600, "text"),
    "accent": (14, 600, "accent"),
    "muted": (14, 400, "muted"),
    "small": (12, 400, "muted"),
    "small-text": (12, 400, "text"),
    "small-strong": (12, 600, "muted"),
    "success": (14, 600, "success"),
    "small-success": (12, 400, "success"),
    "small-attention": (12, 400, "attention"),
    "small-danger": (12, 400, "danger"),
    "small-accent": (12, 400, "accent"),
}


def sheet(t: Tokens, px: Callable[[float], int]) -> str:
    """The whole sheet for one theme and size of text."""
    return "\n".join((_texts(t, px), _frames(t), _fields(t, px), _menus(t, px), _scrolling(t)))


def _texts(t: Tokens, px: Callable[[float], int]) -> str:
    return "\n".join(
        f'QLabel[role="{role}"] {{ font-size: {px(size)}px; font-weight: {weight}; color: {getattr(t, colour)}; }}'
        for role, (size, weight, colour) in ROLES.items()
    )


def _frames(t: Tokens) -> str:
    soft = "".join(
        f'QFrame[card="{kind}"] {{ background: {ground}; border: 1px solid {edge}; border-radius: 8px; }}\n'
        for kind, ground, edge in (
            ("plain", t.surface, t.border),
            ("chosen", t.accent_soft, t.accent),
            ("info", t.accent_soft, t.accent),
            ("success", t.success_soft, t.success),
            ("attention", t.attention_soft, t.attention),
            ("danger", t.danger_soft, t.danger),
        )
    )
    return f"""{soft}
QFrame#sidebar {{ background: {t.sunken}; border: none; }}
QFrame[ground="surface"] {{ background: {t.surface}; border: none; }}
QFrame[ground="background"] {{ background: {t.background}; border: none; }}
QFrame[ground="sunken"] {{ background: {t.sunken}; border: none; }}
QFrame[rule="true"] {{ background: {t.border}; border: none; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.outline}; padding: 4px 8px; }}
QDialog {{ background: {t.raised}; }}"""


def _fields(t: Tokens, px: Callable[[float], int]) -> str:
    field = f"background: {t.raised}; color: {t.text}; border-radius: 8px;"
    inner = max(30, px(20) + 10)
    return f"""
QLineEdit, QComboBox {{ {field} border: 1px solid {t.outline}; padding: 4px 12px; min-height: {inner}px;
  selection-background-color: {t.accent}; selection-color: {t.accent_text}; font-size: {px(14)}px; }}
QLineEdit {{ placeholder-text-color: {t.muted}; }}
QLineEdit:focus, QComboBox:focus {{ border: 2px solid {t.focus}; padding: 3px 11px; }}
QLineEdit[wrong="true"] {{ border: 2px solid {t.danger}; padding: 3px 11px; }}
QLineEdit:disabled, QComboBox:disabled {{ background: {t.background}; color: {t.muted}; border-color: {t.border}; }}
QComboBox::drop-down {{ border: none; width: 32px; }}
QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.outline};
  selection-background-color: {t.accent_soft}; selection-color: {t.on_accent_soft}; padding: 4px; }}
QTextEdit, QPlainTextEdit, QTextBrowser {{ {field} border: 1px solid {t.border}; }}"""


def _menus(t: Tokens, px: Callable[[float], int]) -> str:
    return f"""
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.outline}; border-radius: 8px; padding: 4px;
  font-size: {px(14)}px; }}
QMenu::item {{ padding: 8px 16px 8px 12px; border-radius: 6px; }}
QMenu::item:selected {{ background: {t.accent_soft}; color: {t.on_accent_soft}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::icon {{ padding-left: 12px; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}"""


def _scrolling(t: Tokens) -> str:
    return f"""
QScrollArea, QListView, QTreeView {{ border: none; background: transparent; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 12px; }}
QScrollBar:horizontal {{ height: 12px; }}
QScrollBar::handle {{ background: {t.outline}; border-radius: 3px; margin: 3px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}"""
