"""A list of the API as a file, streamed: CSV without formulas, or JSON lines."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

from accounts.admin.exporting import CHUNK, FORMS, Cut

Told = Mapping[str, Any]
Rows = Iterable[Told | Cut]


class CsvRenderer(BaseRenderer):
    """Chosen by ``Accept: text/csv`` or ``?format=csv``; the list itself is written by a stream."""

    media_type = "text/csv"
    format = "csv"

    def render(self, *_: Any, **__: Any) -> bytes:
        """Never asked: lists are streamed, and errors have a form of their own."""
        return b""


class LinesRenderer(BaseRenderer):
    """Chosen by ``Accept: application/jsonl`` or ``?format=jsonl``."""

    media_type = "application/jsonl"
    format = "jsonl"

    def render(self, *_: Any, **__: Any) -> bytes:
        """Never asked: lists are streamed, and errors have a form of their own."""
        return b""


FILES = ("csv", "jsonl")


def stream(form: str, name: str, heads: list[str], rows: Rows) -> StreamingHttpResponse:
    """Give rows as a file, as they are made; ``form`` is one of ``FILES``.

    A ``Cut`` in the place of a row says why the file ends before its end.
    """
    kind, written = WRITERS[form]
    response = StreamingHttpResponse(written(heads, rows), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def told(serializer: Any, rows: Any) -> Iterator[Told]:
    """Yield every row of a query as a serializer tells it, some read at a time."""
    for row in rows.iterator(chunk_size=CHUNK):
        yield serializer.to_representation(row)


def _csv(heads: list[str], rows: Rows) -> Iterator[str]:
    return FORMS["csv"][1](heads, (_cells(heads, row) for row in rows))


def _cells(heads: list[str], row: Told | Cut) -> list[Any] | Cut:
    return row if isinstance(row, Cut) else [_cell(row.get(head)) for head in heads]


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False, cls=JSONEncoder)


def _lines(_heads: list[str], rows: Rows) -> Iterator[str]:
    for row in rows:
        said = {"cut": row} if isinstance(row, Cut) else row
        yield json.dumps(said, ensure_ascii=False, cls=JSONEncoder) + "\n"


WRITERS: dict[str, tuple[str, Callable[[list[str], Rows], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "jsonl": ("application/jsonl", _lines),
}
