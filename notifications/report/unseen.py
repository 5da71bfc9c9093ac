"""What a report cannot speak of: checks without an answer, gaps, and what was not read lately."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from accounts.ledger import broken_lately, end_of_ledger
from accounts.models import Account
from audits.models import Rule
from audits.standing import standing
from items.models import Gap, Run, WatcherSetting
from items.naming import technology_label
from items.watchers import watched_in
from notifications.report.scope import Scope

NAMED = 5
# What was read last so long ago is named.
LATELY = timedelta(days=1)


def unseen(scope: Scope) -> dict[str, Any]:
    """Return the share of checks with an answer, the widest gaps, and what is not read lately."""
    gaps = scope.going_on(Gap)
    return {
        "answers": _answers(scope),
        "gaps": {
            "count": gaps.count(),
            "link": scope.link("gaps"),
            "named": [
                {
                    "account": gap.account.name,
                    "technology": technology_label(gap.technology),
                    "place": gap.place,
                    "reason": gap.code,
                    "items": gap.count,
                    "days": (scope.at - gap.since).days,
                }
                for gap in gaps.select_related("account").order_by("-count", "since")[:NAMED]
            ],
        },
        "unread": _unread(scope),
    }


def _answers(scope: Scope) -> dict[str, Any]:
    wanted = scope.rules
    rules = Rule.objects.values_list("pk", flat=True) if wanted is None else wanted
    found = standing(scope.at, [one.pk for one in scope.watched], rules)
    chosen = set(scope.told.technologies)
    cells = [
        tally for cell, tally in found.cells.items() if not chosen or cell.technology in chosen
    ]
    answered = sum(tally.answered for tally in cells)
    silent = sum(tally.silent for tally in cells)
    share = None
    if answered + silent:
        exact = 100 * answered / (answered + silent)
        share = 100.0 if not silent else min(99.9, round(exact, 1))  # Not all is never 100 %.
    return {"share": share, "checks": answered + silent, "silent": silent}


def _unread(scope: Scope) -> list[dict[str, Any]]:
    """Return each account of which something was not read for a day, or never, the oldest first."""
    runs = scope.seen(Run).filter(kind=Run.Kind.LOOKED, started_at__lte=scope.at)
    runs = runs.filter(account__in=[one.pk for one in scope.watched])
    done = Q(state=Run.State.DONE, ended_at__lte=scope.at)
    slices = runs.order_by().values_list("account", "technology")
    read: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    for account, technology, last in slices.annotate(last=Max("started_at", filter=done)):
        read[account][technology] = last
    settings = list(WatcherSetting.objects.all())
    rows = []
    for account in scope.watched:
        if not _asked(scope, account):
            continue
        its = {
            name: last
            for name, last in read[account.pk].items()
            if WatcherSetting.among(settings, account, name).on
        }
        old = {name: last for name, last in its.items() if last is None or scope.at - last > LATELY}
        if not old and its:
            continue
        known = [last for last in old.values() if last is not None]
        oldest = min(known) if known and len(known) == len(old) else None
        rows.append(
            {
                "account": account.name,
                "technologies": len(old),
                "of": len(its),
                "named": sorted(technology_label(name) for name in old)[:NAMED],
                "read": oldest.isoformat() if oldest else None,
                "hours": int((scope.at - oldest).total_seconds() // 3600) if oldest else None,
                "link": scope.link("runs", account=account.pk),
            }
        )
    return sorted(rows, key=lambda row: (row["read"] or "", row["account"]))


def _asked(scope: Scope, account: Account) -> bool:
    """Say whether anything that was chosen can be read in an account of its type."""
    chosen = scope.told.technologies
    return not chosen or any(name in chosen for name in watched_in(account.type))


def ledger() -> dict[str, Any]:
    """Return the ledger's end, to be kept where nobody can change it, and where it is broken."""
    fault = broken_lately()
    return {"ledger": {"head": end_of_ledger(), "fault": fault.says if fault else ""}}
