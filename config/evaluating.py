"""Hold a configuration that is not stored against the rules of its technology. Only reads."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from accounts.admin import Curtain, reach
from accounts.models import Account
from audits.engine import Outcome, Verdict, evaluate
from audits.facts import facts_of
from audits.functions.base import Context, Reader
from audits.models import severity
from audits.querying import Closed
from audits.rulebook import Rulebook
from audits.world import World
from items.canonical import canonical, sealed
from items.paths import steps
from items.watchers import watchers


def evaluate_config(
    account: Account, technology: str, config: dict[str, Any], name: str, by: Any
) -> list[dict[str, Any]]:
    """Return what each rule in force says of a configuration, as if it stood in the account.

    Settings hold as for an item of that name. Other items are looked at only for who may see
    all of them; else what must look at them is unknown.
    """
    now = timezone.now()
    book = Rulebook.of(account, technology, now.date())
    secret = tuple(steps(path) for path in watchers[technology].secret)
    row: Any = SimpleNamespace(
        account_id=account.pk,
        technology=technology,
        uid=name,
        name=name,
        full_name=name,
        region="",
        config=sealed(canonical(config), secret),
    )
    sees_all = reach(by, "items.view_item") is None
    reader: Reader = World(account).reader() if sees_all else Closed()
    curtain = Curtain(by)
    found = []
    for version in book.versions:
        holds = book.in_force(version, row)
        if not holds.on:
            continue
        facts = facts_of(row, account, now, book.known, book.tables)
        verdict = evaluate(version, Context(**facts, parameters=holds.parameters, reader=reader))
        found.append(_told(version, holds.score, verdict, curtain))
    return sorted(found, key=lambda one: (one["outcome"] != Outcome.FAIL, -one["score"]))


def _told(version: Any, score: int, verdict: Verdict, curtain: Curtain) -> dict[str, Any]:
    return {
        "rule": version.rule_id,
        "key": version.rule.key,
        "title": version.title,
        "score": score,
        "severity": severity(score),
        "outcome": str(verdict.outcome),
        "reason": curtain(verdict.reason),
        "findings": [{"notes": one.notes, "evidence": one.evidence} for one in verdict.findings],
    }
