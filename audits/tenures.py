"""Note from when until when rules are held against a slice, and what running them takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from audits.models import Effort, RuleVersion, Tenure
from items.models import Run


@dataclass
class Spent:
    """What a version took on some items."""

    version: RuleVersion
    items: int = 0
    steps: int = 0
    seconds: float = 0

    def add(self, steps: int, seconds: float) -> None:
        """Count one more item."""
        self.items += 1
        self.steps += steps
        self.seconds += seconds


def begin_tenures(
    account: Account, technology: str, versions: Iterable[RuleVersion], at: datetime
) -> None:
    """Note that these versions, each the one of its rule in force, were run on a whole slice."""
    wanted = {version.pk: version.rule_id for version in versions}
    if not wanted:
        return
    here = {"account": account, "technology": technology}
    open_ones = Tenure.objects.filter(
        until=None, version__rule__in=set(wanted.values()), **here
    ).values_list("pk", "version_id")
    kept = {version for _, version in open_ones if version in wanted}
    over = [pk for pk, version in open_ones if version not in wanted]
    if over:
        Tenure.objects.filter(pk__in=over).update(until=at)
    Tenure.objects.bulk_create(
        Tenure(version_id=version, since=at, **here) for version in wanted if version not in kept
    )


def end_tenures(account: Account, technology: str, rules: Iterable[int], at: datetime) -> None:
    """Note that these rules are no longer held against a slice."""
    Tenure.objects.filter(
        until=None, account=account, technology=technology, version__rule__in=list(rules)
    ).update(until=at)


def note_efforts(run: Run, spent: Iterable[Spent]) -> None:
    """Add to what each version has taken on a slice; a new version begins anew.

    Who holds the slice is the only one to write here, so that reading before writing is safe.
    """
    here = {"account": run.account, "technology": run.technology}
    taken = {one.version.rule_id: one for one in spent}
    if not taken:
        return
    kept = {row.rule_id: row for row in Effort.objects.filter(rule__in=taken, **here)}
    rows = []
    for rule, one in taken.items():
        row = kept.get(rule)
        if row is None or row.version_id != one.version.pk:
            row = Effort(rule_id=rule, version=one.version, **here)
        row.items += one.items
        row.steps += one.steps
        row.seconds += one.seconds
        rows.append(row)
    for row in rows:
        row.pk = None
    Effort.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["account", "technology", "rule"],
        update_fields=["version", "items", "steps", "seconds"],
    )
