"""Long tables: one page of them, and all of them as CSV in which no cell is a formula to a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import Any, TypeVar

import falcon

PAGE_ROWS = 20

T = TypeVar("T")


def page_of(req: falcon.Request, rows: Sequence[T], param: str = "page") -> tuple[Sequence[T], dict[str, int]]:
    """The rows of the page that the address names, and what stands below the table."""
    number = min(max(1, req.get_param_as_int(param, default=1) or 1), max(1, -(-len(rows) // PAGE_ROWS)))
    first = (number - 1) * PAGE_ROWS
    shown = rows[first : first + PAGE_ROWS]
    return shown, {"number": number, "first": first + 1 if rows else 0, "last": first + len(shown), "all": len(rows)}


def wanted(req: falcon.Request) -> str:
    """What the search field holds."""
    return (req.get_param("q") or "").strip()


def holds(text: str, search: str) -> bool:
    """Whether a row's words hold what is searched for."""
    return search.casefold() in text.casefold()


def send_table(resp: falcon.Response, file: str, names: tuple[str, ...], rows: list[list[Any]]) -> None:
    """Answer with a CSV file."""
    resp.content_type = "text/csv; charset=utf-8"
    resp.downloadable_as = file
    resp.text = table_text(names, rows)


def table_text(names: tuple[str, ...], rows: list[list[Any]]) -> str:
    """CSV in which no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([[_defused(cell) for cell in row] for row in rows])
    return text.getvalue()


def _defused(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
