"""Where every change is looked at, each waits for a word; a question is an issue until answered."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Grant, LedgerEntry, User
from audits.inbox import KEY, expect_review, expected, overdue, question
from audits.models import ChangeReview, Issue, IssueEvent, Rule, RuleSetting, What
from config import pipeline
from items.models import Item, Kind, Run
from items.recording import Changes
from notifications.models import Line
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import (
    AccountFactory,
    GroupFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.items.test_recording import make_group, open_port

pytestmark = pytest.mark.django_db

WAITING, EXPECTED, QUESTIONED = ChangeReview.State


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


def reviewed(account: Account, days: int = 7) -> Any:
    group = GroupFactory(name="PCI", changes_reviewed=True, review_days=days)
    account.groups.add(group)
    return group


def changed(account: Account | None = None, **fields: Any) -> ChangeReview:
    """Make an item that changed, and let that wait."""
    item = ItemFactory(account=account or AccountFactory(), **fields)
    item.config = {"GroupId": item.uid, "Description": "changed"}
    item.save()
    return ChangeReview.objects.create(
        item=item,
        revision=item.history.latest("history_id").history_id,
        kind=Kind.CHANGED,
        since=timezone.now(),
    )


def reviewer(group: Any = None, role: str = "reviewer") -> User:
    person = UserFactory()
    Grant.objects.create(user=person, role=Group.objects.get(name=role), group=group)
    return person


# -- what waits -------------------------------------------------------------------------------


def test_every_told_change_of_a_reviewed_account_waits_once(
    ec2: Any, account: Account, scan: Scan
) -> None:
    reviewed(account)
    web = make_group(ec2, "web", 443)
    old = make_group(ec2, "old", 443)
    scan()
    assert not ChangeReview.objects.exists(), "a first look is no change"
    open_port(ec2, web, 22)
    make_group(ec2, "new", 443)
    ec2.delete_security_group(GroupId=old)
    scan()
    kinds = {one.item.name: one.kind for one in ChangeReview.objects.select_related("item")}
    assert kinds == {"web": Kind.CHANGED, "new": Kind.CREATED, "old": Kind.GONE}
    revisions = set(Item.history.values_list("history_id", flat=True))
    assert {one.revision for one in ChangeReview.objects.all()} <= revisions
    scan()
    assert ChangeReview.objects.count() == 3, "what is unchanged waits for nobody"


def test_nothing_waits_in_an_account_whose_changes_nobody_reviews(
    ec2: Any, account: Account, scan: Scan
) -> None:
    account.groups.add(GroupFactory())
    web = make_group(ec2, "web", 443)
    scan()
    open_port(ec2, web, 22)
    scan()
    assert not ChangeReview.objects.exists()


def test_what_waits_takes_three_statements_however_much_it_is(
    django_assert_num_queries: Any,
) -> None:
    account = AccountFactory()
    reviewed(account)
    run = Run.objects.create(account=account, technology=SECURITY_GROUPS, started_at=timezone.now())
    items = [ItemFactory(account=account) for _ in range(30)]
    for item in items:
        Item.history.filter(id=item.pk).update(run=run, kind=Kind.CREATED)
    with django_assert_num_queries(3):
        assert expect_review(Changes(run, created=items)) == 30
    assert expect_review(Changes(run, created=items)) == 30
    assert ChangeReview.objects.count() == 30
    with django_assert_num_queries(0):
        assert expect_review(Changes(run, completed=items)) == 0


def test_what_a_group_no_longer_asks_for_waits_no_more(
    ec2: Any, account: Account, scan: Scan
) -> None:
    group = reviewed(account)
    web = make_group(ec2, "web", 443)
    scan()
    group.changes_reviewed = False
    group.save()
    open_port(ec2, web, 22)
    scan()
    assert not ChangeReview.objects.exists()


def test_what_waits_longer_than_its_group_allows_is_overdue() -> None:
    account = AccountFactory()
    reviewed(account, days=7)
    late, early = changed(account), changed(account)
    elsewhere = changed()
    long_ago = timezone.now() - timedelta(days=8)
    ChangeReview.objects.filter(pk__in=[late.pk, elsewhere.pk]).update(since=long_ago)
    assert list(ChangeReview.objects.filter(overdue(timezone.now()))) == [late]
    expected([late], UserFactory(is_superuser=True), "OPS-1")
    assert not ChangeReview.objects.filter(overdue(timezone.now())).exists()
    assert early.state == WAITING


# -- what is said -----------------------------------------------------------------------------


def test_a_change_is_expected_by_its_ticket() -> None:
    review, person = changed(), UserFactory(is_superuser=True)
    assert expected([review], person, "OPS-1") == []
    review.refresh_from_db()
    assert (review.state, review.ticket, review.by) == (EXPECTED, "OPS-1", person)
    entry = LedgerEntry.objects.get()
    assert (entry.action, entry.before["state"], entry.after["ticket"]) == (
        "expected",
        "waiting",
        "OPS-1",
    )


def test_a_questioned_change_is_an_open_issue_that_no_audit_closes(
    ec2: Any, account: Account, scan: Scan
) -> None:
    reviewed(account)
    web = make_group(ec2, "web", 443)
    scan()
    open_port(ec2, web, 22)
    scan()
    review = ChangeReview.objects.get()
    (event,) = question([review], UserFactory(is_superuser=True), "Who opened port 22?")
    issue = Issue.objects.get(rule__key=KEY)
    assert event.issue == issue and event.what == What.OPENED
    assert "Who opened port 22?" in issue.notes
    assert any("22" in line for line in issue.evidence["Differences"])
    open_port(ec2, web, 23)
    scan()
    ec2.delete_security_group(GroupId=web)
    scan()
    pipeline.judge(account.pk, SECURITY_GROUPS)
    issue.refresh_from_db()
    assert issue.fixed_at is None and not issue.unknown


def test_two_questioned_changes_of_one_item_are_two_issues() -> None:
    person = UserFactory(is_superuser=True)
    first = changed()
    item = first.item
    item.config = {"Description": "again"}
    item.save()
    second = ChangeReview.objects.create(
        item=item,
        revision=item.history.latest("history_id").history_id,
        kind=Kind.CHANGED,
        since=timezone.now(),
    )
    question([first, second], person, "Why?")
    assert Issue.objects.filter(item=item).count() == 2


def test_what_was_expected_after_all_closes_its_issue_and_may_be_asked_again() -> None:
    review, person = changed(), UserFactory(is_superuser=True)
    question([review], person, "Why?")
    (closed,) = expected([review], person, text="It was announced.")
    issue = Issue.objects.get()
    assert closed.what == What.FIXED and closed.person == person
    assert issue.fixed_at and "It was announced." in closed.text
    question([review], person, "By whom?")
    issue.refresh_from_db()
    assert issue.fixed_at is None and Issue.objects.count() == 1
    happened = IssueEvent.objects.order_by("pk").values_list("what", flat=True)
    assert list(happened) == [What.OPENED, What.FIXED, What.REOPENED]


def test_a_question_scores_as_its_rule_and_settings_say() -> None:
    person = UserFactory(is_superuser=True)
    question([changed()], person, "Why?")
    rule = Rule.objects.get(key=KEY)
    assert Issue.objects.get().score == rule.active.score == 6
    account = AccountFactory()
    RuleSetting.objects.create(rule=rule, account=account, score=9)
    question([changed(account)], person, "Why?")
    assert Issue.objects.get(account=account).score == 9


def test_who_has_nothing_to_say_is_told_so() -> None:
    review, person = changed(), UserFactory(is_superuser=True)
    with pytest.raises(ValidationError):
        expected([review], person)
    with pytest.raises(ValidationError):
        question([review], person, "  ")
    assert not LedgerEntry.objects.exists()


def test_only_reviewers_of_the_account_decide() -> None:
    account = AccountFactory()
    group = reviewed(account)
    mine, other = changed(account), changed()
    person = reviewer(group)
    expected([mine], person, "OPS-1")
    with pytest.raises(PermissionDenied):
        question([mine, other], person, "Why?")
    with pytest.raises(PermissionDenied):
        expected([other], reviewer(group, "viewer"), "OPS-1")
    assert ChangeReview.objects.get(pk=other.pk).state == WAITING


def test_many_are_questioned_with_as_few_statements_as_two(
    django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    person, account = UserFactory(is_superuser=True), AccountFactory()
    question([changed(account)], person, "Why?")
    two = [changed(account) for _ in range(2)]
    many = [changed(account) for _ in range(20)]
    with django_assert_max_num_queries(40) as few:
        question(two, person, "Why?")
    with django_assert_num_queries(len(few)):
        question(many, person, "Why?")


# -- the page ---------------------------------------------------------------------------------


def sent(client: Client, what: str, reviews: list[ChangeReview], **more: str) -> Any:
    data = {"action": what, "_selected_action": [one.pk for one in reviews], **more}
    return client.post(reverse("admin:audits_changereview_changelist"), data, follow=True)


def test_the_page_shows_what_changed_and_takes_what_is_said(admin_client: Client) -> None:
    SubscriptionFactory()
    one, two = changed(name="web"), changed(name="db")
    text = admin_client.get(reverse("admin:audits_changereview_changelist")).content.decode()
    assert "Description" in text and "web" in text and "by whom is not known" in text
    said = sent(admin_client, "expect", [one], ticket="OPS-1").content.decode()
    assert "1 change is expected." in said
    said = sent(admin_client, "ask", [two], text="Why?").content.decode()
    assert "1 change is questioned." in said
    assert [review.state for review in ChangeReview.objects.order_by("pk")] == [
        EXPECTED,
        QUESTIONED,
    ]
    text = admin_client.get("/audits/changereview/?state=questioned").content.decode()
    assert reverse("admin:audits_issue_change", args=[Issue.objects.get().pk]) in text


def test_all_that_a_list_finds_is_said_to_be_expected_at_once(admin_client: Client) -> None:
    account = AccountFactory()
    reviews = [changed(account) for _ in range(3)]
    elsewhere = changed()
    where = f"{reverse('admin:audits_changereview_changelist')}?account={account.pk}"
    data = {"action": "expect", "_selected_action": [reviews[0].pk], "select_across": "1"}
    admin_client.post(where, data | {"ticket": "OPS-1"})
    assert ChangeReview.objects.filter(state=EXPECTED).count() == 3
    elsewhere.refresh_from_db()
    assert elsewhere.state == WAITING


def test_a_question_is_told_to_who_wants_to_hear_of_issues(admin_client: Client) -> None:
    wants = SubscriptionFactory(least_score=5)
    SubscriptionFactory(least_score=10)
    sent(admin_client, "ask", [changed()], text="Why?")
    (event,) = IssueEvent.objects.all()
    assert [line.subscription for line in Line.objects.filter(event=event)] == [wants]


def test_a_viewer_sees_but_does_not_decide(client: Client) -> None:
    account = AccountFactory()
    review = changed(account, name="seen-shore")
    foreign = changed(name="hidden-haven")
    group = reviewed(account)
    client.force_login(reviewer(group, "viewer"))
    text = client.get(reverse("admin:audits_changereview_changelist")).content.decode()
    assert "seen-shore" in text and "hidden-haven" not in text
    assert 'name="ticket"' not in text
    sent(client, "expect", [review, foreign], ticket="OPS-1")
    assert set(ChangeReview.objects.values_list("state", flat=True)) == {WAITING}


def test_the_page_takes_as_many_queries_for_many_changes_as_for_one(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    account = AccountFactory()
    where = reverse("admin:audits_changereview_changelist")
    changed(account)
    admin_client.get(where)
    with django_assert_max_num_queries(60) as few:
        admin_client.get(where)
    for _ in range(20):
        changed(account)
    with django_assert_max_num_queries(len(few)):
        admin_client.get(where)
