"""What decided beside the rules' texts, what was read and how long ago, and what was not."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from audits.evidence.knowledge import Knowledge
from audits.evidence.question import Question
from audits.models import BlindSpot
from audits.standing import alive, at
from items.models import Gap, Run

Row = tuple[Any, ...]

ACCOUNTS = ("account", "identifier", "name", "type", "whose", "watched", "why not", "groups")
SETTINGS = ("rule", "scope", "of", "on", "score", "parameters", "reason")
NETWORKS = ("network", "whose", "note")
SLICES = ("account", "technology", "items", "last read", "hours old", "later look failed")
GAPS = ("account", "technology", "place", "part", "operation", "code", "reason", "since")
BLIND = ("rule", "account", "technology", "item", "reason", "since")


def accounts(question: Question, known: Knowledge) -> Iterator[Row]:
    """Yield each account in scope as it was."""
    names = group_names(question, known)
    for pk in in_scope(question, known):
        one = known.accounts[pk]
        why = (
            "belongs to somebody else"
            if one.third_party
            else "archived"
            if one.archived_at
            else ""
            if one.active
            else "switched off"
        )
        groups = sorted(names[group] for group in known.groups.get(pk, ()) if group in names)
        told = (pk, one.identifier, one.name, one.type, one.whose)
        yield *told, "no" if why else "yes", why, ", ".join(groups)


def in_scope(question: Question, known: Knowledge) -> list[int]:
    """Return the accounts that were there then, in a fixed order."""
    there = [pk for pk in set(question.accounts) if pk in known.accounts]
    return sorted(there, key=lambda pk: (known.accounts[pk].identifier, pk))


def group_names(question: Question, known: Knowledge) -> dict[int, str]:
    """Return what the groups were called that have an account in scope."""
    wanted = {group for pk in question.accounts for group in known.groups.get(pk, ())}
    return {pk: name for pk, name in known.group_names.items() if pk in wanted}


def settings(question: Question, known: Knowledge) -> Iterator[Row]:
    """Yield what was set for the rules; not for accounts and groups out of scope."""
    scope, groups = set(question.accounts), group_names(question, known)
    for version in known.versions:
        for one in known.settings.get(version.rule_id, ()):
            if one.account_id and one.account_id not in scope:
                continue
            if one.group_id and one.group_id not in groups:
                continue
            of: Any = one.pattern or one.tag
            if one.account_id:
                of = known.accounts[one.account_id].name
            elif one.group_id:
                of = groups[one.group_id]
            on = {None: "", True: "on", False: "off"}[one.on]
            yield version.rule.key, one.kind, of, on, one.score, one.parameters, one.reason


def networks(known: Knowledge) -> Iterator[Row]:
    """Yield the networks that somebody had vouched for."""
    for one in known.networks:
        yield one.cidr, one.whose, one.note


def slices(question: Question, pairs: Sequence[tuple[int, str]]) -> Iterator[Row]:
    """Yield what was to be read, when it last was, and how many items that gave."""
    moment = question.moment
    of = {account for account, _ in pairs}
    names = {technology for _, technology in pairs}
    here = {"account__in": of, "technology__in": names}
    looks = Run.objects.filter(kind=Run.Kind.LOOKED, started_at__lte=moment, **here).order_by()
    states = looks.values_list("account_id", "technology").annotate(
        done=Max("started_at", filter=Q(state=Run.State.DONE)),
        failed=Max("started_at", filter=Q(state=Run.State.FAILED)),
    )
    read = {(account, name): (done, failed) for account, name, done, failed in states}
    there = alive(moment).filter(**here).order_by().values_list("account_id", "technology")
    counts = {(account, name): n for account, name, n in there.annotate(n=Count("id"))}
    for pair in pairs:
        done, failed = read.get(pair, (None, None))
        late = bool(failed and (done is None or failed > done))
        hours = round((moment - done).total_seconds() / 3600, 1) if done else None
        yield *pair, counts.get(pair, 0), done, hours, "yes" if late else "no"


def gaps(question: Question, pairs: Sequence[tuple[int, str]]) -> Iterator[Row]:
    """Yield what could not be read."""
    wanted = set(pairs)
    rows = Gap.objects.filter(at(question.moment), account__in={one for one, _ in wanted})
    columns = ("account_id", "technology", "place", "part", "operation", "code", "reason", "since")
    for row in rows.order_by("account_id", "technology", "since", "pk").values_list(*columns):
        if row[:2] in wanted:
            yield *row[:6], question.cover(row[6]), row[7]


def blind_places(
    question: Question, known: Knowledge, pairs: Sequence[tuple[int, str]]
) -> Iterator[tuple[str, int, str, str, datetime]]:
    """Yield where a rule had no answer because part of a slice could not be listed."""
    keys = {version.rule_id: version.rule.key for version in known.versions}
    rows = BlindSpot.objects.filter(at(question.moment), item=None, rule__in=list(keys))
    columns = ("rule_id", "account_id", "technology", "reason", "since")
    wanted = set(pairs)
    for rule, account, technology, reason, since in rows.order_by(
        "rule__key", "account_id", "technology", "pk"
    ).values_list(*columns):
        if (account, technology) in wanted:
            yield keys[rule], account, technology, question.cover(reason), since
