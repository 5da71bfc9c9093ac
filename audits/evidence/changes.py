"""What changed within a period: in the cloud, of issues and rules, and what decides beside them."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from accounts.models import KnownNetwork, User
from audits.evidence.knowledge import Knowledge
from audits.evidence.question import Question
from audits.evidence.surroundings import group_names
from audits.models import IssueEvent, ReferenceTable, Rule, RuleSetting, RuleVersion
from items.models import Item, Kind

CHANGES = ("at", "kind", "what", "account", "technology", "item", "rule", "by", "about")
CHUNK = 1000
DONE = {"+": "made", "~": "changed", "-": "removed"}

Change = tuple[datetime, str, int, tuple[Any, ...]]
"""When, which kind, its key (for a fixed order), and the other cells."""


def changes(
    question: Question, known: Knowledge, pairs: Sequence[tuple[int, str]]
) -> Iterator[tuple[Any, ...]]:
    """Yield every change after ``since`` up to the moment, in order of time."""
    people = dict(User.objects.values_list("pk", "username"))
    streams = [
        _items(question, pairs),
        _issues(question, known, pairs, people),
        _rules(question, known, people),
        _settings(question, known, people),
        _tables(question, known, people),
        _networks(question, people),
    ]
    for at, kind, _, cells in heapq.merge(*streams, key=lambda one: one[:3]):
        yield at, kind, *cells


def _between(question: Question, name: str) -> dict[str, datetime]:
    return {f"{name}__gt": question.since, f"{name}__lte": question.moment}


def _items(question: Question, pairs: Sequence[tuple[int, str]]) -> Iterator[Change]:
    wanted = set(pairs)
    rows = Item.history.filter(
        account__in={account for account, _ in wanted},
        technology__in={technology for _, technology in wanted},
        **_between(question, "history_date"),
    ).exclude(kind=Kind.COMPLETED)
    columns = ("history_date", "history_id", "kind", "account_id", "technology", "id", "actor")
    for at, key, kind, account, technology, item, actor in (
        rows.order_by("history_date", "history_id").values_list(*columns).iterator(CHUNK)
    ):
        if (account, technology) in wanted:
            who = actor.get("who") or actor.get("name") if isinstance(actor, dict) else actor
            yield at, "item", key, (kind, account, technology, item, "", str(who or ""), "")


def _issues(
    question: Question,
    known: Knowledge,
    pairs: Sequence[tuple[int, str]],
    people: dict[int, str],
) -> Iterator[Change]:
    wanted, keys = set(pairs), {one.rule_id: one.rule.key for one in known.versions}
    rows = IssueEvent.objects.filter(
        issue__rule__in=list(keys),
        issue__item__account__in={account for account, _ in wanted},
        **_between(question, "at"),
    )
    columns = ("at", "pk", "what", "issue__item__account_id", "issue__item__technology")
    more = ("issue__item_id", "issue__rule_id", "person_id", "cause", "text")
    for at, key, what, account, technology, item, rule, person, cause, text in (
        rows.order_by("at", "pk").values_list(*columns, *more).iterator(CHUNK)
    ):
        if (account, technology) in wanted:
            about = question.cover(f"{cause}: {text}" if text else cause)
            who = people.get(person, "")
            yield at, "issue", key, (what, account, technology, item, keys[rule], who, about)


def _rules(question: Question, known: Knowledge, people: dict[int, str]) -> Iterator[Change]:
    keys = {one.rule_id: one.rule.key for one in known.versions}
    numbers = dict(RuleVersion.objects.filter(rule__in=list(keys)).values_list("pk", "number"))
    last: dict[int, tuple[Any, ...]] = {}
    rows = Rule.history.filter(id__in=list(keys), history_date__lte=question.moment)
    columns = ("history_date", "history_id", "id", "state", "active_id", "history_user_id")
    for at, key, rule, state, active, person in rows.order_by(
        "history_date", "history_id"
    ).values_list(*columns):
        same = last.get(rule) == (state, active)
        last[rule] = (state, active)
        if same or at <= question.since:
            continue
        what = f"version {numbers[active]}" if active in numbers else "no version"
        told = (state, "", "", "", keys[rule], people.get(person, ""), f"{what} in force")
        yield at, "rule", key, told


def _settings(question: Question, known: Knowledge, people: dict[int, str]) -> Iterator[Change]:
    keys = {one.rule_id: one.rule.key for one in known.versions}
    scope, groups = set(question.accounts), group_names(question, known)
    rows = RuleSetting.history.filter(
        rule__in=list(keys), **_between(question, "history_date")
    ).order_by("history_date", "history_id")
    for row in rows:
        if (row.account_id and row.account_id not in scope) or (
            row.group_id and row.group_id not in groups
        ):
            continue
        of = groups.get(row.group_id, "") or row.pattern or row.tag
        told = (DONE[row.history_type], row.account_id or "", "", "", keys[row.rule_id])
        who = people.get(row.history_user_id, "")
        yield row.history_date, "setting", row.history_id, (*told, who, f"{of}: {row.reason}")


def _tables(question: Question, known: Knowledge, people: dict[int, str]) -> Iterator[Change]:
    rows = ReferenceTable.history.filter(
        key__in=list(known.tables), **_between(question, "history_date")
    ).order_by("history_date", "history_id")
    columns = ("history_date", "history_id", "history_type", "key", "history_user_id")
    for at, key, kind, name, person in rows.values_list(*columns):
        yield at, "table", key, (DONE[kind], "", "", "", "", people.get(person, ""), name)


def _networks(question: Question, people: dict[int, str]) -> Iterator[Change]:
    rows = KnownNetwork.history.filter(**_between(question, "history_date"))
    columns = ("history_date", "history_id", "history_type", "cidr", "history_user_id")
    for at, key, kind, cidr, person in rows.order_by("history_date", "history_id").values_list(
        *columns
    ):
        yield at, "network", key, (DONE[kind], "", "", "", "", people.get(person, ""), cidr)
