"""Tickets in GitHub and Jira: one of each issue, whatever happens to it and to us."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import AccountGroup
from audits.models import What
from notifications.following import follow
from notifications.models import Delivery, Line, Subscription, Ticket
from notifications.notifiers import notifiers
from notifications.notifiers.mapping import fields_of
from notifications.resending import send_again
from tests.factories import GroupFactory, SubscriptionFactory, granted
from tests.notifications.desks import (
    TOKEN,
    DeskServer,
    GitHubServer,
    JiraDataCenter,
    JiraServer,
    serving,
)
from tests.notifications.happening import an_issue, happens, kill, sender, sent, was_killed

DESKS = {"github": GitHubServer, "jira": JiraServer, "data center": JiraDataCenter}


@pytest.fixture(params=DESKS)
def desk(request: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskServer]:
    settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]
    monkeypatch.setenv("VERVET_SECRET_DESK", TOKEN)
    with serving(DESKS[request.param]()) as one:
        yield one


def told_by(desk: DeskServer) -> Subscription:
    key = "github" if isinstance(desk, GitHubServer) else "jira"
    given = {"notifier": key, "address": desk.address, "parameters": desk.parameters}
    told = SubscriptionFactory(**given, weekly=False)
    told.full_clean()
    return told


@pytest.mark.django_db
def test_a_ticket_is_opened_commented_closed_and_opened_again(desk: DeskServer) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    assert sent() == ["sent"], Delivery.objects.get().last_error
    assert (desk.states(), desk.comments()) == (["open"], [])
    happens(issue, What.FIXED)
    sent()
    assert desk.states() == ["closed"], "though the subscription asks for no fixed issues"
    assert "It is fixed." in desk.comments()[-1]
    happens(issue, What.REOPENED, told)
    sent()
    assert desk.states() == ["open"]
    assert "It is there again." in desk.comments()[-1]
    happens(issue, What.JUSTIFIED)
    sent()
    assert desk.states() == ["closed"]
    assert set(sent()) == {"sent"}
    assert (len(desk.tickets), len(desk.comments())) == (1, 3)
    assert Ticket.objects.get().reference == next(iter(desk.tickets))


@pytest.mark.django_db
def test_the_page_of_an_issue_leads_to_its_ticket(desk: DeskServer, admin_client: Client) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    sent()
    (reference,) = desk.tickets
    path = "/acme/security/issues/" if isinstance(desk, GitHubServer) else "/browse/"
    page = f"/audits/issue/{issue.pk}/change/"
    assert f'href="{desk.url}{path}{reference}"' in admin_client.get(page).content.decode()
    viewer = granted("viewer", GroupFactory())
    issue.item.account.groups.set(AccountGroup.objects.all())
    admin_client.force_login(viewer)
    shown = admin_client.get(page).content.decode()
    assert "Open to the world" in shown
    assert desk.url not in shown, "who told of all accounts is none of theirs"


@pytest.mark.django_db
def test_the_fields_are_as_the_subscription_maps_them(desk: DeskServer) -> None:
    happens(issue := an_issue(), What.OPENED, told_by(desk))
    sent()
    (ticket,) = desk.tickets.values()
    if isinstance(desk, GitHubServer):
        assert ticket["labels"] == ["sec", "critical"]
        assert f"/audits/issue/{issue.pk}/change/" in ticket["body"]
    else:
        assert ticket["fields"]["priority"] == {"name": "Highest"}
        assert issue.account.name in ticket["fields"]["labels"]
        assert f"/audits/issue/{issue.pk}/change/" in ticket["fields"]["description"]


@pytest.mark.django_db
def test_nothing_that_a_cloud_wrote_is_markup(desk: DeskServer) -> None:
    happens(an_issue(), What.OPENED, told_by(desk))
    sent()
    (ticket,) = desk.tickets.values()
    if isinstance(desk, GitHubServer):
        assert (
            "`` @acme/everyone `#1` [x](http://evil) {noformat} [~admin] new ``" in ticket["body"]
        )
    else:
        text = ticket["fields"]["description"]
        parts = text.split("{noformat}")
        assert len(parts) % 2 == 1
        assert "@acme" not in "".join(parts[::2])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["create", "comment"])
def test_a_worker_killed_after_it_was_taken_opens_and_says_nothing_twice(
    desk: DeskServer, what: str
) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    if what == "comment":
        sent()
        happens(issue, What.FIXED)
        follow()
    worker = sender(VERVET_SECRET_DESK=TOKEN)
    desk.before_answer = lambda method, path: kill(worker) if method == "POST" else None
    assert was_killed(worker)
    desk.before_answer = lambda method, path: None
    assert set(sent()) == {"sent"}
    assert len(desk.tickets) == 1
    assert len(desk.comments()) == (what == "comment")
    assert desk.states() == ["closed" if what == "comment" else "open"]


@pytest.mark.django_db(transaction=True)
def test_a_ticket_that_a_killed_worker_had_opened_is_found_and_closed(desk: DeskServer) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    worker = sender(VERVET_SECRET_DESK=TOKEN)
    desk.before_answer = lambda method, path: kill(worker) if method == "POST" else None
    assert was_killed(worker)
    desk.before_answer = lambda method, path: None
    happens(issue, What.FIXED)
    sent()
    assert set(sent()) == {"sent"}
    assert desk.states() == ["closed"]


@pytest.mark.django_db
def test_what_came_and_went_opens_no_ticket(desk: DeskServer) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    happens(issue, What.FIXED, told)
    assert sent() == ["sent"]
    assert not desk.tickets
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_what_went_while_a_desk_was_busy_opens_no_ticket(desk: DeskServer) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    path = "/repos/acme/security/issues" if isinstance(desk, GitHubServer) else "/issue"
    desk.refuse["POST", path] = 429
    assert sent() == ["gathering"]
    desk.refuse.clear()
    happens(issue, What.FIXED)
    assert sent() == ["sent"]
    assert not desk.tickets
    happens(issue, What.REOPENED, told)
    assert sent() == ["sent", "sent"]
    assert desk.states() == ["open"]


@pytest.mark.django_db
def test_a_message_sent_again_does_not_put_a_ticket_back(desk: DeskServer) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    sent()
    happens(issue, What.FIXED)
    sent()
    send_again(Delivery.objects.all(), None)
    assert sent() == ["sent", "sent"]
    assert (desk.states(), len(desk.comments())) == (["closed"], 1)


@pytest.mark.django_db
def test_a_ticket_that_somebody_removed_is_opened_anew_while_there_is_something_to_do(
    desk: DeskServer,
) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    sent()
    next(iter(desk.tickets.values()))["gone"] = True
    happens(issue, What.REOPENED, told)
    sent()
    assert len(desk.tickets) == 2
    next(reversed(desk.tickets.values()))["gone"] = True
    happens(issue, What.FIXED)
    assert set(sent()) == {"sent"}
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_one_ticket_that_is_refused_keeps_back_no_other(desk: DeskServer) -> None:
    told, first, second = told_by(desk), an_issue(), an_issue()
    happens(first, What.OPENED, told)
    sent()
    where = {GitHubServer: "/repos/acme/security/issues/1/comments"}
    path = where.get(type(desk), "/issue/SEC-1/comment")
    desk.refuse["POST", path] = 422
    happens(first, What.FIXED)
    happens(second, What.OPENED, told)
    assert sent() == ["sent", "failed"]
    assert "1 tickets were refused: HTTP 422" in Delivery.objects.latest("pk").last_error
    assert len(desk.tickets) == 2
    desk.refuse.clear()
    send_again(Delivery.objects.filter(state="failed"), None)
    assert sent() == ["sent", "sent"]
    assert desk.states() == ["closed", "open"]


@pytest.mark.django_db
def test_a_wrong_token_is_given_up_and_never_told(desk: DeskServer, monkeypatch: Any) -> None:
    monkeypatch.setenv("VERVET_SECRET_DESK", "other-token")
    happens(an_issue(), What.OPENED, told_by(desk))
    assert sent() == ["failed"]
    assert "401" in Delivery.objects.get().last_error
    assert "other-token" not in Delivery.objects.get().last_error


@pytest.mark.django_db
def test_who_asks_too_often_waits(desk: DeskServer, settings: Any) -> None:
    happens(an_issue(), What.OPENED, told_by(desk))
    path = "/repos/acme/security/issues" if isinstance(desk, GitHubServer) else "/issue"
    desk.refuse["POST", path] = 429
    assert sent() == ["gathering"]
    desk.refuse.clear()
    assert sent() == ["sent"]
    assert len(desk.tickets) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("close", "reopen"), [("Rejected", "Reopened"), ("Nirvana", "")])
def test_jira_is_led_to_the_status_that_is_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch, close: str, reopen: str
) -> None:
    settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]
    monkeypatch.setenv("VERVET_SECRET_DESK", TOKEN)
    with serving(JiraServer()) as desk:
        told, issue = told_by(desk), an_issue()
        told.parameters |= {"close": close, "reopen": reopen}
        told.save()
        happens(issue, What.OPENED, told)
        happens(issue, What.RESCORED)
        sent()
        happens(issue, What.FIXED)
        assert sent()[-1] == ("sent" if close == "Rejected" else "failed")
        (ticket,) = desk.tickets.values()
        if close == "Nirvana":
            assert "no way from To Do to Nirvana" in Delivery.objects.latest("pk").last_error
            return
        assert ticket["status"] == "Rejected"
        happens(issue, What.REOPENED, told)
        sent()
        assert ticket["status"] == "Reopened"


@pytest.mark.parametrize(
    "fields",
    ["{", "[]", '{"labels": ["$owner"]}', '{"priority": {"critical": "$x", "high": "$y"}}'],
)
def test_a_mapping_that_cannot_be_filled_is_refused(fields: str) -> None:
    with pytest.raises(ValidationError, match="fields"):
        notifiers["github"].complete({"token": "env:VERVET_SECRET_DESK", "fields": fields})


def test_an_object_of_severities_is_the_value_for_the_own_one() -> None:
    thing = {"severity": "low", "title": "t", "item": {"name": "n", "account": "prod"}}
    text = '{"milestone": {"critical": 1, "low": 4}, "team": {"high": "a"}, "x": ["$account"]}'
    assert fields_of(text, thing) == {"milestone": 4, "x": ["prod"]}


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("github", "https://github.com/acme"),
        ("github", "https://github.com/acme/security/issues"),
        ("jira", "https://acme.atlassian.net/"),
        ("jira", "https://acme.atlassian.net/browse/SEC-1"),
    ],
)
def test_an_address_is_a_repository_or_a_project(key: str, address: str) -> None:
    with pytest.raises(ValidationError):
        notifiers[key].check_address(address)


@pytest.mark.django_db
def test_what_an_owner_is_told_first_is_sent_first(desk: DeskServer) -> None:
    told, issue = told_by(desk), an_issue()
    happens(issue, What.OPENED, told)
    Delivery.objects.update(
        state="sending", attempts=1, claimed_until=timezone.now() + timedelta(minutes=1)
    )
    happens(an_issue(), What.OPENED, told)
    assert sent() == ["sending", "gathering"]
    assert Line.objects.count() == 2
