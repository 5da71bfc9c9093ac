"""Which justifications that stand accept what is found later; the same for judging and for
looking ahead."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from audits.models import Justification, severity
from audits.models.rules import SEVERITIES
from audits.patterns import Pattern
from audits.reaching import widened
from audits.scoping import Scoped

RANK = {word: rank for rank, (_, word) in enumerate(reversed(SEVERITIES))}


class Accepted:
    """Justifications of a rule on an item, or where a pattern says so, that are in force."""

    def __init__(self, justifications: Iterable[Justification]) -> None:
        self._of_item: dict[tuple[int, int | None], list[Justification]] = defaultdict(list)
        self._patterns: dict[int, list[tuple[Pattern, Justification]]] = defaultdict(list)
        for one in justifications:
            if one.state != Justification.State.IN_FORCE:
                continue
            if one.scope == Justification.Scope.ITEM:
                self._of_item[one.rule_id, one.item_id].append(one)
            elif one.scope == Justification.Scope.PATTERN:
                self._patterns[one.rule_id].append((Pattern.of(one), one))

    @staticmethod
    def rows(
        rules: Iterable[int], account: int | None = None, items: Iterable[int] = ()
    ) -> QuerySet[Justification]:
        """Return those that may accept what the rules find, in one account on some items, or
        anywhere.
        """
        of_item = Q(scope=Justification.Scope.ITEM)
        patterns = Q(scope=Justification.Scope.PATTERN)
        if account is not None:
            of_item &= Q(item__in=items)
            patterns &= Q(account=account) | Q(account=None)
        return Justification.objects.filter(
            of_item | patterns, rule__in=rules, state=Justification.State.IN_FORCE
        )

    def of(
        self, rule: int, pk: int, item: Scoped, score: int, extent: Iterable[Any]
    ) -> list[Justification]:
        """Return those that accept a finding, their bounds left aside; ``pk`` is the item's."""
        found = list(self._of_item.get((rule, pk), ()))
        found += [one for pattern, one in self._patterns.get(rule, ()) if pattern.holds(item)]
        reach = list(extent)
        return [one for one in found if within(one, score, reach)]

    def has_pattern(self, rule: int) -> bool:
        """Say whether a pattern of the rule is among them."""
        return rule in self._patterns


def within(justification: Justification, score: int, extent: list[Any]) -> bool:
    """Say whether a finding is no graver and reaches no further than what was accepted."""
    most = justification.score
    if most is not None and RANK[severity(score)] > RANK[severity(most)]:
        return False
    reach = justification.extent
    return reach is None or not widened(reach, extent)
