"""What is stored of items beside their issues: read at once, brought in step, written at once."""

from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

from django.db.models import Q

from audits.models import BlindSpot, Dependency, Exemption, Issue, RuleVersion
from audits.rulebook import looks_back
from items.earlier import before_last_change
from items.models import Item
from items.recording import BATCH
from items.writing import create, insert

# What most rules look at beside the item: one set for all of them.
NOWHERE: frozenset[tuple[str, str, str]] = frozenset()
LOOK = ("item_id", "rule_id", "shadow", "technology", "path", "value")


class Docket:
    """What is stored of a batch of items, for some rules: read at once, written at once."""

    def __init__(
        self, now: datetime, items: Sequence[Item], versions: Sequence[RuleVersion]
    ) -> None:
        self.now = now
        rules = [version.rule_id for version in versions]
        of_these = Q(item__in=items, rule__in=rules)
        self.issues: dict[tuple[int, int], list[Issue]] = defaultdict(list)
        for issue in Issue.objects.filter(of_these).select_related("version"):
            self.issues[issue.item_id, issue.rule_id].append(issue)
        self.spots = {
            (spot.item_id, spot.rule_id): spot
            for spot in BlindSpot.objects.filter(of_these, until=None)
        }
        self.exemptions = {
            (one.item_id, one.rule_id): one
            for one in Exemption.objects.filter(of_these, until=None)
        }
        self.had = {
            tuple(look): pk
            for pk, *look in Dependency.objects.filter(of_these).values_list("pk", *LOOK)
        }
        past = any(looks_back(version) for version in versions)
        self.previous = before_last_change(items) if past else {}
        self.looks: dict[tuple[int, int, bool], Set[tuple[str, str, str]]] = {}
        """What was looked at, by item, rule, and whether the version in shadow looked."""
        self.facts: dict[str, Any] = {}
        """Of the item that is judged now."""
        self._clear: list[int] = []
        self._held_again: list[int] = []
        self._exempt: list[Exemption] = []
        self._lost: list[BlindSpot] = []
        self._changed: list[BlindSpot] = []

    def lose_sight(self, item: Item, version: RuleVersion, reason: str) -> None:
        """Note that the rule has no answer for the item."""
        self._hold_again(item, version)
        spot = self.spots.get((item.pk, version.rule_id))
        if spot is None:
            self._lost.append(
                BlindSpot(
                    rule_id=version.rule_id,
                    account_id=item.account_id,
                    technology=item.technology,
                    item=item,
                    reason=reason[:2000],
                    since=self.now,
                )
            )
        elif spot.reason != reason[:2000]:
            spot.reason = reason[:2000]
            self._changed.append(spot)

    def see(self, item: Item, version: RuleVersion) -> None:
        """Note that the rule has an answer for the item, or needs none."""
        self._hold_again(item, version)
        self._clear_spot(item, version)

    def exempt(self, item: Item, version: RuleVersion, by_setting: bool) -> None:
        """Note that the rule does not apply to the item."""
        self._clear_spot(item, version)
        present = self.exemptions.get((item.pk, version.rule_id))
        if present and present.by_setting == by_setting:
            return
        self._hold_again(item, version)
        self._exempt.append(
            Exemption(
                rule_id=version.rule_id,
                account_id=item.account_id,
                technology=item.technology,
                item=item,
                by_setting=by_setting,
                since=self.now,
            )
        )

    def _clear_spot(self, item: Item, version: RuleVersion) -> None:
        spot = self.spots and self.spots.get((item.pk, version.rule_id))
        if spot:
            self._clear.append(spot.pk)

    def _hold_again(self, item: Item, version: RuleVersion) -> None:
        exemption = self.exemptions and self.exemptions.get((item.pk, version.rule_id))
        if exemption:
            self._held_again.append(exemption.pk)

    def save(self) -> None:
        BlindSpot.objects.filter(pk__in=self._clear).update(until=self.now)
        if self._held_again:
            Exemption.objects.filter(pk__in=self._held_again).update(until=self.now)
        create(self._exempt)
        create(self._lost)
        BlindSpot.objects.bulk_update(self._changed, ["reason"], batch_size=BATCH)
        wanted = {(*who, *look) for who, looks in self.looks.items() for look in looks}
        dropped = [
            pk for key, pk in self.had.items() if key not in wanted and key[:3] in self.looks
        ]
        Dependency.objects.filter(pk__in=dropped).delete()
        insert(Dependency, LOOK, sorted(wanted - set(self.had)))
