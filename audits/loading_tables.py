"""Bring reference tables into the database, without undoing what an editor changed."""

from collections.abc import Iterable, Iterator
from importlib import resources
from types import ModuleType
from typing import Any

from django.db import transaction

from audits.loading import Loaded, note_load, of_each
from audits.models import ReferenceTable
from audits.models.tables import row_name
from audits.plain_yaml import NotPlain, read_yaml
from audits.unpacking import PackError
from items.fields import canonical_bytes

FOLDER = "tables"
TEXTS = ("title", "about")


def load_tables(dry_run: bool = False) -> list[Loaded]:
    """Bring the tables of every pack in; return what changed. Twice changes nothing.

    Three ways meet, row by row: what the pack shipped last, what it ships now, what is there now.
    A row that an editor changed, added or took out stays so; the others follow the pack. A table
    that left its pack goes, unless an editor changed it: then it is ours.
    """
    with transaction.atomic():
        done = of_each(_load)
        note_load("reference tables", done)
        if dry_run:
            transaction.set_rollback(True)
    return done


def shipped_tables(package: ModuleType) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, fields) for every table of a pack; raise PackError with the file's name."""
    folder = resources.files(package) / FOLDER
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            try:
                (text,) = read_yaml(file.read_text("utf-8")).documents
                yield file.name.removesuffix(".yaml"), _checked(text)
            except NotPlain as error:
                raise PackError(f"{package.__name__}/{FOLDER}/{file.name}, {error}") from error
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise PackError(f"{package.__name__}/{FOLDER}/{file.name}: {error!r}") from error


def _checked(text: dict[str, Any]) -> dict[str, Any]:
    unknown = set(text) - {*TEXTS, "rows"}
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    names = [row_name(row) for row in text["rows"]]
    if len(set(names)) < len(names):
        raise ValueError("two rows have one name")
    return {**{name: text[name].strip() for name in TEXTS}, "rows": text["rows"]}


def _load(pack: str, package: ModuleType) -> Iterator[Loaded]:
    tables = {table.key: table for table in ReferenceTable.objects.all()}
    seen = set()
    for key, fields in shipped_tables(package):
        seen.add(key)
        table = tables.get(key)
        if table is None:
            ReferenceTable.objects.create(key=key, pack=pack, shipped=fields, **fields)
            yield Loaded(key, "new")
        elif not table.pack and not table.shipped:
            problem = f"There is a table {key} of your own; give it another key to get this one."
            yield Loaded(key, "left out", problems=(problem,))
        elif table.pack and table.pack != pack:
            problem = f"The pack {table.pack} has a table {key} already; the first one keeps it."
            yield Loaded(key, "left out", problems=(problem,))
        elif _differs(table.shipped, fields):
            yield _follow(table, fields)
    for key, table in tables.items():
        if table.pack == pack and key not in seen:
            yield _leave(table)


def _follow(table: ReferenceTable, fields: dict[str, Any]) -> Loaded:
    before = table.shipped
    merged = {
        name: fields[name] if getattr(table, name) == before.get(name) else getattr(table, name)
        for name in TEXTS
    }
    merged["rows"] = merged_rows(before.get("rows", []), fields["rows"], table.rows)
    changed = tuple(name for name in merged if _differs(getattr(table, name), merged[name]))
    for name in changed:
        setattr(table, name, merged[name])
    table.shipped = fields
    table.save()
    return Loaded(table.key, "updated" if changed else "kept", changed)


def _leave(table: ReferenceTable) -> Loaded:
    if _differs({name: getattr(table, name) for name in (*TEXTS, "rows")}, table.shipped):
        table.pack, table.shipped = "", {}
        table.save()
    else:
        table.delete()
    return Loaded(table.key, "retired")


def merged_rows(before: list[Any], after: list[Any], ours: list[Any]) -> list[Any]:
    """Let rows follow a pack from ``before`` to ``after`` where nobody changed them.

    Rows are the same that have one name (``row_name``). Ours keep their order; new ones follow.
    """
    was, becomes = _by_name(before), _by_name(after)
    rows = []
    for row in ours:
        name = row_name(row)
        untouched = name in was and not _differs(row, was[name])
        if not untouched:
            rows.append(row)
        elif name in becomes:
            rows.append(becomes[name])
    have = set(_by_name(ours))
    return rows + [row for name, row in becomes.items() if name not in was and name not in have]


def _by_name(rows: Iterable[Any]) -> dict[str, Any]:
    return {row_name(row): row for row in rows}


def _differs(one: Any, other: Any) -> bool:
    # By what is stored: a database may give keys back in another order, and 1.0 as 1.
    return bool(canonical_bytes(one) != canonical_bytes(other))
