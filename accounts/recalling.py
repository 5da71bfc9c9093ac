"""Rows as they were at a moment, read from their history; they come as the rows they were."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Case, F, Model, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.query import ModelIterable

# Rows whose states are looked up by one query.
AT_ONCE = 500


def recall(model: type[Model], moment: datetime) -> QuerySet[Any]:
    """Return what was there at a moment, of a model whose every state is kept.

    The query is over history: ``id`` is a row's key, ``pk`` that of its state.
    """
    history = model.history.model._default_manager  # type: ignore[attr-defined]
    last = history.filter(id=OuterRef("id"), history_date__lte=moment).order_by(
        "-history_date", "-history_id"
    )
    there = history.filter(history_id=Subquery(last.values("history_id")[:1]))
    return as_they_were(there.exclude(history_type="-"), moment=moment)


def named_then(model: type[Model], field: str) -> Any:
    """Return the model of what states referred to by a field for many: ``history`` is the state."""
    return getattr(model.history.model, field).model  # type: ignore[attr-defined]


def as_they_were(
    rows: QuerySet[Any], names: Mapping[str, str] | None = None, moment: datetime | None = None
) -> QuerySet[Any]:
    """Let a query yield the rows that its states are states of.

    ``names`` tells which columns of the query stand in for a field: ``{"score": "score_then"}``.
    With a moment the rows also have the many that they referred to then, where that is kept.
    """
    iterable: Any = type("Restored", (_Restored,), {"names": names or {}, "moment": moment})
    found = rows.all()
    found._iterable_class = iterable
    return found


def completed(
    rows: QuerySet[Any], states: Callable[[Sequence[Any]], Mapping[int, Any]]
) -> QuerySet[Any]:
    """Let a query of present rows yield them as they were: ``states`` gives, by key, their state.

    It is asked once for a few hundred rows. ``row.state`` is that state.
    """
    iterable: Any = type("Completed", (_Completed,), {"states": staticmethod(states)})
    found = rows.all()
    found._iterable_class = iterable
    return found


class _Completed(ModelIterable):
    states: Callable[[Sequence[Any]], Mapping[int, Any]]

    def __iter__(self) -> Iterator[Any]:
        rows = super().__iter__()
        while some := list(islice(rows, AT_ONCE)):
            found = self.states(some)
            for row in some:
                yield _as_it_was(row, found.get(row.pk))


def _as_it_was(row: Any, state: Any) -> Any:
    row.state = state
    if state is not None:
        for field in row._meta.concrete_fields:
            if field.attname in vars(row):
                setattr(row, field.attname, getattr(state, field.attname))
        row.refresh_from_db = _refuse  # A column left out would be read as it is today.
    return row


class _Restored(ModelIterable):
    names: Mapping[str, str] = {}
    moment: datetime | None = None

    def __iter__(self) -> Iterator[Any]:
        states = super().__iter__()
        while some := list(islice(states, AT_ONCE)):
            rows = [_restored(state, self.names) for state in some]
            _relate(rows)
            if self.moment:
                _gather(some, rows, self.moment)
            yield from rows


def _gather(states: Sequence[Any], rows: Sequence[Any], moment: datetime) -> None:
    """Give rows the many that they referred to then: what is asked of them is not read anew."""
    for field in getattr(states[0], "_history_m2m_fields", ()):
        other: Any = field.related_model
        links = named_then(type(rows[0]), field.name).objects.filter(history__in=states)
        held: dict[int, list[int]] = {}
        for state, key in links.values_list("history_id", f"{other._meta.model_name}_id"):
            held.setdefault(state, []).append(key)
        wanted = {key for keys in held.values() for key in keys}
        ordered = list(recall(other, moment).filter(id__in=wanted).order_by(*other._meta.ordering))
        for state, row in zip(states, rows, strict=True):
            keys = set(held.get(state.pk, ()))
            found = other._default_manager.all()
            found._result_cache = [one for one in ordered if one.pk in keys]
            found._prefetch_done = True
            vars(row).setdefault("_prefetched_objects_cache", {})[field.name] = found


def _relate(rows: Sequence[Any]) -> None:
    """Give rows what they referred to then, where what they refer to now was read along."""
    for field in rows[0]._meta.concrete_fields:
        if not field.is_relation:
            continue
        wrong = [row for row in rows if _is_another(row, field)]
        wanted = {getattr(row, field.attname) for row in wrong} - {None}
        found = field.related_model._base_manager.in_bulk(wanted) if wanted else {}
        for row in wrong:
            field.set_cached_value(row, found.get(getattr(row, field.attname)))


def _is_another(row: Any, field: Any) -> bool:
    if not field.is_cached(row):
        return False
    known = field.get_cached_value(row)
    return (known.pk if known else None) != getattr(row, field.attname)


def _restored(state: Any, names: Mapping[str, str]) -> Any:
    """Turn a state into the row; what the query added to it comes along."""
    model = getattr(type(state), "instance_type", type(state))
    known = vars(state)
    fields = [field.attname for field in model._meta.concrete_fields if field.attname in known]
    values = [known[names.get(name, name)] for name in fields]
    row = model.from_db(state._state.db, fields, values)
    row._state.fields_cache.update(state._state.fields_cache)
    for name, value in known.items():
        if name != "_state" and name not in fields:
            setattr(row, name, value)
    row.refresh_from_db = _refuse  # A column left out would be read as it is today.
    return row


def _refuse(*_: Any, **__: Any) -> None:
    raise TypeError("A row of the past is not read anew: ask for the column with the others.")


def known_by(moment: datetime, field: str) -> Case:
    """Return when something ended, where it had by then; else nothing."""
    return Case(When(**{f"{field}__lte": moment}, then=F(field)), default=None)


def not_yet(model: type[Model], later: Q, before: Mapping[str, Any]) -> dict[str, Case]:
    """Return the columns that stand in for fields of a row that something filled later: each
    with what stood there before, under its name with ``_then``."""

    def said(name: str, value: Any) -> Value:
        field: Any = None if value is None else model._meta.get_field(name)
        return Value(value, output_field=field)

    return {
        f"{name}_then": Case(When(later, then=said(name, value)), default=F(name))
        for name, value in before.items()
    }


def renamed(condition: Q, names: Mapping[str, str]) -> Q:
    """Return a condition about other columns: those that stand in for a field in the past."""
    if not names:
        return condition
    children: list[Any] = []
    for child in condition.children:
        if isinstance(child, Q):
            children.append(renamed(child, names))
        elif isinstance(child, tuple):
            children.append((called_then(child[0], names), child[1]))
        else:
            children.append(child)
    return Q(*children, _connector=condition.connector, _negated=condition.negated)


def called_then(path: str, names: Mapping[str, str]) -> str:
    """Return a path whose first step may have another name in the past; "-" in front stays."""
    minus = "-" if path.startswith("-") else ""
    first, cut, rest = path.removeprefix("-").partition("__")
    return f"{minus}{names.get(first, first)}{cut}{rest}"
