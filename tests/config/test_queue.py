"""The queue: who is first, what is late, what is done to many; an issue within its list."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audits.models import BlindSpot, Comment, Issue, Judged, Justification, Mention
from audits.reviewing import justify, withdraw
from notifications.models import Delivery
from notifications.sending import send_due
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    a_rule,
    granted,
)

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def world() -> dict[str, Any]:
    """Two accounts in a group each; Ines reviews the first and sees both."""
    now = timezone.now()
    mine, theirs = GroupFactory(name="mine"), GroupFactory(name="theirs")
    ines = granted("reviewer", mine, username="ines", first_name="Ines", last_name="Novak")
    ines.grants.create(role=granted("viewer").grants.get().role)
    places = {}
    for name, group in (("lab", mine), ("shop", theirs)):
        account = AccountFactory(name=name, owner_mail=f"owner@{name}.example")
        account.groups.add(group)
        places[name] = ItemFactory(account=account, name=f"item of {name}")
    rule = a_rule(title="Open to all")
    issues = {
        name: IssueFactory(
            item=places[where],
            version=rule.active,
            score=score,
            opened_at=now - timedelta(days=days),
            notes=f"tcp 22 from 0.0.0.0/0, {name}",
            extent=["0.0.0.0/0"],
        )
        for name, where, score, days in (
            ("far worst", "shop", 10, 2),
            ("far late", "shop", 9, 20),
            ("near low", "lab", 2, 400),
            ("near high", "lab", 8, 1),
        )
    }
    return {"ines": ines, "rule": rule, "items": places, **issues}


def names(client: Client, query: str = "") -> list[str]:
    rows = client.get(f"/audits/issue/{query}").context["cl"].rows
    return [row.issue.notes.split(", ")[1] for row in rows]


# -- order, tabs and filters ------------------------------------------------------------------


def test_mine_stand_first_then_the_worst(world: dict[str, Any]) -> None:
    client = browser(world["ines"])
    assert names(client) == ["near high", "near low", "far worst", "far late"]
    Issue.objects.filter(pk=world["far late"].pk).update(assignee=world["ines"])
    assert names(client) == ["far late", "near high", "near low", "far worst"]
    assert names(client, "?order=worst") == ["far worst", "far late", "near high", "near low"]
    assert names(client, "?order=due") == ["near low", "far late", "far worst", "near high"]
    assert names(browser(granted("viewer")))[0] == "far worst"


def test_what_is_late_is_shown_filtered_and_counted_alike(world: dict[str, Any]) -> None:
    client = browser(world["ines"])
    rows = client.get("/audits/issue/").context["cl"].rows
    assert {row.issue.notes.split(", ")[1]: row.due for row in rows} == {
        "near high": "in 29 days",
        "near low": "220 days late",
        "far worst": "in 5 days",
        "far late": "13 days late",
    }
    assert sorted(names(client, "?due=late")) == ["far late", "near low"]
    assert names(client, "?due=week") == ["far worst"]
    context = client.get("/audits/issue/").context
    facet = next(one for one in context["cl"].facets if one["name"] == "due")
    assert [(line["display"], line["count"]) for line in facet["choices"]] == [
        ("late", 2),
        ("this week", 1),
    ]
    lines = [line for group in context["sidebar_navigation"] for line in group["items"]]
    assert next(line["badge"] for line in lines if line["title"] == "Issues") == "2"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?assignee=me", ["far worst"]),
        ("?assignee=none", ["near high", "near low", "far late"]),
        ("?severity=critical,low", ["near low", "far worst", "far late"]),
        ("?q=22", ["near high", "near low", "far worst", "far late"]),
        ("?q=item of shop", ["far worst", "far late"]),
        ("?due=nonsense", []),
        ("?group=none", []),
    ],
)
def test_filters_leave_what_they_say(world: dict[str, Any], query: str, shown: list[str]) -> None:
    Issue.objects.filter(pk=world["far worst"].pk).update(assignee=world["ines"])
    found = names(browser(world["ines"]), query)
    assert sorted(found) == sorted(shown)


def test_each_tab_counts_what_it_shows(world: dict[str, Any]) -> None:
    ines = UserFactory(is_superuser=True)
    justify([world["near low"]], ines, "A lab.")
    justify([world["near high"]], ines, "Asked for.")
    asked = Justification.objects.order_by("-pk")[:1].get()
    asked.coverages.all().delete()
    asked.issues.add(world["near high"])
    Justification.objects.filter(pk=asked.pk).update(state=Justification.State.ASKED)
    Issue.objects.filter(pk=world["near high"].pk).update(justified=False, unknown=True)
    Issue.objects.filter(pk=world["far late"].pk).update(fixed_at=timezone.now())
    client = browser(ines)
    tabs = client.get("/audits/issue/").context["cl"].tabs[0]["choices"]
    counts = {tab["display"]: tab["count"] for tab in tabs}
    assert counts == {
        "open": 2,
        "waiting for approval": 1,
        "justified": 1,
        "closed this week": 1,
        "unknown": 1,
    }
    for tab in tabs:
        found = client.get(f"/audits/issue/{tab['query_string']}").context["cl"]
        assert found.result_count == tab["count"]
    assert names(client, "?state=waiting") == ["near high"]
    assert names(client, "?state=closed") == ["far late"]


def test_the_evidence_is_marked_short_and_escaped(world: dict[str, Any]) -> None:
    evil = "<img src=x onerror=alert(1)> " * 30
    Issue.objects.filter(pk=world["far worst"].pk).update(notes=f"{evil} from 0.0.0.0/0 {evil}")
    Issue.objects.filter(pk=world["near low"].pk).update(
        notes="", evidence={"Port": 22, "Deep": {"a": 1}, "Name": "<b>"}, extent=[22]
    )
    text = browser(world["ines"]).get("/audits/issue/").content.decode()
    assert "<img src=x" not in text
    assert "<mark>0.0.0.0/0</mark>" in text
    assert "Name &lt;b&gt;, Port <mark>22</mark>" in text
    for row in browser(world["ines"]).get("/audits/issue/").context["cl"].rows:
        assert len(row.text) < 200


def test_a_row_says_that_its_justification_ended(world: dict[str, Any]) -> None:
    admin = UserFactory(is_superuser=True)
    justify([world["near low"]], admin, "A lab.")
    withdraw([world["near low"]], admin, "No lab any more.")
    assert "justification withdrawn" in browser(admin).get("/audits/issue/").content.decode()


def test_nothing_found_is_said_with_what_had_no_answer(world: dict[str, Any]) -> None:
    item, rule = world["items"]["lab"], world["rule"]
    place = {"account": item.account, "technology": item.technology, "rule": rule}
    Judged.objects.create(**place, stamp="")
    BlindSpot.objects.create(**place, item=item, reason="no", since=timezone.now())
    client = browser(world["ines"])
    text = unescape(client.get("/audits/issue/?severity=medium&account=0").content.decode())
    assert "Issues appear when" in text
    text = unescape(client.get("/audits/issue/?severity=medium").content.decode())
    assert "Nothing medium is open" in text
    assert "1 of 2 checks had no answer" in text
    assert "Show 4 issues of other severities" in text
    assert "Nothing matches" in client.get("/audits/issue/?q=nowhere").content.decode()


def test_the_queue_costs_the_same_for_many_rows(world: dict[str, Any]) -> None:
    client = browser(world["ines"])
    counts = []
    for _ in range(2):
        for _ in range(50):
            IssueFactory(item=ItemFactory(), version=world["rule"].active, notes="", extent=[])
        with CaptureQueriesContext(connection) as queries:
            client.get("/audits/issue/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 26


# -- many at once -----------------------------------------------------------------------------


def many(client: Client, deed: str, issues: list[Issue], **given: Any) -> Any:
    chosen = [issue.pk for issue in issues]
    return client.post(
        "/audits/issue/?order=worst", {"action": deed, "_selected_action": chosen, **given}
    )


def test_many_are_assigned_to_somebody_who_sees_them(world: dict[str, Any]) -> None:
    client, ines = browser(world["ines"]), world["ines"]
    tom = granted("viewer", username="tom")
    both = [world["near low"], world["near high"]]
    ask = many(client, "assign_chosen", both).content.decode()
    assert "This is about 2 issues" in ask
    assert f'<option value="{tom.pk}">' in ask
    many(client, "assign_chosen", both, _handed=1, to=tom.pk)
    assert set(Issue.objects.filter(assignee=tom)) == set(both)
    many(client, "assign_chosen", [*both, world["far worst"]], _handed=1, to=ines.pk)
    assert set(Issue.objects.filter(assignee=ines)) == set(both), "and what is not hers to review"


def test_the_whole_filter_is_assigned(world: dict[str, Any]) -> None:
    admin = UserFactory(is_superuser=True)
    chosen = {"_selected_action": [world["far worst"].pk], "select_across": 1}
    given = {"action": "assign_chosen", "_handed": 1, "to": admin.pk, **chosen}
    browser(admin).post("/audits/issue/?severity=critical", given)
    assert set(Issue.objects.filter(assignee=admin)) == {world["far worst"], world["far late"]}


def test_many_are_commented_on(world: dict[str, Any]) -> None:
    client = browser(world["ines"])
    granted("viewer", username="tom")
    both = [world["near low"], world["near high"]]
    assert "at least" not in many(client, "comment_chosen", both, _handed=1).content.decode()
    assert not Comment.objects.exists()
    many(client, "comment_chosen", both, _handed=1, text="@tom look")
    assert set(Comment.objects.values_list("issue", flat=True)) == {one.pk for one in both}
    assert Mention.objects.count() == 2


@pytest.mark.parametrize("deed", ["assign_chosen", "comment_chosen"])
def test_nothing_is_done_to_what_is_out_of_reach(world: dict[str, Any], deed: str) -> None:
    given = {"_handed": 1, "to": world["ines"].pk, "text": "hello"}
    assert many(browser(world["ines"]), deed, [world["far late"]], **given).status_code == 403
    viewer = browser(granted("viewer"))
    many(viewer, deed, [world["near low"]], **given)
    assert not Comment.objects.exists()
    assert not Issue.objects.exclude(assignee=None).exists()


# -- one issue --------------------------------------------------------------------------------


def test_an_issue_knows_its_neighbours_in_the_list_it_was_opened_from(
    world: dict[str, Any],
) -> None:
    client = browser(world["ines"])
    text = unescape(client.get("/audits/issue/?order=worst").content.decode())
    first = f"/audits/issue/{world['far worst'].pk}/change/?list=order%3Dworst&at=1"
    assert f'href="{first}"' in text
    places = []
    address: str | None = first
    while address:
        text = unescape(client.get(address).content.decode())
        places += re.findall(r">(\d of \d)<", text)
        found = re.search(r'href="([^"]+)" data-key="j"', text)
        address = found[1] if found else None
    assert places == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert f'href="/audits/issue/{world["near high"].pk}/change/?' in text


def test_what_left_the_list_leads_to_what_took_its_place(world: dict[str, Any]) -> None:
    admin = UserFactory(is_superuser=True)
    justify([world["far late"]], admin, "A shop.")
    address = f"/audits/issue/{world['far late'].pk}/change/?list=order%3Dworst&at=2"
    beside = browser(admin).get(address).context["beside"]
    assert (beside.place, beside.count) == (0, 3)
    assert f"/{world['far worst'].pk}/" in beside.before
    assert f"/{world['near high'].pk}/" in beside.after


@pytest.mark.parametrize("query", ["list=%00&at=1", "list=nonsense%3D1&at=1", "list=&at=999999"])
def test_a_nonsense_list_breaks_no_page(world: dict[str, Any], query: str) -> None:
    address = f"/audits/issue/{world['near low'].pk}/change/?{query}"
    assert browser(world["ines"]).get(address).status_code == 200


def test_what_was_said_and_done_stands_in_one_column(world: dict[str, Any]) -> None:
    client, issue = browser(world["ines"]), world["near low"]
    page = f"/audits/issue/{issue.pk}"
    client.post(f"{page}/assign/", {"to": world["ines"].pk})
    client.post(f"{page}/comment/?list=&at=1", {"text": "Why <b>that</b>?"})
    client.post(f"{page}/comment/", {"text": "  "})
    text = client.get(f"{page}/change/").content.decode()
    story = text[text.index("What people said and did") :]
    assert story.index("Assigned") < story.index("Why &lt;b&gt;that&lt;/b&gt;?")
    assert Comment.objects.count() == 1


def test_an_issue_is_sent_back_to_the_owner_of_its_account(world: dict[str, Any]) -> None:
    client, issue = browser(world["ines"]), world["near low"]
    text = "By Friday. " + "<script>alert(1)</script>"
    client.post(f"/audits/issue/{issue.pk}/send-back/", {"text": text})
    assert Comment.objects.get().text.startswith("Sent back to the owner, owner@lab.example.")
    assert send_due() == 1
    (out,) = mail.outbox
    assert out.to == ["owner@lab.example"]
    assert out.subject == "To mend: Open to all: item of lab"
    assert "tcp 22 from 0.0.0.0/0" in out.body
    assert "By Friday." in out.body
    html = out.alternatives[0][0]
    assert "<script>alert" not in str(html)
    assert send_due() == 0


def test_nothing_is_sent_where_nobody_owns_it_or_it_is_fixed(world: dict[str, Any]) -> None:
    client, issue = browser(world["ines"]), world["near low"]
    address = f"/audits/issue/{issue.pk}/send-back/"
    client.post(address, {"text": "Now"})
    Issue.objects.filter(pk=issue.pk).update(fixed_at=timezone.now())
    assert send_due() == 0, "what was fixed before the mail went needs no mail"
    client.post(address, {"text": "Again"})
    Issue.objects.filter(pk=issue.pk).update(fixed_at=None)
    type(issue.account).objects.update(owner_mail="")
    client.post(address, {"text": "Again"})
    assert Delivery.objects.filter(kind="returned").count() == 1
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("deed", ["assign", "comment", "send-back"])
def test_who_may_not_review_does_nothing_to_an_issue(world: dict[str, Any], deed: str) -> None:
    given = {"to": world["ines"].pk, "text": "hello"}
    client = browser(world["ines"])
    assert client.post(f"/audits/issue/{world['far late'].pk}/{deed}/", given).status_code == 403
    assert client.get(f"/audits/issue/{world['near low'].pk}/{deed}/").status_code == 405
    blind = browser(granted("reviewer", GroupFactory()))
    assert blind.post(f"/audits/issue/{world['near low'].pk}/{deed}/", given).status_code == 404
    assert not Comment.objects.exists()
    assert not Delivery.objects.exists()


def test_a_mail_to_an_owner_is_listed_only_for_who_sees_the_item(world: dict[str, Any]) -> None:
    client, issue = browser(world["ines"]), world["near low"]
    client.post(f"/audits/issue/{issue.pk}/send-back/", {"text": "By Friday."})
    address = "/notifications/delivery/"
    assert "owner@lab.example" in client.get(address).content.decode()
    theirs = browser(granted("operator", GroupFactory()))
    assert "owner@lab.example" not in theirs.get(address).content.decode()
