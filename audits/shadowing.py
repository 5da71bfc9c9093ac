"""Keep what versions in shadow find: shown to who edits the rule, and nothing else follows."""

from collections.abc import Iterable, Sequence
from typing import Any

from audits.engine import Outcome, Verdict
from audits.models import Dependency, Judged, RuleVersion, ShadowFinding
from items.models import Item, Run
from items.recording import BATCH

Kept = dict[str, ShadowFinding]
"""What a version finds in an item, by fingerprint; under an empty one why it has no answer."""

SHOWN = ("score", "notes", "evidence", "unknown")
BEGUN = "rule="
"""The stamp of a trial that has not been run on the whole slice."""


class Trial:
    """What versions in shadow find in a batch of items: read at once, written at once."""

    def __init__(self, run: Run, items: Sequence[Item], versions: Sequence[RuleVersion]) -> None:
        self.run, self.rules = run, [version.rule_id for version in versions]
        self._kept: dict[tuple[int, int], Kept] = {}
        self._gone: list[int] = []
        self._written: list[ShadowFinding] = []
        rows = ShadowFinding.objects.filter(item__in=items, version__in=versions)
        for row in rows if versions else ():
            self._kept.setdefault((row.item_id, row.version_id), {})[row.fingerprint] = row

    def agree(self, item: Item, version: RuleVersion, score: int, verdict: Verdict | None) -> None:
        """Keep what the version finds now; None: it is not held against the item at all.

        What it found before stays while it has no answer.
        """
        kept = self._kept.get((item.pk, version.pk), {})
        found: set[str] = set()
        if verdict is not None and verdict.outcome == Outcome.UNKNOWN:
            reason = verdict.reason[:2000]
            self._keep(kept, self._row(item, version, "", 0, notes=reason, unknown=True))
            found = {*kept, ""}
        elif verdict is not None:
            for one in verdict.findings:
                row = self._row(item, version, one.fingerprint, score, notes=one.notes)
                row.evidence = one.evidence
                self._keep(kept, row)
                found.add(one.fingerprint)
        self._gone += [row.pk for key, row in kept.items() if key not in found]

    def _row(
        self,
        item: Item,
        version: RuleVersion,
        fingerprint: str,
        score: int,
        notes: str,
        unknown: bool = False,
    ) -> ShadowFinding:
        return ShadowFinding(
            item=item,
            version=version,
            fingerprint=fingerprint,
            score=score,
            notes=notes,
            unknown=unknown,
            since=self.run.started_at,
        )

    def _keep(self, kept: Kept, row: ShadowFinding) -> None:
        old = kept.get(row.fingerprint)
        if old is None or any(getattr(old, name) != getattr(row, name) for name in SHOWN):
            self._written.append(row)

    def save(self) -> None:
        """Write what differs; ``since`` stays as it was first found."""
        if not (self._gone or self._written):
            return
        for start in range(0, len(self._gone), BATCH):
            ShadowFinding.objects.filter(pk__in=self._gone[start : start + BATCH]).delete()
        ShadowFinding.objects.bulk_create(
            self._written,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["version", "item", "fingerprint"],
            update_fields=SHOWN,
        )
        # So that the end of the trial finds what it left, though this run never comes to its end.
        Judged.objects.bulk_create(
            [
                Judged(rule_id=rule, shadow=True, stamp=BEGUN, **_place(self.run))
                for rule in self.rules
            ],
            ignore_conflicts=True,
        )


def end_trials(run: Run, ended: Sequence[int], standing: Iterable[RuleVersion]) -> None:
    """Drop what is left in a slice of versions that are in shadow no more.

    ``ended`` are rules of which nothing is in shadow here; of the rules of ``standing``
    another version was. The slice is leased: nobody writes there meanwhile.
    """
    standing = list(standing)
    rules = [*ended, *(version.rule_id for version in standing)]
    if not rules:
        return
    place = _place(run)
    items = {f"item__{name}": value for name, value in place.items()}
    found = ShadowFinding.objects.filter(version__rule__in=rules, **items)
    found.exclude(version__in=standing).delete()
    if ended:
        Dependency.objects.filter(rule__in=ended, shadow=True, **items).delete()
        Judged.objects.filter(rule__in=ended, shadow=True, **place).delete()


def _place(run: Run) -> dict[str, Any]:
    return {"account": run.account, "technology": run.technology}
