"""Which rules ail, and of what: silence, acceptance, failures, blindness, slowness."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.utils import timezone

from accounts.seeing import visible
from audits.models import BlindSpot, Effort, Issue, Rule
from audits.traits import Trait, traits
from items.models import Item

SILENT_DAYS = 90
# Of a rule with fewer open issues, that they are accepted says little.
LEAST_ISSUES, MOSTLY = 5, 0.9
# What is judged seldom, or for the first time, is slow without meaning it.
LEAST_ITEMS, SLOW_SECONDS, SLOW_STEPS = 50, 0.01, 50_000
# How a reason begins where the rule itself is at fault, and not what could not be read.
FAULTS = ("The rule failed", "The rule was stopped", "The rule is nested", "The rule took")
# Items that are compared where something common is sought.
LOOKED_AT = 300


class Ailment(models.TextChoices):
    """What may be wrong with a rule."""

    BROKEN = "broken", "fails or is stopped"
    BLIND = "blind", "has no answer"
    ACCEPTED = "accepted", "nearly all is justified"
    SILENT = "silent", f"found nothing for {SILENT_DAYS} days"
    SLOW = "slow", "slow"


MEANING = {
    Ailment.BROKEN: "Its expression ends in an error, or takes more than a rule may. Mend it.",
    Ailment.BLIND: "What it reads could not be read. Grant the permission, or let it ask for less.",
    Ailment.ACCEPTED: "People keep saying that this is meant. Let the rule leave it out.",
    Ailment.SILENT: "All is well, or the rule is dead. Its examples and the workbench tell which.",
    Ailment.SLOW: "It takes far longer than others do. Let it look up less.",
}


@dataclass(frozen=True)
class Sick:
    """One rule with one ailment."""

    rule: int
    ailment: Ailment
    count: int
    """What it is measured by: issues, blind spots, days; the more, the worse."""
    words: str


@dataclass(frozen=True)
class Examination:
    """Looks at the rules in force, as far as somebody may see what came of them."""

    user: Any
    now: datetime

    @classmethod
    def by(cls, user: Any) -> "Examination":
        return cls(user, timezone.now())

    @cached_property
    def rules(self) -> dict[int, Rule]:
        rows = visible(Rule.objects.all(), self.user).filter(state=Rule.State.ACTIVE)
        return {rule.pk: rule for rule in rows.exclude(active=None).select_related("active")}

    @cached_property
    def found(self) -> list[Sick]:
        """Every ailment of every rule, the worst of each kind first."""
        every = [*self._spots(), *self._accepted(), *self._silent(), *self._slow()]
        order = list(Ailment)
        known = [one for one in every if one.rule in self.rules]
        return sorted(known, key=lambda one: (order.index(one.ailment), -one.count, one.rule))

    def sick(self, ailments: Iterable[str]) -> set[int]:
        """Return the rules that have one of the ailments."""
        wanted = set(ailments)
        return {one.rule for one in self.found if one.ailment in wanted}

    # -- one question a kind -----------------------------------------------------------------

    def _spots(self) -> list[Sick]:
        fault = Q()
        for beginning in FAULTS:
            fault |= Q(reason__startswith=beginning)
        rows = visible(BlindSpot.objects.filter(until=None), self.user).order_by()
        counted = rows.values_list("rule_id").annotate(
            broken=Count("pk", filter=fault), blind=Count("pk", filter=~fault), since=Min("since")
        )
        found = []
        for rule, broken, blind, since in counted:
            for ailment, count in ((Ailment.BROKEN, broken), (Ailment.BLIND, blind)):
                if count:
                    words = f"{_times(count)} without an answer, the oldest since {_day(since)}."
                    found.append(Sick(rule, ailment, count, words))
        return found

    def _accepted(self) -> list[Sick]:
        rows = visible(Issue.objects.open(), self.user).order_by().values_list("rule_id")
        counted = rows.annotate(n=Count("pk"), justified=Count("pk", filter=Q(justified=True)))
        return [
            Sick(rule, Ailment.ACCEPTED, justified, f"{justified} of {count} open issues.")
            for rule, count, justified in counted
            if count >= LEAST_ISSUES and justified >= MOSTLY * count
        ]

    def _silent(self) -> list[Sick]:
        start = self.now - timedelta(days=SILENT_DAYS)
        spoke = visible(Issue.objects.all(), self.user).filter(
            Q(fixed_at=None) | Q(fixed_at__gte=start)
        )
        speaking = set(spoke.order_by().values_list("rule_id", flat=True).distinct())
        living = dict(
            visible(Item.objects.living(), self.user)
            .order_by()
            .values_list("technology")
            .annotate(n=Count("pk"))
        )
        found = []
        for rule, since in self._in_force_since().items():
            version = self.rules[rule].active
            if rule in speaking or since > start or version is None:
                continue
            items = sum(living.get(name, 0) for name in version.technologies)
            held = f"held against {items} items" if items else "but there is nothing to judge"
            words = f"In force since {_day(since)}, {held}."
            found.append(Sick(rule, Ailment.SILENT, items, words))
        return found

    def _in_force_since(self) -> dict[int, datetime]:
        """Return since when each rule is in force without a break, in whatever version."""
        rows = Rule.history.filter(id__in=list(self.rules)).order_by("history_date", "history_id")
        since: dict[int, datetime] = {}
        for rule, state, at in rows.values_list("id", "state", "history_date"):
            if state == Rule.State.ACTIVE:
                since.setdefault(rule, at)
            else:
                since.pop(rule, None)
        return since

    def _slow(self) -> list[Sick]:
        rows = visible(Effort.objects.filter(version=F("rule__active")), self.user)
        found = []
        for rule, items, steps, seconds in (
            rows.order_by()
            .values_list("rule_id")
            .annotate(n=Sum("items"), all_steps=Sum("steps"), all_seconds=Sum("seconds"))
        ):
            if items < LEAST_ITEMS:
                continue
            each, taken = seconds / items, steps // items
            if each >= SLOW_SECONDS or taken >= SLOW_STEPS:
                words = f"{each * 1000:.3g} ms and {taken:,} steps an item, over {items:,} items."
                found.append(Sick(rule, Ailment.SLOW, round(each * 1_000_000), words))
        return found

    # -- what is accepted ---------------------------------------------------------------------

    def traits_of(self, rule: int) -> list[Trait]:
        """Return what the justified issues of a rule have in common, apart from what else is."""
        issues = visible(Issue.objects.open(), self.user).filter(rule=rule)
        accepted = self._items(issues.filter(justified=True))
        failing = self._items(issues.filter(justified=False))
        version = self.rules[rule].active
        technologies = version.technologies if version else []
        rest = visible(Item.objects.living(), self.user).filter(technology__in=technologies)
        flagged = issues.values("item")
        return traits(accepted, failing, _few(rest.exclude(pk__in=flagged)))

    def _items(self, issues: QuerySet[Issue]) -> Sequence[Item]:
        return _few(visible(Item.objects.all(), self.user).filter(pk__in=issues.values("item")))


def by_rule(found: Iterable[Sick]) -> dict[int, list[Sick]]:
    """Return the ailments of each rule."""
    rows: dict[int, list[Sick]] = defaultdict(list)
    for one in found:
        rows[one.rule].append(one)
    return rows


def _few(items: QuerySet[Item]) -> list[Item]:
    return list(items.select_related("account").order_by("pk")[:LOOKED_AT])


def _times(count: int) -> str:
    return "Once" if count == 1 else f"{count:,} times"


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y}"
