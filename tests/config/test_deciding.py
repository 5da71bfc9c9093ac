"""The decision beside an issue, in a browser and without: what it covers, says and does."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Grant, User
from audits.models import Attachment, Issue, Justification, ReviewPolicy
from tests.config.test_looks import WIDTHS, Visit
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    a_rule,
)

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
LABS = 12


def role(user: User, name: str, **grant: Any) -> User:
    Grant.objects.create(user=user, role=Group.objects.get(name=name), **grant)
    return user


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    """Training labs open to the internet, one shop, a reviewer and two who may approve."""
    group = GroupFactory(name="staging")
    account = AccountFactory(name="staging", identifier="220477180035")
    account.groups.add(group)
    rule = a_rule("ssh", title="SSH is open to the whole internet", score=7)
    issues = []
    for number in range(1, LABS + 1):
        tags = [{"Key": "purpose", "Value": "training"}, {"Key": "owner", "Value": "<b>me</b>"}]
        item = ItemFactory(
            account=account, name=f"training-lab-{number:02}", config={"GroupId": "g", "Tags": tags}
        )
        evidence = {"IpProtocol": "tcp", "FromPort": 22, "CidrIp": "0.0.0.0/0"}
        issues.append(
            IssueFactory(
                item=item,
                version=rule.active,
                score=7,
                notes="tcp 22 from 0.0.0.0/0",
                evidence=evidence,
                extent=["0.0.0.0/0"],
            )
        )
    IssueFactory(item=ItemFactory(account=account, name="shop"), version=rule.active, score=7)
    elsewhere = ItemFactory(account=AccountFactory(name="hidden-haven"), name="training-lab-99")
    IssueFactory(item=elsewhere, version=rule.active, score=7, notes="in hidden-haven")
    for severity, days in {"critical": 90, "high": 180, "medium": 365, "low": 365}.items():
        high = severity == "high"
        ReviewPolicy.objects.update_or_create(
            severity=severity, defaults={"longest_days": days, "second_person": high}
        )
    ines = role(UserFactory(username="ines", first_name="Ines", last_name="Novak"), "reviewer")
    Grant.objects.filter(user=ines).update(group=group)
    sunita = UserFactory(username="sunita", first_name="Sunita", last_name="Iyer")
    return {
        "account": account,
        "group": group,
        "issues": issues,
        "ines": ines,
        "sunita": role(sunita, "approver", group=group),
        "other": role(UserFactory(username="other"), "approver", group=GroupFactory()),
    }


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def decided(issue: Issue, **more: Any) -> dict[str, Any]:
    given = {"decision": "justify", "category": "business need", "because": "November labs."}
    return {**given, "scope": "issue", **more}


def covers(client: Client, issue: Issue, **more: Any) -> str:
    response = client.post(reverse("issue_covers", args=[issue.pk]), decided(issue, **more))
    assert response.status_code == 200
    return response.content.decode()


def test_what_a_pattern_covers_is_told_before_with_evidence(world: dict[str, Any]) -> None:
    client, issue = login(world["ines"]), world["issues"][6]
    text = covers(client, issue, scope="pattern", tag="purpose=training")
    for words in (
        "Covers 12 now",
        "score 84 leaves the total",
        "training-lab-01",
        "8 more, each with its evidence",
        'value="15"',
        "High: at most 180 days",
        "Sunita Iyer",
        "Ask an approver to approve 12 issues",
    ):
        assert words in text, words
    assert "other" not in text.replace("another", "")
    asked = covers(
        client, issue, scope="pattern", name_pattern="*-lab-0?", asked_of=world["sunita"].pk
    )
    assert "Ask Sunita to approve 9 issues" in asked
    before = {"scope": "pattern", "tag": "purpose=training", "bound": "16"}
    assert 'value="15"' in covers(client, issue, **before, proposed="16"), "of thirteen before"
    assert 'value="16"' in covers(client, issue, **before, proposed="15")
    assert "not within this pattern" in covers(client, issue, scope="pattern", name_pattern="x")
    assert not Justification.objects.exists()


def test_all_accounts_are_for_who_may_review_all(world: dict[str, Any]) -> None:
    issue = world["issues"][0]
    given = {"scope": "pattern", "name_pattern": "training-lab-*", "where": "all"}
    text = covers(login(world["ines"]), issue, **given)
    assert "hidden-haven" not in text
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    assert "in all accounts" not in login(world["ines"]).get(page).content.decode()
    login(world["ines"]).post(page, decided(issue, **given))
    assert not Justification.objects.exists()
    everywhere = login(role(UserFactory(), "reviewer"))
    assert "Covers 13 now" in covers(everywhere, issue, **given)


def test_a_pattern_is_asked_for_looked_at_and_let_in(world: dict[str, Any]) -> None:
    issue = world["issues"][6]
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    given = decided(issue, scope="pattern", tag="purpose=training", asked_of=world["sunita"].pk)
    client = login(world["ines"])
    said = client.post(page, given | {"bound": "15"}, follow=True).content.decode()
    assert "Asked Sunita Iyer to approve. Until then nothing changes." in said
    assert "Waits for approval" in said
    one = Justification.objects.get()
    assert (one.state, one.bound, one.asked_of) == ("asked", 15, world["sunita"])
    address = reverse("admin:audits_justification_change", args=[one.pk])
    listed = reverse("admin:audits_justification_changelist")
    assert "You asked for it: another person answers." in client.get(address).content.decode()
    assert client.post(address, {"answer": "approve"}).status_code == 403
    assert login(world["other"]).get(address).status_code in (302, 403, 404)

    approver = login(world["sunita"])
    assert "November labs." in approver.get(f"{listed}?state=asked").content.decode()
    shown = approver.get(address)
    assert "Would cover 12 issues now" in shown.content.decode()
    look = shown.context["look"]
    Issue.objects.filter(pk=issue.pk).update(extent=["0.0.0.0/0", "::/0"])
    text = approver.post(address, {"answer": "approve", "look": look}, follow=True)
    assert "has changed since" in text.content.decode()
    assert not Issue.objects.filter(justified=True).exists()
    look = approver.get(address).context["look"]
    done = approver.post(
        address, {"answer": "approve", "look": look, "words": "Until spring."}, follow=True
    )
    assert "Let in: 12 issues justified." in done.content.decode()
    assert Issue.objects.filter(justified=True).count() == 12
    assert "Until spring." in done.content.decode()

    assert (
        approver.post(address, {"answer": "refuse", "words": "no"}, follow=True).status_code == 200
    )
    over = client.post(address, {"answer": "withdraw", "words": "The labs are over."}, follow=True)
    assert "Withdrawn: 12 issues open again." in over.content.decode()


def test_a_file_is_kept_and_only_downloaded_by_who_may_see_it(world: dict[str, Any]) -> None:
    ReviewPolicy.objects.update(second_person=False)
    issue = world["issues"][0]
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    client = login(world["ines"])
    wrong = SimpleUploadedFile("plan.pdf", b"MZ\x90\x00 a program", content_type="application/pdf")
    refused = client.post(page, decided(issue) | {"file": wrong})
    assert "Attach PDF, PNG, JPEG or plain text" in refused.content.decode()
    large = SimpleUploadedFile("plan.txt", b"x" * (5 * 1024 * 1024 + 1))
    assert "5 MB at most" in client.post(page, decided(issue) | {"file": large}).content.decode()
    assert not Justification.objects.exists()
    html = SimpleUploadedFile(
        "../<img>.html", b"<script>alert(1)</script>", content_type="text/html"
    )
    client.post(page, decided(issue) | {"file": html})
    kept = Attachment.objects.get()
    assert kept.name.endswith(".txt")
    answer = client.get(reverse("attachment", args=[kept.pk]))
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/octet-stream"
    assert login(world["other"]).get(reverse("attachment", args=[kept.pk])).status_code == 404
    assert Client().get(reverse("attachment", args=[kept.pk])).status_code == 302


def test_a_day_beyond_the_longest_is_refused_by_name(world: dict[str, Any]) -> None:
    issue = world["issues"][0]
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    answer = login(world["ines"]).post(page, decided(issue, until="2999-01-01")).content.decode()
    assert "High: at most 180 days, to " in answer
    assert not Justification.objects.exists()


def test_policies_are_five_and_have_a_history(admin_client: Client) -> None:
    listed = admin_client.get(reverse("admin:audits_reviewpolicy_changelist")).content.decode()
    assert "for 90 days at most" in listed
    assert listed.index(">critical<") < listed.index(">information<")
    policy = ReviewPolicy.objects.get(severity="low")
    page = reverse("admin:audits_reviewpolicy_change", args=[policy.pk])
    admin_client.post(page, {"due_days": "", "longest_days": "10", "second_person": "on"})
    policy.refresh_from_db()
    assert (policy.due_days, policy.longest_days, policy.second_person) == (None, 10, True)
    assert policy.history.count() == 1
    assert admin_client.get("/audits/reviewpolicy/add/").status_code == 403


@pytest.mark.needs("browser")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", WIDTHS)
def test_a_decision_is_made_beside_its_issue(
    chromium: Any, live_server: Any, world: dict[str, Any], mode: str
) -> None:
    User.objects.filter(username="ines").update(is_superuser=True)
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    page, issue = visit.page, world["issues"][6]
    visit.look(f"/audits/issue/{issue.pk}/change/")
    page.check("input[name=scope][value=pattern]")
    page.select_option("#id_tag", "purpose=training")
    page.wait_for_selector("text=Covers 12 now")
    page.fill("#id_because", "November training labs. Machines hold no data.")
    page.fill("#id_ticket", "SEC-2291")
    page.click("#consequences button:text-is('30 d')")
    page.wait_for_function("document.querySelector('#id_until').value != ''")
    page.select_option("#id_asked_of", label="Sunita Iyer")
    page.wait_for_selector("text=Ask Sunita to approve 12 issues")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"deciding-{mode}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= visit.width
    page.click("text=Ask Sunita to approve 12 issues")
    page.wait_for_selector("text=Asked Sunita Iyer to approve")
    one = Justification.objects.get()
    assert (one.ticket, one.bound, one.state) == ("SEC-2291", 15, "asked")
    Justification.objects.update(by=world["other"])
    for name, address in {
        "asked": f"/audits/justification/{one.pk}/change/",
        "list": "/audits/justification/?state=asked",
        "policies": "/audits/reviewpolicy/",
        "waiting": f"/audits/issue/{issue.pk}/change/",
    }.items():
        visit.look(address)
        page.screenshot(path=PICTURES / f"deciding-{name}-{mode}.png", full_page=True)
    visit.look(f"/audits/justification/{one.pk}/change/")
    page.click("text=Let in 12 issues")
    page.wait_for_selector("text=Let in: 12 issues justified.")
    page.screenshot(path=PICTURES / f"deciding-approved-{mode}.png", full_page=True)
    visit.look(f"/audits/issue/{issue.pk}/change/")
    page.screenshot(path=PICTURES / f"deciding-justified-{mode}.png", full_page=True)
    assert visit.wrong == [], visit.wrong
