"""The pages on which people act: an item, an issue, an account's form, a rule's."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountGroup, User
from accounts.types.aws import AwsAccount
from accounts.types.base import Refused
from audits.models import BlindSpot, Issue, Justification, Rule
from items.models import Slice
from items.tree import lines
from tests.factories import NOW, AccountFactory, IssueFactory, ItemFactory, a_rule

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *arguments: Any) -> str:
    """Return what stands on a page that must be there."""
    response = client.get(reverse(f"admin:{name}", args=arguments), follow=True)
    assert response.status_code == 200
    return response.content.decode()


# -- one item, one issue ----------------------------------------------------------------------


def test_an_item_page_shows_what_is_known_and_what_is_not(admin_client: Client) -> None:
    item = ItemFactory(
        config={"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22}]},
        unread={"Policy": "AccessDenied: not allowed to s3:GetBucketPolicy"},
    )
    open_one = IssueFactory(item=item, version=a_rule("one", title="Open to all").active)
    IssueFactory(item=item, version=a_rule("two", title="Accepted").active, justified=True)
    IssueFactory(item=item, version=a_rule("three", title="Long gone").active, fixed_at=NOW)
    BlindSpot.objects.create(
        account=item.account,
        technology=item.technology,
        item=item,
        rule=a_rule("four", title="Blind"),
        reason="Policy could not be read",
        since=NOW,
    )
    item.config = {"GroupId": "sg-1", "IpPermissions": []}
    item.save()
    text = unescape(page(admin_client, "items_item_change", item.pk))
    for words in ("Open to all", "Accepted", "justified", "Blind", "could not be judged, because"):
        assert words in text
    assert "s3:GetBucketPolicy" in text
    assert "Long gone" not in text
    assert "1 more was found here once" in text
    assert reverse("admin:audits_issue_change", args=[open_one.pk]) in text
    assert 'class="minus"' in text


def test_an_item_cannot_be_changed(admin_client: Client) -> None:
    item = ItemFactory(name="before")
    address = reverse("admin:items_item_change", args=[item.pk])
    admin_client.post(address, {"name": "after"})
    assert admin_client.post(reverse("admin:items_item_delete", args=[item.pk])).status_code == 403
    assert admin_client.get("/items/item/add/").status_code == 403
    item.refresh_from_db()
    assert item.name == "before"


def test_a_tree_holds_every_value_once_and_closes_what_it_opens() -> None:
    config = {"A": [{"B": 1}, {"B": None}], "C": {"D": {"E": "text"}}, "F": [], "G": {}, "H": True}
    found = list(lines(config))
    assert sum(one.what == "open" for one in found) == sum(one.what == "close" for one in found)
    texts = [one.text for one in found if one.what == "leaf"]
    assert texts == ["1", "null", "text", "[]", "{}", "true"]


def test_an_issue_page_says_what_why_and_what_happened(admin_client: Client) -> None:
    rule = a_rule(
        title="Open to all",
        rationale="Because it is dangerous.",
        remediation="Close it.",
        references=["https://example.com/why", "javascript:alert(1)"],
        controls=["CIS AWS 5.2"],
        score=9,
    )
    issue = IssueFactory(
        version=rule.active,
        notes="tcp 22 from 0.0.0.0/0",
        evidence={"Cidr": "0.0.0.0/0"},
        extent=["0.0.0.0/0"],
    )
    text = unescape(page(admin_client, "audits_issue_change", issue.pk))
    for words in ("Because it is dangerous.", "Close it.", "CIS AWS 5.2", "version 1"):
        assert words in text
    assert "tcp 22 from <mark>0.0.0.0/0</mark>" in text
    assert 'href="https://example.com/why"' in text
    assert "javascript:" not in text


def test_an_issue_is_justified_and_withdrawn_on_its_page(admin_client: Client) -> None:
    issue = IssueFactory()
    address = reverse("admin:audits_issue_change", args=[issue.pk])
    given = {"decision": "justify", "category": "business need", "scope": "issue", "until": ""}
    empty = admin_client.post(address, {**given, "because": " "})
    assert empty.status_code == 200
    assert not Justification.objects.exists()
    past = admin_client.post(address, {**given, "because": "it is a lab", "until": "2020-01-01"})
    assert "That day has passed." in past.content.decode()
    admin_client.post(address, {**given, "because": "it is a lab"})
    issue.refresh_from_db()
    assert issue.justified
    assert "it is a lab" in admin_client.get(address).content.decode()
    admin_client.post(address, {"decision": "withdraw", "because": "the lab has ended"})
    issue.refresh_from_db()
    assert not issue.justified
    text = admin_client.get(address).content.decode()
    assert "the lab has ended" in text
    assert admin_client.post(address, {"decision": "delete"}).status_code == 403


def test_many_issues_are_justified_at_once_after_being_named(admin_client: Client) -> None:
    issues = [IssueFactory(notes=f"finding {number}") for number in range(3)]
    fixed = IssueFactory(fixed_at=NOW)
    chosen = {
        "action": "justify_chosen",
        "_selected_action": [issue.pk for issue in (*issues, fixed)],
    }
    ask = admin_client.post("/audits/issue/?state=all", chosen)
    text = ask.content.decode()
    assert "finding 1" in text
    assert "Justify 3 issues" in text
    assert "1 of the chosen issues are left out" in text
    assert not Justification.objects.exists()
    given = {"_decided": "1", "category": "accepted risk", "because": "", "scope": "issue"}
    assert (
        "finding 1"
        in admin_client.post("/audits/issue/?state=all", chosen | given).content.decode()
    )
    done = admin_client.post("/audits/issue/?state=all", chosen | given | {"because": "all labs"})
    assert done.status_code == 302
    assert Issue.objects.filter(justified=True).count() == 3


# -- accounts ---------------------------------------------------------------------------------

ACCOUNT = {"type": "aws", "name": "prod", "identifier": "123456789012", "active": "on"}


def test_the_form_of_an_account_follows_its_type(admin_client: Client) -> None:
    text = unescape(page(admin_client, "accounts_account_add"))
    for parameter in AwsAccount.parameters:
        assert parameter.label in text
        assert parameter.help in text
        assert f'name="parameter_{parameter.name}"' in text
    assert '<option value="aws-cn"' in text
    assert 'value="Vervet"' in text
    assert 'name="parameters"' not in text


def test_an_account_is_added_completed_and_told_what_to_set_up(admin_client: Client) -> None:
    response = admin_client.post("/accounts/account/add/", ACCOUNT)
    assert response.status_code == 302
    account = Account.objects.get(name="prod")
    assert account.parameters["role_name"] == "Vervet"
    text = unescape(page(admin_client, "accounts_account_change", account.pk))
    assert account.parameters["external_id"] in text
    assert "sts:AssumeRole" in text
    assert "What to set up in the account" in text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"identifier": "12"}, "twelve digits"),
        ({"parameter_role_name": "no spaces please"}, "the name of a role"),
        ({"parameter_external_id": "ä"}, "an external id"),
        ({"parameter_partition": "moon"}, "Select a valid choice"),
        ({"parameter_canonical_id": "xyz"}, "64 hexadecimal digits"),
        ({"type": "nonsense"}, ""),
    ],
)
def test_a_wrong_account_is_refused_at_the_field(
    admin_client: Client, wrong: dict[str, str], says: str
) -> None:
    response = admin_client.post("/accounts/account/add/", ACCOUNT | wrong)
    assert response.status_code in (200, 404)
    assert says in unescape(response.content.decode())
    assert not Account.objects.exists()


AZURE = {
    "type": "azure",
    "name": "shop",
    "identifier": "bbbbbbbb-0000-4000-8000-000000000001",
    "active": "on",
    "parameter_cloud": "public",
    "parameter_credential": "secret",
}


def test_what_a_credential_needs_is_asked_for_at_its_field(admin_client: Client) -> None:
    response = admin_client.post("/accounts/account/add/?type=azure", AZURE)
    errors = response.context["adminform"].form.errors
    assert set(errors) == {"parameter_tenant", "parameter_client_id", "parameter_secret"}
    assert errors["parameter_secret"] == ["the credential 'secret' needs it"]
    given = {
        "parameter_tenant": "acme.onmicrosoft.com",
        "parameter_client_id": "cccccccc-0000-4000-8000-000000000001",
        "parameter_secret": "env:VERVET_SECRET_AZURE",
    }
    response = admin_client.post("/accounts/account/add/?type=azure", AZURE | given)
    assert response.status_code == 302
    account = Account.objects.get(name="shop")
    assert account.parameters["secret"] == "env:VERVET_SECRET_AZURE"
    text = unescape(page(admin_client, "accounts_account_change", account.pk))
    assert "az role assignment create --assignee cccccccc-" in text


def test_the_history_of_an_account_says_who_changed_what(
    admin_client: Client, admin_user: User
) -> None:
    account = AccountFactory(name="before")
    group = AccountGroup.objects.create(name="PCI")
    change = ACCOUNT | {"name": "after", "identifier": account.identifier, "groups": [group.pk]}
    address = reverse("admin:accounts_account_change", args=[account.pk])
    assert admin_client.post(address, change).status_code == 302
    text = page(admin_client, "accounts_account_history", account.pk)
    for words in ("before", "after", "PCI", str(admin_user)):
        assert words in text


def test_a_connection_is_tested_with_the_answer_of_the_cloud(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = AccountFactory()
    address = reverse("admin:accounts_account_do", args=[account.pk, "test"])
    monkeypatch.setattr(AwsAccount, "whoami", lambda account: "arn:aws:sts::1:assumed-role/Vervet")
    text = admin_client.post(address, follow=True).content.decode()
    assert "assumed-role/Vervet" in text

    def refuse(account: Any) -> str:
        raise Refused("AssumeRole was refused: <b>no</b>")

    monkeypatch.setattr(AwsAccount, "whoami", refuse)
    text = admin_client.post(address, follow=True).content.decode()
    assert "AssumeRole was refused: &lt;b&gt;no&lt;/b&gt;" in text


def test_scan_now_makes_everything_due(admin_client: Client) -> None:
    account = AccountFactory()
    row = Slice.objects.create(
        account=account, technology="aws.s3.bucket", looked_at=NOW, not_before=timezone.now()
    )
    admin_client.post(reverse("admin:accounts_account_do", args=[account.pk, "scan"]))
    row.refresh_from_db()
    assert (row.looked_at, row.not_before) == (None, None)
    Slice.objects.update(looked_at=NOW)
    chosen = {"action": "scan_chosen", "_selected_action": [account.pk]}
    assert admin_client.post("/accounts/account/", chosen).status_code == 302
    row.refresh_from_db()
    assert row.looked_at is None


def test_an_account_with_items_is_archived_not_deleted(admin_client: Client) -> None:
    account = ItemFactory().account
    delete = reverse("admin:accounts_account_delete", args=[account.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert "delete_selected" not in page(admin_client, "accounts_account_changelist")
    admin_client.post(reverse("admin:accounts_account_do", args=[account.pk, "archive"]))
    account.refresh_from_db()
    assert account.archived_at
    assert not account.active
    empty = AccountFactory()
    delete = reverse("admin:accounts_account_delete", args=[empty.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 302


def test_a_button_asks_for_a_post(admin_client: Client) -> None:
    account = AccountFactory()
    for what in ("scan", "off", "archive"):
        address = reverse("admin:accounts_account_do", args=[account.pk, what])
        assert admin_client.get(address).status_code == 403
    account.refresh_from_db()
    assert account.active


# -- rules ------------------------------------------------------------------------------------

FIRES = {"name": "fires", "fires": True, "config": {"Open": True}}
QUIET = {"name": "quiet", "fires": False, "config": {"Open": False}}


def a_form(**changes: Any) -> dict[str, Any]:
    """Return what the form of a rule sends."""
    form: dict[str, Any] = {
        "seen": 1,
        "title": "Open",
        "technologies": ["aws.ec2.security_group"],
        "score": 5,
        "expression": "Open",
        "parameters": "{}",
        "reason": "",
    }
    examples = changes.pop("examples", [FIRES, QUIET])
    form |= {"examples-TOTAL_FORMS": len(examples) + 1, "examples-INITIAL_FORMS": 0}
    form |= {f"examples-{len(examples)}-fires": "yes"}
    for place, one in enumerate(examples):
        form |= {
            f"examples-{place}-name": one["name"],
            f"examples-{place}-fires": "yes" if one["fires"] else "no",
            f"examples-{place}-config": json.dumps(one["config"]),
        }
    return form | changes


def open_rule() -> Rule:
    return a_rule("open", title="Open", expression="Open", score=5, examples=[FIRES, QUIET])


def rule_page(rule: Rule) -> str:
    return reverse("admin:audits_rule_change", args=[rule.pk])


def test_saving_writes_the_next_version_and_leaves_the_old_one(admin_client: Client) -> None:
    rule = open_rule()
    form = a_form(title="Wide open", score=9, reason="it is worse", _activate="1")
    assert admin_client.post(rule_page(rule), form).status_code == 302
    rule.refresh_from_db()
    first, second = rule.versions.order_by("number")
    assert (first.title, first.score) == ("Open", 5)
    assert (second.title, second.score, second.reason) == ("Wide open", 9, "it is worse")
    assert str(second.author) == "admin"
    assert rule.active == second
    assert second.examples.count() == 2
    text = unescape(page(admin_client, "audits_rule_change", rule.pk))
    assert "it is worse" in text
    assert "2 differences" in text


def test_saving_without_a_change_writes_nothing(admin_client: Client) -> None:
    rule = open_rule()
    assert admin_client.post(rule_page(rule), a_form(_activate="1")).status_code == 302
    assert rule.versions.count() == 1


def test_a_rule_in_force_changes_only_with_a_reason(admin_client: Client) -> None:
    rule = open_rule()
    response = admin_client.post(rule_page(rule), a_form(score=9, _activate="1"))
    assert "say why it changes" in response.content.decode()
    assert rule.versions.count() == 1


@pytest.mark.parametrize("field", ["expression", "identity", "applies_when", "extent"])
def test_a_wrong_expression_is_shown_with_a_caret(admin_client: Client, field: str) -> None:
    rule = open_rule()
    form = a_form(reason="x", _activate="1", **{field: "Open[?Cidr = 'x']"})
    response = admin_client.post(rule_page(rule), form)
    assert response.status_code == 200
    text = unescape(response.content.decode())
    fault = next(
        one for one in re.findall(r'<pre class="fault">(.*?)</pre>', text, re.S) if "^" in one
    )
    message, line, caret = fault.splitlines()
    assert line == "Open[?Cidr = 'x']"
    assert line[caret.index("^")] == "="
    assert message
    assert rule.versions.count() == 1


def test_a_version_whose_examples_fail_does_not_come_into_force(admin_client: Client) -> None:
    rule = open_rule()
    form = a_form(expression="Closed", reason="a mistake", _activate="1")
    text = unescape(admin_client.post(rule_page(rule), form, follow=True).content.decode())
    assert "Version 2 can be neither tried nor put into force; version 1 decides meanwhile" in text
    assert "“fires” should fire." in text
    rule.refresh_from_db()
    assert rule.active.number == 1  # type: ignore[union-attr]
    assert rule.versions.count() == 2


def test_a_draft_is_saved_without_deciding(admin_client: Client) -> None:
    rule = open_rule()
    admin_client.post(rule_page(rule), a_form(score=1, reason="try", _save="1"))
    rule.refresh_from_db()
    assert (rule.active.number, rule.newest.number) == (1, 2)  # type: ignore[union-attr]
    activate = reverse("admin:audits_rule_do", args=[rule.pk, "activate"])
    admin_client.post(activate, {"reason": "tried"})
    rule.refresh_from_db()
    assert rule.active.number == 2  # type: ignore[union-attr]


def test_two_editors_do_not_overwrite_each_other(admin_client: Client) -> None:
    rule = open_rule()
    admin_client.post(rule_page(rule), a_form(score=9, reason="first", _save="1"))
    response = admin_client.post(rule_page(rule), a_form(score=1, reason="second", _save="1"))
    assert "Version 2 was saved meanwhile" in response.content.decode()
    assert rule.versions.count() == 2


def test_a_new_rule_needs_a_firing_and_a_quiet_example_to_decide(admin_client: Client) -> None:
    form = a_form(key="ours.open", seen=0, examples=[FIRES], reason="new", _activate="1")
    text = unescape(admin_client.post("/audits/rule/add/", form, follow=True).content.decode())
    rule = Rule.objects.get(key="ours.open")
    assert rule.state == "draft"
    assert "There is no example that does not fire." in text
    whole = a_form(seen=1, reason="now with both", _activate="1")
    admin_client.post(rule_page(rule), whole)
    rule.refresh_from_db()
    assert rule.state == "active"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"key": "Not A Key"}, "Small letters"),
        ({"key": "taken"}, "Another rule has this key"),
        ({"score": "11"}, "less than or equal to 10"),
        ({"technologies": []}, "required"),
        ({"references": "javascript:alert(1)"}, "does not begin with https://"),
        ({"parameters": "[1]"}, "An object"),
        ({"examples-0-config": "{nonsense"}, "valid JSON"),
    ],
)
def test_a_wrong_rule_is_refused_at_the_field(
    admin_client: Client, wrong: dict[str, Any], says: str
) -> None:
    a_rule("taken")
    form = a_form(**{"key": "ours.open", "seen": 0, "reason": "new", "_activate": "1"} | wrong)
    response = admin_client.post("/audits/rule/add/", form)
    assert response.status_code == 200
    assert says in unescape(response.content.decode())
    assert Rule.objects.count() == 1


def test_a_rule_is_retired_with_a_reason(admin_client: Client) -> None:
    rule = open_rule()
    address = reverse("admin:audits_rule_do", args=[rule.pk, "retire"])
    assert admin_client.get(address).status_code == 403
    admin_client.post(address, {"reason": " "})
    rule.refresh_from_db()
    assert rule.state == "active"
    admin_client.post(address, {"reason": "too loud"})
    rule.refresh_from_db()
    assert rule.state == "retired"
    assert "too loud" in page(admin_client, "audits_rule_history", rule.pk)
    delete = reverse("admin:audits_rule_delete", args=[rule.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_the_list_of_rules_counts_and_links_open_issues(admin_client: Client) -> None:
    rule = open_rule()
    for _ in range(3):
        IssueFactory(version=rule.active)
    IssueFactory(version=rule.active, fixed_at=NOW)
    text = unescape(page(admin_client, "audits_rule_changelist"))
    link = f"/audits/issue/?rule={rule.pk}"
    assert re.search(rf'href="{re.escape(link)}">3<', text)
    assert admin_client.get(link).context["cl"].result_count == 3
