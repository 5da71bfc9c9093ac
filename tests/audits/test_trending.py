"""Why the score moved: the causes come to the difference, and to nothing else."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.models import Cause, Issue, IssueEvent, What
from audits.reviewing import justify, withdraw
from audits.trending import WEEK, WEEKS, Why, trend
from tests.factories import IssueFactory, ItemFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

# What can happen next, by whether an issue is open.
UNCOVERING = (What.WITHDRAWN, What.LAPSED, What.ENDED)
NEXT = {
    False: (What.REOPENED, *UNCOVERING),
    True: (
        What.FIXED,
        What.RESCORED,
        What.UNKNOWN,
        What.KNOWN,
        What.JUSTIFIED,
        What.ASSIGNED,
        *UNCOVERING,
    ),
}
HAPPENINGS = st.lists(
    st.tuples(
        st.integers(0, 200), st.integers(0, 8), st.sampled_from(list(Cause)), st.integers(0, 10)
    ),
    min_size=1,
    max_size=8,
)


def lived(issue: Issue, happenings: list[tuple[int, int, Any, int]]) -> dict[int, int]:
    """Let an issue live through a history; return what it added to the score from which day on."""
    now = timezone.now()
    scores = {}
    made: list[IssueEvent] = []
    is_open = justified = False
    for days_ago, choice, cause, score in sorted(happenings, key=lambda one: -one[0]):
        options = NEXT[is_open] if made else (What.OPENED,)
        what = options[choice % len(options)]
        is_open = is_open or what in (What.OPENED, What.REOPENED)
        is_open = is_open and what != What.FIXED
        justified = (justified or what == What.JUSTIFIED) and what not in UNCOVERING
        if what not in (What.OPENED, What.REOPENED, What.RESCORED, What.KNOWN):
            score = issue.score
        issue.score = score
        made.append(
            IssueEvent(
                issue=issue,
                at=now - timedelta(days=days_ago),
                what=what,
                cause=cause,
                version=issue.version,
                score=score,
            )
        )
        scores[days_ago] = score if is_open and not justified else 0
    IssueEvent.objects.bulk_create(made)
    issue.justified, issue.fixed_at = justified, None if is_open else now
    issue.save()
    return scores


def score_at(histories: list[dict[int, int]], days_ago: int) -> int:
    """Return the score so many days ago, with what happened at that moment."""
    total = 0
    for history in histories:
        past = [days for days in history if days >= days_ago]
        total += history[min(past)] if past else 0
    return total


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(HAPPENINGS, min_size=1, max_size=4))
def test_the_start_and_the_causes_come_to_the_end(histories: list[Any]) -> None:
    Issue.objects.all().delete()
    version, item = a_rule().active, ItemFactory()
    lives = [lived(IssueFactory(version=version, item=item), one) for one in histories]
    weeks = trend(Issue.objects.all(), timezone.now() + timedelta(minutes=1))
    assert len(weeks) == WEEKS
    for number, week in enumerate(weeks):
        assert week.start + sum(one.by for one in week.causes.values()) == week.end
        assert week.start == score_at(lives, 7 * (WEEKS - number))
    for before, after in pairwise(weeks):
        assert before.end == after.start
    present = Issue.objects.unjustified().aggregate(n=Sum("score"))["n"] or 0
    assert weeks[-1].end == present == score_at(lives, 0)
    # Of a past moment whose score is known, nothing later is read, and it comes to the same.
    then = timezone.now() - timedelta(days=9, hours=12)
    past = trend(Issue.objects.all(), then)
    assert past == trend(Issue.objects.all(), then, score=score_at(lives, 10))


@pytest.mark.parametrize(
    ("what", "cause", "why"),
    [
        (What.OPENED, Cause.CLOUD, Why.WORSE),
        (What.OPENED, Cause.TIME, Why.WORSE),
        (What.OPENED, Cause.RULE, Why.RULE),
        (What.OPENED, Cause.SETTING, Why.RULE),
        (What.OPENED, Cause.CONTEXT, Why.RULE),
        (What.OPENED, Cause.COVERAGE, Why.COVERAGE),
        (What.FIXED, Cause.CLOUD, Why.BETTER),
        (What.FIXED, Cause.TIME, Why.BETTER),
        (What.FIXED, Cause.RULE, Why.RULE),
        (What.FIXED, Cause.COVERAGE, Why.COVERAGE),
        (What.RESCORED, Cause.SETTING, Why.RULE),
        (What.JUSTIFIED, Cause.PERSON, Why.JUSTIFIED),
    ],
)
def test_each_cause_is_told_apart(what: What, cause: Cause, why: Why) -> None:
    issue = IssueFactory(score=5)
    now = timezone.now()

    def happens(what: What, cause: Cause, days_ago: int, score: int = 5) -> None:
        at = now - timedelta(days=days_ago)
        IssueEvent.objects.create(
            issue=issue, at=at, what=what, cause=cause, version=issue.version, score=score
        )

    if what != What.OPENED:
        happens(What.OPENED, Cause.CLOUD, 100)
    happens(what, cause, 1, 7 if what == What.RESCORED else 5)
    week = trend(Issue.objects.all(), now)[-1]
    moved = {name: one.by for name, one in week.causes.items() if one.by}
    by = {What.OPENED: 5, What.RESCORED: 2}.get(what, -5)
    assert moved == {why: by}
    assert week.causes[why].issues == {issue.pk}


def test_what_is_decided_and_taken_back_in_a_week_is_one_cause() -> None:
    issue = IssueFactory(score=8, opened_at=timezone.now() - 2 * WEEK)
    IssueEvent.objects.create(
        issue=issue,
        at=issue.opened_at,
        what=What.OPENED,
        cause=Cause.CLOUD,
        version=issue.version,
        score=8,
    )
    admin = UserFactory(is_superuser=True)
    justify([issue], admin, "A lab.")
    week = trend(Issue.objects.all(), timezone.now())[-1]
    assert (week.start, week.end, week.causes[Why.JUSTIFIED].by) == (8, 0, -8)
    withdraw([Issue.objects.get()], admin)
    week = trend(Issue.objects.all(), timezone.now())[-1]
    justified = week.causes[Why.JUSTIFIED]
    assert (week.end, justified.by, justified.up, justified.down) == (8, 0, 8, -8)
