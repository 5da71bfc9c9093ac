"""A report's numbers are those of the console's lists, for the same filter and moment."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Account, User
from accounts.moments import moment_named
from audits.models import ChangeReview, Issue, ReviewPolicy
from items.models import Gap, Item, WatcherSetting
from notifications.models import Subscription
from notifications.report.figures import reckon
from notifications.report.made import unsent
from notifications.report.mail import mail_of
from tests.audits.replaying import (
    GROUPS,
    PLACE,
    dated,
    day,
    group,
    judge,
    justify_at,
    look,
    rule_at,
    withdraw_at,
)
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory
from tests.notifications.bearing import faults

pytestmark = pytest.mark.django_db

ACTIONS = st.lists(
    st.tuples(
        st.integers(1, 27),
        st.sampled_from(["look", "rule", "justify", "withdraw", "gap", "switch"]),
        st.integers(0, 1),
        st.integers(0, 15),
    ),
    min_size=3,
    max_size=12,
)
SUNDAYS = st.sampled_from(["2026-03-08", "2026-03-15", "2026-03-22", "2026-03-28"])
NARROWED = st.sampled_from(["", "account", "technology", "rule"])
# What chance seldom brings about: no number is 0, scores and ages differ, and something is fixed
# and comes back twice in the week that ends on the 15th.
EVENTFUL = [
    (2, "look", 0, 7),
    (3, "look", 1, 6),
    (4, "rule", 1, 5),
    (5, "justify", 1, 1),
    (6, "gap", 1, 15),
    (7, "look", 0, 3),
    (8, "switch", 0, 1),
    (9, "look", 0, 7),
    (10, "look", 0, 2),
    (11, "look", 0, 7),
    (12, "look", 0, 2),
    (13, "look", 0, 3),
    (13, "look", 1, 7),
    (14, "withdraw", 1, 0),
    (14, "justify", 0, 1),
    (15, "gap", 0, 3),
]


def company() -> list[Account]:
    """Two accounts, of one of which each change waits for a reviewer; and two rules."""
    with dated(day(1, 0)):
        watched = GroupFactory(changes_reviewed=True, review_days=3)
        accounts = [AccountFactory(), AccountFactory()]
        accounts[0].groups.add(watched)
    ReviewPolicy.objects.update(due_days=4)  # Never touched since: so it was then.
    rule_at(day(1, 1), "open", title="Open", expression="Open", score=9)
    rule_at(day(1, 1), "wide", title="Wide", expression="Wide", score=0)
    return accounts


def live(accounts: list[Account], actions: list[tuple[int, str, int, int]], by: User) -> None:
    """Let the accounts live through a history, a day after the other."""
    for number, (days, what, which, how) in enumerate(sorted(actions, key=lambda one: one[0])):
        at = day(days, 2) + timedelta(minutes=number)
        account = accounts[which]
        issue = Issue.objects.filter(account=account, fixed_at=None, opened_at__lt=at).first()
        if what == "look":
            found = [
                group(f"sg-{which}{n}", Open=bool(how & 1 << n), Wide=bool(how & 2))
                for n in range(3)
            ]
            look(account, at, *found)
            item = Item.objects.filter(account=accounts[0]).first()
            if item:
                ChangeReview.objects.create(item=item, revision=number, kind="changed", since=at)
        elif what == "gap":
            look(account, at, answers=False)
            Gap.objects.create(
                account=account,
                technology=GROUPS,
                place=PLACE,
                operation=f"Describe{number}",
                code="Denied",
                reason="no",
                since=at,
                seen_at=at,
                until=at + timedelta(days=how) if how > 7 else None,
            )
        elif what == "rule":
            rule_at(at, "open", title="Open", expression="Open", score=how % 11)
            judge(account, at)
        elif what == "switch":
            ChangeReview.objects.filter(since__lt=at, state="waiting").update(
                state="questioned" if how & 1 else "expected", at=at, by=by
            )
        elif issue and what == "justify" and not issue.justified:
            justify_at(at, issue, by)
            if how & 1:
                end_in_april(issue, at)
        elif issue and what == "withdraw" and issue.justified:
            withdraw_at(at, issue, by)


def end_in_april(issue: Issue, at: datetime) -> None:
    """Let a justification have had an end from the first: within a month of some Sundays."""
    one = issue.coverages.get(until=None).justification
    with dated(at):
        one.until = date(2026, 4, 10)
        one.save()


def told(narrowed: str, accounts: list[Account]) -> Subscription:
    technologies = [GROUPS] if narrowed == "technology" else []
    one: Subscription = SubscriptionFactory(technologies=technologies)
    if narrowed == "account":
        one.accounts.add(accounts[0])
    if narrowed == "rule":
        one.rules.add(Issue._meta.get_field("rule").related_model.objects.get(key="open"))
    return one


def counted(figures: dict[str, Any]) -> list[tuple[int, str]]:
    """Return each number that has a list behind it."""
    changes, issues = figures["changes"], figures["open"]
    return [
        (issues["now"], issues["link"]),
        *((one["now"], one["link"]) for one in figures["severities"]),
        *((one["issues"], one["link"]) for one in figures["causes"]),
        *(
            (figures[name]["count"], figures[name]["link"])
            for name in ("late", "new", "reopened", "fixed", "ending", "gaps")
        ),
        *(
            (changes[name], changes[f"{name}_link"])
            for name in ("waiting", "questioned", "overdue")
        ),
    ]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=ACTIONS, sunday=SUNDAYS, narrowed=NARROWED)
@example(actions=EVENTFUL, sunday="2026-03-15", narrowed="")
@example(actions=EVENTFUL, sunday="2026-03-15", narrowed="account")
@example(actions=EVENTFUL, sunday="2026-03-22", narrowed="rule")
def test_every_number_is_what_its_list_counts(
    admin_client: Client, admin_user: User, actions: Any, sunday: str, narrowed: str
) -> None:
    with transaction.atomic():  # Each history begins with nothing.
        accounts = company()
        live(accounts, actions, admin_user)
        subscription = told(narrowed, accounts)
        figures = reckon(subscription, moment_named(sunday))
        mail = mail_of(unsent(subscription, moment_named(sunday)))
        assert not faults(mail.html, mail.text)
        for number, link in counted(figures):
            if link:
                shown = admin_client.get(link).context["cl"]
                assert shown.result_count == number, link
        assert all(link or narrowed for _, link in counted(figures))
        for name in ("worst", "oldest"):
            rows = admin_client.get(figures[f"{name}_link"]).context["cl"].result_list
            links = [f"/audits/issue/{row.pk}/change/" for row in list(rows)[:10]]
            assert [one["link"] for one in figures[name]] == links
        moved = figures["score"]["now"] - figures["score"]["before"]
        assert sum(one["by"] for one in figures["causes"]) == moved
        assert sum(one["net"] for one in figures["causes"]) == (
            figures["open"]["now"] - figures["open"]["before"]
        )
        ends = figures["weeks"]
        assert (ends[-1]["score"], ends[-1]["open"]) == (
            figures["score"]["now"],
            figures["open"]["now"],
        )
        assert (ends[-2]["score"], ends[-2]["open"]) == (
            figures["score"]["before"],
            figures["open"]["before"],
        )
        transaction.set_rollback(True)


def test_the_eventful_week_has_something_of_everything_that_is_compared(admin_user: User) -> None:
    accounts = company()
    live(accounts, EVENTFUL, admin_user)
    figures = reckon(told("", accounts), moment_named("2026-03-15"))
    severities = {link for one in figures["severities"] if (link := one["link"])}
    assert all(number for number, link in counted(figures) if link not in severities)
    assert len({one["score"] for one in figures["worst"]}) > 1
    assert len({one["since"] for one in figures["oldest"]}) > 1


def test_a_large_company_takes_no_more_queries_than_a_small_one(admin_user: User) -> None:
    accounts = company()
    one: Subscription = SubscriptionFactory()

    def grow(uids: range, number: int) -> None:
        for account in accounts:
            look(account, day(number), *(group(f"sg-{n}", Open=True) for n in uids))
        rule_at(day(number, 13), f"other-{number}", title="Other", expression="Open", score=2)
        judge(accounts[0], day(number, 14))
        for issue in Issue.objects.filter(account=accounts[1], justified=False)[:2]:
            justify_at(day(number, 15), issue, admin_user)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            reckon(one, moment_named("2026-03-15"))
        return len(queries)

    grow(range(3), 10)
    few = asked()
    grow(range(40), 11)
    assert asked() == few
    assert few <= 55


def test_what_is_narrowed_to_nothing_leads_to_no_list_that_shows_everything() -> None:
    accounts = company()
    look(accounts[0], day(10), group("sg-1", Open=True))
    one: Subscription = SubscriptionFactory()
    one.groups.add(GroupFactory(name="empty"))
    figures = reckon(one, moment_named("2026-03-15"))
    assert set(counted(figures)) == {(0, "")}


def test_what_nobody_asked_to_read_is_not_told_as_unread() -> None:
    accounts = company()
    with dated(day(1, 0)):
        AccountFactory(type="azure", identifier="7c9e6679-7425-40de-944b-e07fc1f90ae7", name="lake")
    look(accounts[0], day(10), group("sg-1"))
    look(accounts[1], day(15, 20), group("sg-1"))
    one: Subscription = SubscriptionFactory(technologies=[GROUPS])

    def unread() -> list[str]:
        return [row["account"] for row in reckon(one, moment_named("2026-03-15"))["unread"]]

    assert unread() == [accounts[0].name]
    WatcherSetting.objects.create(account=accounts[0], technology=GROUPS, on=False)
    look(accounts[0], day(10, 13), technology="aws.s3.bucket", answers=False)
    one.technologies = []
    one.save()
    assert sorted(unread()) == sorted([accounts[0].name, "lake"])
    whole = reckon(one, moment_named("2026-03-15"))["unread"]
    assert {row["account"]: row["of"] for row in whole} == {accounts[0].name: 1, "lake": 0}
