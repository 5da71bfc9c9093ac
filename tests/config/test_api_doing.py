"""What can be done by HTTP: as in the console, by those who may there."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Account, Grant
from audits.models import Comment, Issue, Justification
from config.roles import ROLES
from items.models import Item, Run, Slice
from notifications.models import Delivery
from tests.config.test_api_tokens import token_of
from tests.factories import (
    NOW,
    AccountFactory,
    GroupFactory,
    IssueFactory,
    SubscriptionFactory,
    a_rule,
    granted,
)

pytestmark = pytest.mark.django_db
REVIEW = {"reviewer", "approver"}


@pytest.fixture
def group() -> Any:
    return GroupFactory()


@pytest.fixture
def issue(group: Any) -> Issue:
    issue = IssueFactory()
    issue.account.groups.add(group)
    Slice.objects.create(
        account=issue.account, technology=issue.technology, looked_at=issue.opened_at
    )
    return issue


def send(header: dict[str, str], name: str, body: Any) -> Any:
    return Client().post(f"/api/{name}/", body, content_type="application/json", headers=header)


DEEDS: dict[str, tuple[Any, set[str], str]] = {
    "comments": (lambda i: {"issue": i.pk, "text": "Why?"}, REVIEW, "review"),
    "justify": (lambda i: {"issues": [i.pk], "because": "A lab."}, REVIEW, "review"),
    "scan": (lambda i: {"account": i.account_id}, {"operator"}, "operate"),
    "evaluate": (
        lambda i: {"technology": i.technology, "account": i.account_id, "config": {"A": 1}},
        set(ROLES),
        "read",
    ),
}


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_and_scope_does_what_the_console_lets_it(
    issue: Issue, group: Any, role: str, name: str
) -> None:
    body, roles, scope = DEEDS[name]
    sent = body(issue)
    for scopes in (["read"], ["review"], ["rules"], ["operate"]):
        answer = send(token_of(granted(role, group), "read", *scopes), name, sent)
        may = role in roles and scope in ("read", *scopes)
        assert (answer.status_code < 300) == may, (scopes, answer.content)
        assert answer.status_code in (200, 201, 202, 403)
    elsewhere = granted(role, GroupFactory())
    assert send(token_of(elsewhere, "read", scope), name, sent).status_code in (400, 403)


def test_what_a_decision_covers_is_told_to_no_token_that_may_not_read(
    issue: Issue, group: Any
) -> None:
    body = {"issues": [issue.pk], "because": "A lab."}
    reviewer = granted("reviewer", group)
    assert send(token_of(reviewer, "review"), "justify", body).status_code == 403
    assert send(token_of(reviewer, "read", "review"), "justify", body).status_code == 200


def test_many_are_justified_once_what_that_covers_was_told(issue: Issue, group: Any) -> None:
    other = IssueFactory(item=issue.item, version=issue.version)
    header = token_of(granted("reviewer", group), "read", "review")
    asked = {"issues": [issue.pk, other.pk], "because": "A lab."}
    told = send(header, "justify", asked).json()
    assert told["count"] == 2
    assert [one["id"] for one in told["issues"]] == [issue.pk, other.pk]
    assert not Justification.objects.exists()
    assert send(header, "justify", {**asked, "confirm": "x"}).status_code == 412
    Issue.objects.filter(pk=other.pk).update(score=10)
    assert send(header, "justify", {**asked, "confirm": told["digest"]}).status_code == 412
    assert not Justification.objects.exists()
    told = send(header, "justify", asked).json()
    done = send(header, "justify", {**asked, "confirm": told["digest"]}).json()
    assert done["justifications"] == [Justification.objects.get().pk]
    assert Issue.objects.filter(justified=True).count() == 2


def test_a_configuration_is_evaluated_and_leaves_no_trace(issue: Issue, group: Any) -> None:
    rule = a_rule("open", expression="Rules[?Cidr == '0.0.0.0/0']", notes="Open to {Cidr}", score=8)
    counted = (Item, Issue, Run, Item.history.model, Comment)
    before = [model.objects.count() for model in counted]
    body = {
        "technology": issue.technology,
        "account": issue.account_id,
        "config": {"Rules": [{"Cidr": "0.0.0.0/0"}]},
    }
    answer = send(token_of(granted("viewer", group), "read"), "evaluate", body).json()
    assert answer["worst"] == 8
    first = answer["verdicts"][0]
    assert (first["key"], first["outcome"]) == (rule.key, "fail")
    assert first["findings"][0]["notes"] == "Open to 0.0.0.0/0"
    assert [model.objects.count() for model in counted] == before


def test_a_scan_makes_the_slices_due(issue: Issue, group: Any) -> None:
    header = token_of(granted("operator", group), "operate")
    assert send(header, "scan", {"account": issue.account_id}).status_code == 202
    assert Slice.objects.get().looked_at is None
    Account.objects.update(active=False)
    assert send(header, "scan", {"account": issue.account_id}).status_code == 403


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"text": "\\ud800"}', '{"text": "\\u0000"}', '{"x": 1}']
)
def test_what_cannot_be_kept_is_refused(group: Any, body: str) -> None:
    header = token_of(granted("reviewer", group), "review")
    answer = send(header, "comments", body)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    wrong = Client().post("/api/comments/", "a=b", content_type="text/plain", headers=header)
    assert wrong.status_code == 415


def test_what_is_sent_is_recorded_and_judged_and_sent_again_changes_nothing(group: Any) -> None:
    a_rule("open", expression="IpPermissions[?IpRanges]", score=8)
    account = AccountFactory()
    account.groups.add(group)
    header = token_of(granted("operator", group), "operate")
    body: dict[str, Any] = {
        "account": account.pk,
        "technology": "aws.ec2.security_group",
        "place": "eu-west-1",
        "items": [{"GroupId": "sg-1", "GroupName": "web", "IpPermissions": [{"IpRanges": [1]}]}],
    }
    first = send(header, "items", body)
    assert first.status_code == 200, first.content
    assert first.json()["created"] == 1
    item = Item.objects.get()
    assert (item.name, item.history.count(), item.issues.count()) == ("web", 1, 1)
    assert send(header, "items", body).json()["changed"] == 0
    body["items"][0]["IpPermissions"] = []
    assert send(header, "items", body).json()["changed"] == 1
    assert item.history.count() == 2
    assert not Issue.objects.open().exists()
    assert Slice.objects.get().looked_at is None
    body["items"] = [{"GroupName": "no id"}]
    assert send(header, "items", body).status_code == 400
    assert (
        send(token_of(granted("reviewer", group), "read", "review"), "items", body).status_code
        == 403
    )
    foreign = token_of(granted("operator", GroupFactory()), "operate")
    assert send(foreign, "items", body).status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_a_message_is_sent_again_by_operators_once_and_with_its_key(group: Any, role: str) -> None:
    subscription = SubscriptionFactory()
    subscription.groups.add(group)
    message = Delivery.objects.create(
        subscription=subscription, state=Delivery.State.FAILED, attempts=9, due_at=NOW, since=NOW
    )
    name, key = f"deliveries/{message.pk}/resend", message.message_id
    person = granted(role, group)
    assert send(token_of(person, "read", "review", "rules"), name, {}).status_code == 403
    elsewhere = token_of(granted(role, GroupFactory()), "read", "operate")
    assert send(elsewhere, name, {}).status_code in (403, 404)
    looks_further = granted("viewer")
    Grant.objects.create(
        user=looks_further, role=Group.objects.get(name=role), group=GroupFactory()
    )
    assert send(token_of(looks_further, "read", "operate"), name, {}).status_code == 403
    header = token_of(person, "read", "operate")
    answer = send(header, name, {})
    assert answer.status_code == (202 if role == "operator" else 403), answer.content
    message.refresh_from_db()
    assert message.message_id == key
    if role == "operator":
        assert message.state == answer.json()["state"] == Delivery.State.GATHERING
        assert send(header, name, {}).status_code == 409
