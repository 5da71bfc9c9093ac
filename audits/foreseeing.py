"""What justifications would do with the issues that a text keeps, opens and closes. Only reads."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Count

from audits.accepted import Accepted
from audits.models import Coverage, Justification, Rule
from audits.reaching import widened


class Held(NamedTuple):
    """What would become of the justifications of an issue that goes on."""

    lapsed: list[list[Any]]
    """For each that lapses, what is new."""
    justified: bool


class Foreseen:
    """The justifications of a rule, with what they would cover after each batch.

    A bound is reached in the order of batches. Where two processes look each has the whole
    room of a pattern, so that more may be foreseen as covered than its bound.
    """

    def __init__(self, rule: Rule | None) -> None:
        self.rule = rule.pk if rule else 0
        found = list(Accepted.rows([self.rule])) if rule else []
        self.accepted = Accepted(found)
        self.bounded = {one.pk: one for one in found if one.bound is not None}
        self.counts = self._counts()
        self._open: dict[int, list[Coverage]] = {}
        self._left: set[tuple[int, int]] = set()

    def _counts(self) -> Counter[int]:
        if not self.bounded:
            return Counter()
        rows = Coverage.objects.filter(
            justification__in=self.bounded, until=None, issue__fixed_at=None
        )
        counted = rows.order_by().values_list("justification").annotate(n=Count("pk"))
        return Counter(dict(counted))

    def read(self, justified: Iterable[int], back: Iterable[int], closed: Iterable[int]) -> None:
        """Read what covers the issues of a batch; what it closes makes room under a bound."""
        self._open, self._left = defaultdict(list), set()
        justified, back = list(justified), list(back)
        for coverage in (
            Coverage.objects.filter(issue__in=justified, until=None) if justified else ()
        ):
            self._open[coverage.issue_id].append(coverage)
        if back:
            past = Coverage.objects.filter(issue__in=back, until__isnull=False)
            self._left = set(past.values_list("issue_id", "justification_id"))
        if self.bounded:
            self._make_room(closed)

    def _make_room(self, closed: Iterable[int]) -> None:
        gone = Coverage.objects.filter(
            issue__in=list(closed), until=None, justification__in=self.bounded
        )
        for pk in gone.values_list("justification_id", flat=True):
            self.counts[pk] -= 1

    def hold(self, issue: int, extent: list[Any], back: bool) -> Held:
        """Tell what becomes of the justifications of an issue; ``back``: it was fixed once."""
        lapsed, kept = [], False
        for coverage in self._open.get(issue, ()):
            new = widened(coverage.extent, extent)
            bounded = self.bounded.get(coverage.justification_id)
            if new:
                lapsed.append(new)
                if bounded and not back:
                    self.counts[bounded.pk] -= 1
            if new or (back and bounded and not self._has_room(bounded)):
                self._left.add((issue, coverage.justification_id))
            else:
                kept = True
        return Held(lapsed, kept)

    def covers(self, item: Any, score: int, extent: list[Any], issue: int = 0) -> bool:
        """Say whether what comes on an item is covered by what stands; ``issue``: it is back."""
        known = {one.justification_id for one in self._open.get(issue, ())}
        found = False
        for one in self.accepted.of(self.rule, item.pk, item, score, extent):
            if one.pk in known or (issue, one.pk) in self._left or one.over_at:
                continue
            found = self._has_room(one) or found
        return found

    def _has_room(self, one: Justification) -> bool:
        if one.bound is None:
            return True
        if self.counts[one.pk] < one.bound:
            self.counts[one.pk] += 1
            return True
        return False
