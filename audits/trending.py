"""Why the open score moved, week by week, with its causes told apart.

The open score is the sum of what is open and not justified. It is not stored: what happened to
each issue is walked through in order, and each step that changed what the issue adds to the
score, or whether it counts at all, is put to a cause. So the score at the start and the causes
always come to the score at the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db.models import QuerySet, TextChoices

from audits.models import Cause, Issue, IssueEvent, What

WEEK = timedelta(days=7)
WEEKS = 12


class Why(TextChoices):
    """Why the score moved, as somebody asks who has to answer for it."""

    BETTER = "better", "Cloud got better"
    WORSE = "worse", "Cloud got worse"
    RULE = "rule", "Rule changed"
    JUSTIFIED = "justified", "Justified"
    COVERAGE = "coverage", "Coverage changed"


# Whoever changes a setting, a network or a table changes what is asked for, as with a rule.
_OURS = {Cause.RULE, Cause.SETTING, Cause.CONTEXT}
# A decision, or its end. A lapse is none: what is out there reaches further than was accepted.
_DECIDED = {What.JUSTIFIED, What.WITHDRAWN, What.ENDED}
_OPENING = {What.OPENED, What.REOPENED}
_UNCOVERING = {What.WITHDRAWN, What.LAPSED, What.ENDED}
_FIELDS = ("issue_id", "at", "what", "cause", "score", "version_id")


class Step(NamedTuple):
    """One change of what an issue adds to the score."""

    issue: int
    at: datetime
    why: Why
    by: int
    net: int
    """1 where it came to what is open and not justified, -1 where it left it."""
    what: str
    version: int


@dataclass
class Sum:
    """What one cause came to."""

    by: int = 0
    up: int = 0
    """What it added, without what it took away."""
    net: int = 0
    """How many more are open and not justified."""
    issues: set[int] = field(default_factory=set)
    whats: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How often what happened, by what it was."""
    versions: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """How much each version of a rule moved."""

    def add(self, step: Step) -> None:
        self.by += step.by
        self.up += max(0, step.by)
        self.net += step.net
        self.issues.add(step.issue)
        self.whats[step.what] += 1
        self.versions[step.version] += step.by

    @property
    def down(self) -> int:
        return self.by - self.up


@dataclass
class Week:
    """Seven days: the score before and after, and what each cause came to."""

    since: datetime
    until: datetime
    start: int = 0
    end: int = 0
    causes: dict[Why, Sum] = field(default_factory=lambda: {why: Sum() for why in Why})


def trend(
    issues: QuerySet[Issue], now: datetime, weeks: int = WEEKS, score: int | None = None
) -> list[Week]:
    """Return the last ``weeks`` times seven days of the score of some issues, the oldest first.

    ``now`` may lie in the past. ``score`` is that of then, where it is known; else today's, less
    what moved it since.
    """
    first = now - weeks * WEEK
    found = [Week(first + n * WEEK, first + (n + 1) * WEEK) for n in range(weeks)]
    until = None if score is None else now
    score = score_of(issues) if score is None else score
    for step in steps(issues, first, until):
        if step.at > now:
            score -= step.by
            continue
        place = min((step.at - first) // WEEK, weeks - 1)
        found[place].causes[step.why].add(step)
    for week in reversed(found):
        week.end = score
        score -= sum(cause.by for cause in week.causes.values())
        week.start = score
    return found


def score_of(issues: QuerySet[Issue]) -> int:
    """Return the open score: of what is open and not justified."""
    scores = issues.filter(fixed_at=None, justified=False).order_by().values_list("score")
    return sum(scores.values_list("score", flat=True))


def steps(
    issues: QuerySet[Issue], since: datetime, until: datetime | None = None
) -> Iterator[Step]:
    """Yield what moved the score of some issues from a moment on, up to another or to today.

    What came before is read only of issues to which something happened since.
    """
    known = IssueEvent.objects.exclude(what=What.ASSIGNED)
    known = known if until is None else known.filter(at__lte=until)
    moved = known.filter(at__gte=since).values("issue")
    wanted = issues.filter(pk__in=moved).order_by().values("pk")
    events = known.filter(issue__in=wanted)
    # By the key: by "issue" would follow the order in which issues are listed.
    rows = events.order_by("issue_id", "at", "pk").values_list(*_FIELDS)
    for _, lines in groupby(rows.iterator(chunk_size=5000), key=lambda row: row[0]):
        yield from (step for step in _steps(lines) if step.at >= since)


def _steps(lines: Iterable[tuple[int, datetime, str, str, int, int]]) -> Iterator[Step]:
    """Walk through what happened to one issue."""
    is_open = justified = counted = False
    before = 0
    for issue, at, what, cause, score, version in lines:
        if what in _OPENING:
            is_open = True
        elif what == What.FIXED:
            is_open = False
        elif what == What.JUSTIFIED:
            justified = True
        elif what in _UNCOVERING:
            justified = False
        counts = is_open and not justified
        after, net = (score if counts else 0), counts - counted
        if after != before or net:
            by = after - before
            yield Step(issue, at, why(what, cause, by or net), by, net, what, version)
        before, counted = after, counts


def why(what: str, cause: str, by: int) -> Why:
    """Return to what a change of the score is put.

    Time is the cloud's: a key that grows old is out there. What a person does that is no
    decision, and what has no cause of its own, does not move the score.
    """
    if what in _DECIDED:
        return Why.JUSTIFIED
    if cause in _OURS:
        return Why.RULE
    if cause == Cause.COVERAGE:
        return Why.COVERAGE
    return Why.WORSE if by > 0 else Why.BETTER
