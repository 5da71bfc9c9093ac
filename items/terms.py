"""The terms of a question as conditions: of the database as far as it can, then of each thing."""

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import IContains
from django.utils import timezone

from accounts.grouping import grouped
from accounts.models import Account
from items.asking import Changed, Pathed, Patterned, Tagged, Term, Within, Worded
from items.models import Item, Kind
from items.naming import technology_label
from items.paths import compiled
from items.tags import tags_in
from items.watchers import watchers

Test = Callable[[Any], bool]
"""Says of a configuration whether a term holds for it."""

NAMES = ("name", "uid", "full_name")
DURABLE = (Kind.CREATED, Kind.CHANGED, Kind.GONE, Kind.BACK)
# A piece of a regular expression that stands in whatever it finds: no shorter one helps.
SHORTEST = 3
# A part of a regular expression: a set, an escaped sign or letter, how often, or one character.
_PART = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\\.|\{[\d,]*\}|.", re.DOTALL)
# Escaped letters that stand for no text of their own; what others stand for is left open.
_STANDING = frozenset("dDwWsSbBAz")
# What stands in the stored text just as it does in the text of a value.
_SAME = re.compile(r'[^"\\{}\[\],:\s](?:[^"\\{}\[\],]*[^"\\{}\[\],:\s])?')

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def condition(term: Term, key: str = "pk", moment: datetime | None = None) -> Q:
    """Return what the database can say of a term, for items or (``key`` "id") their revisions.

    Accounts are in the groups that they were in at ``moment``; None: now.
    Where ``test()`` gives none, it is all that is to be said.
    """
    if isinstance(term, Worded):
        names = Q()
        for name in NAMES:
            names |= Q(**{f"{name}__icontains": term.text})
        return names | _has(quoted(term.text))
    if isinstance(term, Tagged):
        return _has(quoted(term.name)) & (_has(quoted(term.value)) if term.value else Q())
    if isinstance(term, Pathed):
        return _beside(term)
    if isinstance(term, Patterned):
        sure = literal(term.text[1:-1])
        return _has(quoted(sure)) if sure else Q()
    if isinstance(term, Changed):
        return Q(**{f"{key}__in": _changed(term)})
    if isinstance(term, Within):
        return _within(term, moment)
    return Q()


def test(term: Term) -> Test | None:
    """Return what must be asked of each configuration; None: nothing."""
    if isinstance(term, Tagged):
        return lambda config: _tagged(term, config)
    if isinstance(term, Pathed):
        return lambda config: any(True for _ in values(term, config))
    if isinstance(term, Patterned):
        return lambda config: any(term.found.search(text) for _, text in leaves(config))
    return None


def described(term: Term) -> str:
    """Return a term in words."""
    if isinstance(term, Worded):
        return f"with the text “{term.text}”"
    if isinstance(term, Patterned):
        return f"with a text that {term.text} finds"
    if isinstance(term, Tagged):
        value = f" = {term.value}" if term.value is not None else ""
        return f"tagged {term.name}{value}"
    if isinstance(term, Pathed):
        if not term.operator:
            return f"with something at {term.path}"
        words = {"~": "contains", "=": "is", "!=": "is not"}
        said = words.get(term.operator, term.operator)
        return f"where {term.path} {said} {term.value}"
    if isinstance(term, Changed):
        return _days(term)
    if isinstance(term, Within):
        place = {"account": "in account", "group": "in the group", "region": "in region"}
        return f"{place.get(term.what, 'of technology')} {term.name}"
    return f"that speak of {term.text}"


def quoted(text: str) -> str:
    """Return a text as the inside of a JSON text has it."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def last_name(path: str) -> str:
    """Return the last member that a plain path names."""
    quotes = re.findall(r'"([^"]+)"', path)
    bare = re.sub(r"\[[^\]]*\]", "", path).rpartition(".")[2]
    return quotes[-1] if quotes and path.rstrip("[]*0123456789").endswith('"') else bare


def literal(pattern: str) -> str:
    """Return a piece of text without which a regular expression finds nothing; empty: unsure."""
    if re.search(r"\||\(\?", pattern):
        return ""
    runs, depth = [""], 0
    for part in _PART.findall(pattern):
        escaped = part[0] == "\\"
        if escaped and part[1].isalnum() and part[1] not in _STANDING:
            return ""
        if part in ("(", ")"):
            depth += 1 if part == "(" else -1
        if part[0] in "?*{":  # It may not be there at all.
            runs[-1] = runs[-1][:-1]
        if len(part) == 1 and part not in "()?*+{}^$." and not depth:
            runs[-1] += part
        elif escaped and not part[1].isalnum() and not depth:
            runs[-1] += part[1]
        else:
            runs.append("")
    longest = max(runs, key=len)
    return longest if len(longest) >= SHORTEST else ""


def leaves(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text and number of a configuration with its path."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, (*path, number))
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, (int, float)):
        yield path, json.dumps(value)


def values(term: Pathed, config: Any) -> Iterator[Any]:
    """Yield what stands at the term's path and answers it."""
    found = compiled(term.path).search(config)
    for value in found if isinstance(found, list) else [found]:
        if value is not None and value != [] and _answers(term, value):
            yield value


def _answers(term: Pathed, value: Any) -> bool:
    if not term.operator:
        return True
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = value if isinstance(value, str) else json.dumps(value)
    if term.operator in ("=", "!="):
        return (text.lower() == term.value.lower()) == (term.operator == "=")
    if term.operator == "~":
        return term.value.lower() in text.lower()
    return _ordered(term, value, text)


def _ordered(term: Pathed, value: Any, text: str) -> bool:
    if isinstance(value, (bool, dict, list)):
        return False
    try:
        return ORDERS[term.operator](float(text), float(term.value))
    except ValueError:
        # Texts are compared as such: moments are in their order then.
        return isinstance(value, str) and ORDERS[term.operator](text, term.value)


def _tagged(term: Tagged, config: Any) -> bool:
    tags: Mapping[str, Any] = tags_in(config)
    asked = term.name.lower()
    return any(
        name.lower() == asked and (term.value is None or str(value).lower() == term.value.lower())
        for name, value in tags.items()
    )


def _has(text: str) -> Q:
    """Say that the stored text of a configuration has a text, in any capitals."""
    return Q(IContains(Cast(F("config"), TextField()), text))


def _beside(term: Pathed) -> Q:
    """Say of a stored text what it has where something at the path answers, as far as is sure."""
    name = json.dumps(last_name(term.path), ensure_ascii=False)
    if term.operator not in ("=", "~") or not _SAME.fullmatch(term.value):
        return _has(name)
    if term.operator == "~" or term.path.endswith("]"):
        return _has(name) & _has(term.value)
    # The value stands right after the name: as a text, or as a number or a word of JSON.
    between = ": " if connection.vendor == "postgresql" else ":"
    return _has(f'{name}{between}"{term.value}"') | _has(f"{name}{between}{term.value}")


def _changed(term: Changed) -> Any:
    records = Item.history.model._default_manager.filter(kind__in=DURABLE)
    if term.since:
        records = records.filter(history_date__gte=_midnight(term.since))
    if term.until:
        records = records.filter(history_date__lt=_midnight(term.until + timedelta(days=1)))
    return records.values("id")


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _days(term: Changed) -> str:
    if term.since and term.until:
        if term.since == term.until:
            return f"changed on {_day(term.since)}"
        return f"changed from {_day(term.since)} to {_day(term.until)}"
    return (
        f"changed since {_day(term.since)}" if term.since else f"changed until {_day(term.until)}"
    )


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"


def _within(term: Within, moment: datetime | None) -> Q:
    if term.what == "account":
        named = Q(name__icontains=term.name) | Q(identifier=term.name)
        return Q(account__in=Account.objects.filter(named).values("pk"))
    if term.what == "group":
        return Q(account__in=grouped(Q(name__iexact=term.name), moment))
    if term.what == "region":
        return Q(region=term.name) | Q(place=term.name)
    return Q(technology__in=technologies(term.name))


def technologies(name: str) -> list[str]:
    """Return the technologies of whose key or label a name is a part, and the one of that key."""
    asked = name.lower()
    known = [key for key in watchers if asked in key or asked in technology_label(key).lower()]
    return [*known, name]
