"""What is decided about issues holds as far as it was decided, and no further."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Account, Grant, LedgerHead
from audits import covering
from audits.answering import approve, refuse, waiting_for
from audits.coverages import event
from audits.models import (
    Cause,
    Coverage,
    Issue,
    IssueEvent,
    Justification,
    Reminder,
    ReviewPolicy,
    What,
)
from audits.patterns import Pattern
from audits.reaching import together
from audits.reviewing import end_passed, justify, withdraw, withdraw_whole
from items.models import Item, Run
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db
LAB = {"Tags": [{"Key": "purpose", "Value": "training"}]}


@pytest.fixture
def reviewer() -> Any:
    return UserFactory(is_superuser=True)


@pytest.fixture
def approver() -> Any:
    return UserFactory(is_superuser=True)


@pytest.fixture
def account() -> Account:
    return AccountFactory(name="staging")


def labs(account: Account, count: int, **fields: Any) -> list[Issue]:
    """Make open issues of one rule on as many training labs."""
    rule = fields.pop("rule", None) or a_rule("ssh")
    fields = {"score": 7, "extent": ["0.0.0.0/0"], **fields}
    return [
        IssueFactory(item=ItemFactory(account=account, config=LAB), version=rule.active, **fields)
        for _ in range(count)
    ]


def a_run(account: Account) -> Run:
    return Run.objects.create(
        account=account, technology="aws.ec2.security_group", started_at=timezone.now()
    )


def judged(account: Account, new: Any = (), back: Any = (), kept: Any = ()) -> list[IssueEvent]:
    """Bring justifications in step with issues that a look found, as a hearing does."""
    run = a_run(account)
    Issue.objects.filter(pk__in=[one.pk for one in (*new, *back)]).update(opened_at=run.started_at)
    for issue in back:
        issue.fixed_at, issue.opened_at = None, run.started_at
        Issue.objects.filter(pk=issue.pk).update(fixed_at=None)
    pairs = [(issue, Cause.CLOUD) for issue in back]
    events = covering.step(run, pairs, list(new), [(issue, Cause.CLOUD) for issue in kept])
    IssueEvent.objects.bulk_create(events)
    return events


def policy(severity: str, **fields: Any) -> None:
    ReviewPolicy.objects.update_or_create(severity=severity, defaults=fields)


def test_a_pattern_covers_what_comes_until_its_bound_and_then_asks_again(
    account: Account, reviewer: Any
) -> None:
    first, *_ = labs(account, 2)
    pattern = Pattern(account.pk, "purpose=training")
    (one,) = justify([first], reviewer, "Labs.", scope="pattern", pattern=pattern, bound=4)
    assert Issue.objects.filter(justified=True).count() == 2
    judged(account, labs(account, 2))
    assert Issue.objects.unjustified().count() == 0
    beyond = labs(account, 2)
    assert judged(account, beyond) == []
    assert Issue.objects.unjustified().count() == 2
    one.refresh_from_db()
    assert one.over_at and one.state == "in force"
    assert list(one.reminders.filter(days=0).values_list("told_at", flat=True)) == [None]
    withdraw([first], reviewer)
    judged(account, labs(account, 1))
    assert Issue.objects.unjustified().count() == 4, "it takes nothing new until somebody decides"


def test_fixed_issues_make_room_and_what_is_back_counts_again(
    account: Account, reviewer: Any
) -> None:
    first, second = labs(account, 2)
    pattern = Pattern(account.pk, "purpose=training")
    justify([first], reviewer, "Labs.", scope="pattern", pattern=pattern, bound=2)
    Issue.objects.filter(pk=first.pk).update(fixed_at=timezone.now())
    judged(account, labs(account, 1))
    assert Issue.objects.unjustified().count() == 0
    first.refresh_from_db()
    (lapsed,) = judged(account, back=[first])
    assert lapsed.what == What.LAPSED
    assert "one more than the 2 issues" in lapsed.text
    first.refresh_from_db()
    assert first.state == "open"
    assert second.coverages.filter(until=None).exists()


@pytest.mark.parametrize(
    "other",
    [{"extent": ["0.0.0.0/0", "::/0"]}, {"score": 9}],
    ids=["reaches further", "is graver"],
)
def test_what_comes_is_covered_only_as_far_and_as_grave_as_was_accepted(
    account: Account, reviewer: Any, other: dict[str, Any]
) -> None:
    (first,) = labs(account, 1)
    justify([first], reviewer, "Labs.", scope="pattern", pattern=Pattern(account.pk), bound=9)
    judged(account, labs(account, 1, **other))
    assert Issue.objects.unjustified().count() == 1
    judged(account, labs(account, 1, score=8, extent=["10.0.0.0/8"]))
    assert Issue.objects.unjustified().count() == 1


def test_an_item_that_leaves_the_pattern_is_covered_no_more(
    account: Account, reviewer: Any
) -> None:
    first, second = labs(account, 2)
    pattern = Pattern(account.pk, "purpose=training")
    justify([first], reviewer, "Labs.", scope="pattern", pattern=pattern)
    issue = Issue.objects.select_related("item", "version").get(pk=second.pk)
    issue.item.config = {}
    (lapsed,) = judged(account, kept=[issue])
    assert "no longer within the pattern (justification" in lapsed.text
    assert Issue.objects.get(pk=second.pk).state == "open"
    assert Coverage.objects.get(issue=second).why_ended == "left"
    issue.item.config = LAB
    assert judged(account, kept=[issue]) == [], "what left does not come back by itself"


def test_what_leaves_a_pattern_stays_justified_where_it_was_justified_by_itself_as_well(
    account: Account, reviewer: Any
) -> None:
    (first,) = labs(account, 1)
    justify([first], reviewer, "This one.")
    pattern = Pattern(account.pk, "purpose=training")
    justify([first], reviewer, "Labs.", scope="pattern", pattern=pattern)
    issue = Issue.objects.select_related("item", "version").get(pk=first.pk)
    issue.item.config = {}
    assert judged(account, kept=[issue]) == []
    assert Issue.objects.get(pk=first.pk).state == "justified"


def test_a_thousand_new_issues_are_covered_with_as_many_queries_as_fifty(
    account: Account, reviewer: Any
) -> None:
    (first,) = labs(account, 1)
    justify([first], reviewer, "Labs.", scope="pattern", pattern=Pattern(account.pk), bound=5000)
    rule, item = first.rule, first.item
    numbers = {}
    for count in (50, 1000):
        new = Issue.objects.bulk_create(
            Issue(
                item=item,
                account=account,
                technology=item.technology,
                rule=rule,
                version=first.version,
                fingerprint=f"{count}-{number}",
                score=7,
                opened_at=timezone.now(),
            )
            for number in range(count)
        )
        run = a_run(account)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(covering.step(run, [], new)) == count
        inserts = [q for q in queries.captured_queries if q["sql"].startswith("INSERT")]
        numbers[count] = len(queries) - len(inserts)
    assert numbers[50] == numbers[1000] <= 5


def test_many_issues_are_justified_with_a_fixed_number_of_queries(
    account: Account, reviewer: Any
) -> None:
    LedgerHead.objects.create(pk=1)  # The first deed of all makes it.
    numbers = []
    for count in (2, 40):
        issues = labs(account, count)
        with CaptureQueriesContext(connection) as queries:
            (made,) = justify(issues, reviewer, "Labs.")
        numbers.append(len(queries))
        assert made.coverages.count() == count
    assert numbers[0] == numbers[1]


def test_a_second_person_lets_in_and_is_never_who_asked(
    account: Account, reviewer: Any, approver: Any
) -> None:
    policy("high", second_person=True, longest_days=180)
    (issue,) = labs(account, 1)
    (one,) = justify([issue], reviewer, "Labs.", asked_of=approver)
    assert (one.state, Coverage.objects.count(), Reminder.objects.count()) == ("asked", 0, 0)
    assert one in waiting_for(approver)
    assert one not in waiting_for(reviewer)
    with pytest.raises(PermissionDenied):
        approve(one, reviewer)
    with pytest.raises(ValidationError):
        refuse(one, approver, " ")
    assert approve(one, approver, "Until spring.") == 1
    issue.refresh_from_db()
    assert issue.state == "justified"
    last = issue.events.last()
    assert last and last.person == approver
    assert f"(justification {one.pk}, asked for by {reviewer})" in last.text
    assert sorted(Reminder.objects.values_list("days", flat=True)) == [1, 7, 30]
    with pytest.raises(ValidationError, match="waits no more"):
        refuse(one, approver, "no")


def test_approvers_answer_for_their_own_groups_only(account: Account, reviewer: Any) -> None:
    policy("high", second_person=True, longest_days=180)
    group = GroupFactory()
    account.groups.add(group)
    role = Group.objects.get(name="approver")
    mine, foreign = UserFactory(), UserFactory()
    Grant.objects.create(user=mine, role=role, group=group)
    Grant.objects.create(user=foreign, role=role, group=GroupFactory())
    (issue,) = labs(account, 1)
    with pytest.raises(ValidationError):
        justify([issue], reviewer, "Labs.", asked_of=foreign)
    (one,) = justify([issue], reviewer, "Labs.")
    assert list(waiting_for(foreign)) == []
    with pytest.raises(PermissionDenied):
        approve(one, foreign)
    refuse(one, mine, "Not these.")
    one.refresh_from_db()
    assert (one.state, one.answer) == ("refused", "Not these.")
    everywhere = {"scope": "pattern", "pattern": Pattern(None, "purpose=training")}
    (over_all,) = justify([issue], reviewer, "Labs.", **everywhere)
    with pytest.raises(PermissionDenied):
        approve(over_all, mine)


def test_what_would_come_to_more_than_was_asked_for_is_asked_for_anew(
    account: Account, reviewer: Any, approver: Any
) -> None:
    policy("high", second_person=True)
    (issue,) = labs(account, 1)
    (one,) = justify(
        [issue], reviewer, "Labs.", scope="pattern", pattern=Pattern(account.pk), bound=1
    )
    labs(account, 1)
    with pytest.raises(ValidationError, match="2 issues now, more than the 1"):
        approve(one, approver)


def test_the_longest_day_is_the_shortest_of_what_is_covered(
    account: Account, reviewer: Any
) -> None:
    policy("high", longest_days=180, second_person=False)
    policy("critical", longest_days=10, second_person=False)
    today = timezone.localdate()
    issues = [*labs(account, 1), *labs(account, 1, score=9)]
    with pytest.raises(ValidationError, match="Critical: at most 10 days, to "):
        justify(issues, reviewer, "Labs.", until=today + timedelta(days=11))
    (both,) = justify(issues, reviewer, "Labs.")
    assert both.until == today + timedelta(days=10)
    assert sorted(both.reminders.values_list("days", flat=True)) == [1, 7]
    policy("high", longest_days=None, second_person=False)
    (one,) = justify(labs(account, 1), reviewer, "Labs.")
    assert one.until is None
    assert not one.reminders.exists()


def test_a_pattern_is_withdrawn_as_a_whole_and_only_its_own_cover_ends(
    account: Account, reviewer: Any
) -> None:
    first, second = labs(account, 2)
    (alone,) = justify([second], reviewer, "Mine.")
    (one,) = justify([first], reviewer, "Labs.", scope="pattern", pattern=Pattern(account.pk))
    assert withdraw_whole(one, reviewer, "Over.") == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("open", "justified")
    assert first.events.last().text == f"Over. (justification {one.pk})"  # type: ignore[union-attr]
    assert [row.state for row in one.history.order_by("history_id")] == ["in force", "withdrawn"]
    with pytest.raises(ValidationError):
        withdraw_whole(one, reviewer)
    with pytest.raises(PermissionDenied):
        withdraw_whole(alone, UserFactory())


def test_what_nobody_answered_ends_on_its_day(account: Account, reviewer: Any) -> None:
    policy("high", second_person=True)
    (one,) = justify(labs(account, 1), reviewer, "Labs.", until=timezone.localdate())
    assert end_passed(timezone.localdate() + timedelta(days=1)) == 1
    one.refresh_from_db()
    assert one.state == "ended"
    assert not IssueEvent.objects.exists()


@pytest.mark.parametrize(
    "pattern", [Pattern(None), Pattern(None, "", "*"), Pattern(None, "purpose"), Pattern(1, "a")]
)
def test_a_pattern_must_say_which(account: Account, reviewer: Any, pattern: Pattern) -> None:
    with pytest.raises(ValidationError):
        justify(labs(account, 1), reviewer, "Labs.", scope="pattern", pattern=pattern)


def test_extents_together_leave_out_what_others_contain() -> None:
    assert together([["10.1.0.0/16", "a"], ["10.0.0.0/8", "a"], [22, "22"]]) == [
        "a",
        "10.0.0.0/8",
        22,
        "22",
    ]
    assert together([["10.0.0.0/8"], ["10.0.0.0/8"]]) == ["10.0.0.0/8"]


DEEDS = (
    *("issue", "item", "pattern", "ask", "approve", "refuse", "withdraw", "whole"),
    *("widen", "fix", "back", "new", "leave", "end"),
)


class Histories(TestCase):
    """Whatever happens in whatever order, row, coverage and events agree."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 3)), max_size=12))
    def test_a_row_is_justified_as_long_as_something_covers_it(
        self, deeds: list[tuple[str, int]]
    ) -> None:
        self.person, self.other = (
            UserFactory(is_superuser=True),
            UserFactory(is_superuser=True),
        )
        self.account = AccountFactory()
        labs(self.account, 3)
        for what, which in deeds:
            self.do(what, which)
            self.agree()

    def do(self, what: str, which: int) -> None:
        issue = Issue.objects.order_by("pk")[which % Issue.objects.count()]
        ones = Justification.objects.order_by("-pk")
        one = ones[which % ones.count()] if ones else None
        policy("high", second_person=what == "ask")
        pattern = {"scope": "pattern", "pattern": Pattern(self.account.pk, "purpose=training")}
        try:
            if what in ("issue", "ask") and not issue.fixed_at:
                justify([issue], self.person, "Because.")
            elif what == "item" and not issue.fixed_at:
                justify([issue], self.person, "Because.", scope="item")
            elif what == "pattern" and not issue.fixed_at:
                justify([issue], self.person, "Because.", **pattern, bound=4)
            elif what == "withdraw":
                withdraw([issue], self.person)
            elif one and what == "whole":
                withdraw_whole(one, self.person)
            elif one and what == "approve":
                approve(one, self.other)
            elif one and what == "refuse":
                refuse(one, self.other, "No.")
            elif one and what == "end":
                Justification.objects.filter(pk=one.pk).update(until=timezone.localdate())
                end_passed(timezone.localdate() + timedelta(days=1))
            else:
                self.look(what, issue)
        except ValidationError:
            pass

    def look(self, what: str, issue: Issue) -> None:
        """Let a look find something, as a hearing would."""
        run = a_run(self.account)
        touched, new, kept = [], [], []
        if what == "new":
            new = labs(self.account, 1, opened_at=run.started_at)
        elif what == "fix" and not issue.fixed_at:
            issue.fixed_at = run.started_at
            touched = [(issue, Cause.CLOUD)]
            IssueEvent.objects.bulk_create(
                [event(issue, What.FIXED, Cause.CLOUD, at=run.started_at)]
            )
        elif what == "back" and issue.fixed_at:
            issue.fixed_at, issue.opened_at = None, run.started_at
            touched = [(issue, Cause.CLOUD)]
            IssueEvent.objects.bulk_create(
                [event(issue, What.REOPENED, Cause.CLOUD, at=run.started_at)]
            )
        elif what == "widen" and not issue.fixed_at:
            issue.extent = [*issue.extent, f"more {IssueEvent.objects.count()}"]
            touched = [(issue, Cause.CLOUD)]
        elif what == "leave" and not issue.fixed_at:
            Item.objects.filter(pk=issue.item_id).update(config={})
            kept = [(Issue.objects.get(pk=issue.pk), Cause.CLOUD)]
        events = covering.step(run, touched, new, kept)
        for one, _ in touched:
            names = ["extent", "fixed_at", "opened_at"]
            Issue.objects.filter(pk=one.pk).update(**{name: getattr(one, name) for name in names})
        IssueEvent.objects.bulk_create(events)

    def agree(self) -> None:
        said = {What.JUSTIFIED: True, What.WITHDRAWN: False, What.LAPSED: False, What.ENDED: False}
        for issue in Issue.objects.prefetch_related("coverages"):
            covered = [one for one in issue.coverages.all() if one.until is None]
            assert issue.justified == bool(covered), issue
            last = issue.events.filter(what__in=said).order_by("pk").last()
            assert issue.justified == (said[What(last.what)] if last else False), issue
        for one in Justification.objects.filter(bound__isnull=False):
            standing = one.coverages.filter(until=None, issue__fixed_at=None).count()
            assert standing <= one.bound
        for one in Justification.objects.exclude(state="in force"):
            assert not one.coverages.filter(until=None).exists()
