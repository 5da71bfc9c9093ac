"""A list as a file: the rows that its filters and its search leave, as CSV or JSON, streamed.

Rows come from the very list that is shown, so a file holds nothing that the page would not.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

PARAMETER = "export"
# What a spreadsheet would take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
CHUNK = 2000
# What a list shows where there is nothing.
NOTHING = "-"
# The classes of what stands beside a value: icons, named by text that nobody reads, and chips.
BESIDE = {"material-symbols-outlined", "aside"}


class Cut(str):
    """Stands for the rows that a file lacks: why it ends here, in a sentence."""


Heads = Sequence[str]
Rows = Iterable[Sequence[Any] | Cut]


def export(form: str, name: str, heads: Heads, rows: Rows) -> StreamingHttpResponse:
    """Give rows as a file, as they are made; ``form`` is one of ``FORMS``."""
    kind, written = FORMS[form]
    response = StreamingHttpResponse(written(heads, rows), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def table(admin: Any, columns: Sequence[Any], rows: QuerySet[Any]) -> tuple[list[str], Rows]:
    """Return the heads and rows of a list of the admin: what it shows, after the ids."""
    model = getattr(rows.model, "instance_type", rows.model)  # A past list is asked of history.
    shown = [column for column in columns if column != "action_checkbox"]
    shown += [path for path in admin.also_exported if path not in shown]
    ids = [field.attname for field in model._meta.concrete_fields if field.is_relation]
    ids = [name for name in ids if name not in shown]
    heads = ["id", *(name.replace("_", " ") for name in ids)]
    heads += [_head(admin, model, column) for column in shown]

    def cells() -> Iterator[list[Any]]:
        for row in rows.iterator(chunk_size=CHUNK):
            known = [getattr(row, name) for name in ("pk", *ids)]
            yield [*known, *(_value(admin, row, column) for column in shown)]

    return _told_apart(heads), cells()


def _head(admin: Any, model: type[Model], column: Any) -> str:
    if isinstance(column, str) and "__" in column:
        return column.replace("__", " ").replace("_", " ")
    return str(label_for_field(column, model, admin)).lower()


def _told_apart(heads: list[str]) -> list[str]:
    """Two columns of one name would be one key in JSON."""
    return [
        head if head not in heads[:place] else f"{head} {place + 1}"
        for place, head in enumerate(heads)
    ]


def _value(admin: Any, row: Any, column: Any) -> Any:
    """Return what a list shows of a row in a column, as a plain value."""
    if isinstance(column, str) and "__" in column:
        value: Any = row
        for part in column.split("__"):
            value = getattr(value, part, None)
        return _plain(value)
    try:
        field, _, value = lookup_field(column, row, admin)
    except ObjectDoesNotExist:
        return None
    if field is not None and getattr(field, "choices", None):
        return str(dict(field.flatchoices).get(value, value))
    if field is None and str(value) == NOTHING:
        return None
    return _plain(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple, set)):
        return ", ".join(str(_plain(one)) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return _text(value) if hasattr(value, "__html__") else str(value)


class _Words(HTMLParser):
    """Takes the text out of what a list shows, without what stands beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._beside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._beside = not BESIDE.isdisjoint((dict(attrs).get("class") or "").split())

    def handle_endtag(self, tag: str) -> None:
        self._beside = False

    def handle_data(self, data: str) -> None:
        if not self._beside:
            self.found.append(data)


def _text(markup: str) -> str | None:
    words = _Words()
    words.feed(markup)
    words.close()
    text = " ".join(" ".join(words.found).split())
    return None if text == NOTHING else text


# -- forms ------------------------------------------------------------------------------------


def harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell


class _Line:
    """What csv writes to: it hands the line on."""

    def write(self, line: str) -> str:
        return line


def _csv(heads: Heads, rows: Rows) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(heads)
    for row in rows:
        cells = [row] if isinstance(row, Cut) else row
        yield writer.writerow([harmless(cell) for cell in cells])


def _json(heads: Heads, rows: Rows) -> Iterator[str]:
    yield "["
    before = "\n"
    for row in rows:
        cut = isinstance(row, Cut)
        line = {"cut": row} if cut else dict(zip(heads, row, strict=True))
        yield before + json.dumps(line, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n"


FORMS: dict[str, tuple[str, Callable[[Heads, Rows], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "json": ("application/json", _json),
}
