"""Why a verdict that was made again is not what was noted then."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q

from accounts.models import Account, KnownNetwork
from audits.engine import Outcome, Verdict
from audits.evidence.knowledge import Knowledge
from audits.evidence.noting import Noted
from audits.evidence.past import MOVES, PastSlice, Stood
from audits.models import ReferenceTable, Rule, RuleSetting, RuleVersion
from audits.reading import EVERYTHING
from audits.rulebook import depends_on_time, tables_of
from audits.then import NOT_LOOKED_UP
from items.models import Item, Run

NOT_KEPT = "not kept"
NOT_RUN = "not run yet"
INPUT = "an input changed"
OTHERS = "other items changed"
TIME = "time passed"
BROKEN = "a judging failed"
NO_ANSWER = "no answer"
UNEXPLAINED = "not explained"
"""The kinds of reasons."""


class Reason(NamedTuple):
    """Why two verdicts differ."""

    kind: str
    text: str


class Span(NamedTuple):
    """When an item was judged last, up to a moment."""

    began: datetime
    ended: datetime


class Reasons:
    """Finds reasons for what differs in one slice; asks only where something does."""

    def __init__(self, past: PastSlice, knowledge: Knowledge) -> None:
        self.past, self.knowledge, self.moment = past, knowledge, past.moment
        self._looked_at: dict[datetime, Span] = {}

    def of(
        self,
        item: Stood,
        version: RuleVersion,
        verdict: Verdict,
        noted: Noted,
        looked: frozenset[str],
    ) -> Reason:
        """Return the first reason that accounts for the difference."""
        if verdict.reason == NOT_LOOKED_UP or verdict.reason.endswith(MOVES):
            return Reason(NOT_KEPT, verdict.reason)
        if not noted.run:
            text = f"Version {version.number} had not been run on the whole slice yet."
            return Reason(NOT_RUN, text)
        span = self._judged(item)
        found = self._failed(span) or self._changed(version, span) or self._moved(looked, span)
        if found:
            return found
        if depends_on_time(version) and span.began < self.moment:
            return Reason(TIME, "It reads the time, and is asked once a day.")
        if verdict.outcome == Outcome.UNKNOWN:
            return Reason(NO_ANSWER, verdict.reason)
        if noted.blind is not None:
            return Reason(NO_ANSWER, f"There was no answer then: {noted.blind}")
        return Reason(UNEXPLAINED, "Nothing that is kept explains it.")

    def _judged(self, item: Stood) -> Span:
        """Return when an item was judged last: with its revision, or with the whole slice."""
        if self._last and self._last.began >= item.since:
            return self._last
        if item.since not in self._looked_at:
            ended = self._runs.filter(started_at=item.since).values_list("ended_at", flat=True)
            self._looked_at[item.since] = Span(item.since, ended.first() or item.since)
        return self._looked_at[item.since]

    @property
    def _runs(self) -> Any:
        return Run.objects.filter(
            account=self.past.account, technology=self.past.technology
        ).order_by("-started_at")

    @cached_property
    def _last(self) -> Span | None:
        done = self._runs.filter(
            kind=Run.Kind.JUDGED, state=Run.State.DONE, started_at__lte=self.moment
        )
        found = done.values_list("started_at", "ended_at").first()
        return Span(found[0], found[1] or found[0]) if found else None

    @cached_property
    def _unfinished(self) -> list[datetime]:
        runs = self._runs.exclude(state=Run.State.DONE).filter(started_at__lte=self.moment)
        return list(runs.values_list("started_at", flat=True)[:1000])

    def _failed(self, span: Span) -> Reason | None:
        after = [began for began in self._unfinished if began > span.began]
        if not after:
            return None
        return Reason(BROKEN, f"What began at {_said(after[0])} did not end well.")

    def _changed(self, version: RuleVersion, span: Span) -> Reason | None:
        """Return what changed after it was judged, or while it was."""
        end = max(self.moment, span.ended)
        for what, moments in self._inputs(version):
            for when in moments:
                if span.began < when <= end:
                    late = "while" if when > self.moment else "after"
                    said = f"{what} changed at {_said(when)}, {late} it was judged."
                    return Reason(INPUT, said)
        return None

    def _inputs(self, version: RuleVersion) -> Iterator[tuple[str, list[datetime]]]:
        of_rule = RuleSetting.history.filter(rule=version.rule_id)
        yield "A setting of the rule", self._dates("setting", version.rule_id, of_rule)
        keys = tables_of(version)
        if keys:
            rows = ReferenceTable.history.all()
            rows = rows if EVERYTHING in keys else rows.filter(key__in=keys)
            yield "A table that it reads", self._dates("table", version.rule_id, rows)
        yield "An account or its groups", self._dates("account", 0, Account.history.all())
        yield "A known network", self._dates("network", 0, KnownNetwork.history.all())
        rule = Rule.history.filter(id=version.rule_id)
        yield "The rule", self._dates("rule", version.rule_id, rule)

    def _dates(self, what: str, key: int, rows: Any) -> list[datetime]:
        kept = self.knowledge.changes
        if (what, key) not in kept:
            dates = rows.order_by("history_date").values_list("history_date", flat=True)
            kept[what, key] = list(dates)
        return kept[what, key]

    def _moved(self, looked: Iterable[str], span: Span) -> Reason | None:
        """Return when what was looked up became otherwise after it was judged."""
        names = frozenset(looked)
        if not names:
            return None
        rows = Item.history.filter(
            Q(history_date__gt=span.began, history_date__lte=max(self.moment, span.ended)),
            technology__in=names,
        )
        when = rows.order_by("history_date").values_list("history_date", flat=True).first()
        if when is None:
            return None
        said = f"What it looks up changed at {_said(when)}, after it was judged."
        return Reason(OTHERS, said)


def _said(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
