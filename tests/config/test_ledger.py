"""No deed in the console is without an entry in the ledger that says what was and what is."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.ledger import broken, enter
from accounts.models import Account, AccountGroup, Grant, KnownNetwork, LedgerEntry, User
from accounts.types.aws import AwsAccount
from audits.models import (
    Control,
    Framework,
    ReferenceTable,
    ReviewPolicy,
    Rule,
    RuleSetting,
    SavedView,
)
from items.models import IgnoredName, WatcherSetting
from notifications.models import OwnSubscription, Subscription
from tests.factories import (
    AccountFactory,
    GroupFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
TECHNOLOGY = "aws.s3.bucket"


def framework() -> Framework:
    told = {"name": "House", "title": "House rules"}
    return Framework.objects.get_or_create(key="house", defaults=told)[0]


# Model: a row of it; what a form for another one is filled with; what a change of it is.
FORMS: dict[type[Model], tuple[Callable[[], Any], Callable[[], dict], dict[str, Any]]] = {
    Account: (
        lambda: AccountFactory(parameters=AwsAccount.complete({})),
        lambda: {"type": "aws", "name": "new", "identifier": "123456789012", "groups": []},
        {"notes": "Changed."},
    ),
    AccountGroup: (GroupFactory, lambda: {"name": "new"}, {"changes_reviewed": "on"}),
    KnownNetwork: (
        lambda: KnownNetwork.objects.create(cidr="192.0.2.0/24"),
        lambda: {"cidr": "198.51.100.0/24", "whose": "ours"},
        {"note": "Office"},
    ),
    User: (
        UserFactory,
        lambda: {
            "username": "new",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "usable_password": "true",
        },
        {"email": "new@example.com"},
    ),
    Grant: (
        lambda: Grant.objects.create(user=UserFactory(), role=Group.objects.get(name="viewer")),
        lambda: {"user": UserFactory().pk, "role": Group.objects.get(name="reviewer").pk},
        {"group": lambda: GroupFactory().pk},
    ),
    Group: (
        lambda: Group.objects.create(name="of our own"),
        lambda: {"name": "new"},
        {"permissions": lambda: [Group.objects.get(name="viewer").permissions.all()[0].pk]},
    ),
    WatcherSetting: (
        lambda: WatcherSetting.objects.create(technology="aws.iam.role"),
        lambda: {"technology": TECHNOLOGY, "on": "on", "ephemeral": "[]"},
        {"interval": "3600"},
    ),
    IgnoredName: (
        lambda: IgnoredName.objects.create(technology=TECHNOLOGY, pattern="old-*"),
        lambda: {"technology": TECHNOLOGY, "pattern": "tmp-*", "reason": "Made by a test."},
        {"reason": "They come and go."},
    ),
    RuleSetting: (
        lambda: RuleSetting.objects.create(rule=a_rule(), account=AccountFactory(), score=3),
        lambda: {
            "rule": a_rule().pk,
            "account": AccountFactory().pk,
            "on": "on",
            "score": "2",
            "parameters": "{}",
            "reason": "Less there.",
        },
        {"score": "1", "reason": "Still less."},
    ),
    ReferenceTable: (
        lambda: ReferenceTable.objects.create(key="house", title="House", rows=["a"]),
        lambda: {"key": "new", "title": "New", "rows": '["a"]'},
        {"rows": '["a", "b"]'},
    ),
    Framework: (
        framework,
        lambda: {"key": "new", "name": "New", "title": "New rules"},
        {"notes": "Ours."},
    ),
    Control: (
        lambda: Control.objects.create(framework=framework(), number="1", title="Lock the door"),
        lambda: {
            "framework": framework().pk,
            "number": "2",
            "title": "Close the window",
            "section": "House",
            "order": "1",
        },
        {"title": "Lock every door"},
    ),
    OwnSubscription: (
        lambda: OwnSubscription.objects.create(
            name="mine", address="admin@example.com", owner=User.objects.get(username="admin")
        ),
        lambda: {"name": "new", "least_score": "7", "on": "on"},
        {"accounts": lambda: [AccountFactory().pk]},
    ),
    Subscription: (
        SubscriptionFactory,
        lambda: {"name": "new", "address": "a@example.com", "least_score": "7", "on": "on"},
        {"accounts": lambda: [AccountFactory().pk]},
    ),
}


# Of these no row is added by a form.
CHANGED: dict[type[Model], tuple[Any, dict[str, Any]]] = {
    ReviewPolicy: (
        lambda: ReviewPolicy.objects.get_or_create(severity="high")[0],
        {"due_days": "3"},
    ),
    SavedView: (
        lambda: SavedView.objects.create(name="Buckets", page=SavedView.Page.ITEMS),
        {"notes": "All of them."},
    ),
}


def address(model: type[Model], what: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=arguments)


def offers(what: str) -> list[type[Model]]:
    """Return the models of which an administrator may add, change or delete rows by a form."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True)
    return [
        model
        for model, one in admin.site._registry.items()
        if getattr(one, f"has_{what}_permission")(request) and model is not Rule
    ]


def filled(response: Any) -> dict[str, Any]:
    """Return what a browser would send of the forms that a page shows."""
    shown = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        shown += [inline.formset.management_form, *inline.formset.forms]
    found = {}
    for form in shown:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                found[field.html_name] = "on" if value is True else value
    return found


def sent(client: Client, where: str, data: dict[str, Any]) -> None:
    """Fill in and send a form, again where it first asks to look at what it would do."""
    page = client.get(where, {"type": data["type"]} if "type" in data else {})
    given = {name: value() if callable(value) else value for name, value in data.items()}
    given = filled(page) | given
    for _ in range(2):
        response = client.post(where, given)
        if response.status_code == 302:
            return
        given["looked_at"] = response.context["adminform"].form.data.get("looked_at", "")
    pytest.fail(f"{where} refused: {response.context['errors']}")


def last(action: str, model: type[Model]) -> LedgerEntry:
    entry = LedgerEntry.objects.exclude(thing="login").first()
    assert entry
    assert (entry.who, entry.action, entry.thing) == ("admin", action, model._meta.label_lower)
    assert broken() is None
    return entry


def test_every_form_that_changes_rows_is_tried_below() -> None:
    elsewhere = {"axes.accessattempt", "accounts.apitoken"}  # Below, and with the API's tokens.
    found = {model for what in ("add", "change", "delete") for model in offers(what)}
    assert {one for one in found if one._meta.label_lower not in elsewhere} == {*FORMS, *CHANGED}


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model._meta.label_lower)
def test_what_is_only_changed_is_entered(model: type[Model], admin_client: Client) -> None:
    make, change = CHANGED[model]
    row = make()
    sent(admin_client, address(model, "change", row.pk), change)
    changed = last("changed", model)
    assert changed.key == str(row.pk)
    assert changed.before != changed.after
    assert set(changed.before) | set(changed.after) == set(change)


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model._meta.label_lower)
def test_what_is_added_changed_and_deleted_is_entered(
    model: type[Model], admin_client: Client
) -> None:
    make, new, change = FORMS[model]
    sent(admin_client, address(model, "add"), new())
    added = last("added", model)
    assert added.before is None and added.after
    row = make()
    sent(admin_client, address(model, "change", row.pk), change)
    changed = last("changed", model)
    assert changed.key == str(row.pk) and changed.name == str(model._default_manager.get(pk=row.pk))
    # Only what differs stands there.
    assert changed.before != changed.after
    assert set(changed.before) | set(changed.after) <= set(change)
    client_deletes = admin_client.post(address(model, "delete", row.pk), {"post": "yes"})
    assert client_deletes.status_code == 302
    deleted = last("deleted", model)
    assert deleted.key == str(row.pk) and deleted.before and deleted.after is None
    assert not LogEntry.objects.exists()


def test_a_form_that_is_saved_as_it_was_enters_nothing(admin_client: Client) -> None:
    group = GroupFactory()
    before = LedgerEntry.objects.count()
    sent(admin_client, address(AccountGroup, "change", group.pk), {})
    assert LedgerEntry.objects.count() == before


def test_what_is_chosen_in_a_list_and_deleted_is_entered_row_by_row(admin_client: Client) -> None:
    rows = [KnownNetwork.objects.create(cidr=f"192.0.2.{n}/32") for n in range(3)]
    data = {
        "action": "delete_selected",
        "_selected_action": [row.pk for row in rows],
        "post": "yes",
    }
    admin_client.post(address(KnownNetwork, "changelist"), data)
    assert not KnownNetwork.objects.exists()
    assert LedgerEntry.objects.filter(action="deleted").count() == 3


def test_what_goes_with_a_deleted_row_is_named(admin_client: Client) -> None:
    group = GroupFactory(name="PCI")
    Grant.objects.create(
        user=UserFactory(username="ines"), role=Group.objects.get(name="viewer"), group=group
    )
    admin_client.post(address(AccountGroup, "delete", group.pk), {"post": "yes"})
    assert "ines: viewer of PCI" in str(last("deleted", AccountGroup).before["with it"])


def test_grants_that_are_changed_on_a_persons_page_are_entered(admin_client: Client) -> None:
    person = UserFactory(username="ines")
    viewer = Group.objects.get(name="viewer")
    changes = {"grants-TOTAL_FORMS": "1", "grants-0-user": person.pk, "grants-0-role": viewer.pk}
    sent(admin_client, address(User, "change", person.pk), changes)
    entry = last("changed", User)
    (grants,) = (value for name, value in entry.after.items())
    assert [grant["role"] for grant in grants] == [f"viewer #{viewer.pk}"]


def test_a_password_that_an_administrator_sets_is_entered_without_its_value(
    admin_client: Client,
) -> None:
    person = UserFactory()
    where = reverse("admin:auth_user_password_change", args=[person.pk])
    given = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin_client.post(where, given | {"set-password": "1"}).status_code == 302
    entry = last("changed password", User)
    kept = User.objects.get(pk=person.pk).password
    assert entry.before != entry.after
    assert PASSWORD not in str(entry.after) and kept not in str(entry.after)


def test_the_own_password_is_entered_without_its_value(client: Client) -> None:
    person = UserFactory(username="admin")
    client.force_login(person)
    given = {"old_password": "a long password", "new_password1": PASSWORD}
    where = reverse("admin:password_change")
    assert client.post(where, given | {"new_password2": PASSWORD}).status_code == 302
    entry = last("changed password", User)
    assert entry.before != entry.after and entry.key == str(person.pk)
    assert User.objects.get(pk=person.pk).password not in str(entry.after)


def test_logins_logouts_failures_and_lockouts_are_entered(client: Client, settings: Any) -> None:
    UserFactory(username="ines")
    where = reverse("admin:login")
    client.post(where, {"username": "ines", "password": "a long password"})
    client.post(reverse("admin:logout"))
    for _ in range(settings.AXES_FAILURE_LIMIT + 3):
        client.post(where, {"username": "ines", "password": "wrong"})
    entries = LedgerEntry.objects.filter(thing="login").order_by("number")
    failed = ["login failed"] * (settings.AXES_FAILURE_LIMIT - 1)
    assert [entry.action for entry in entries] == ["logged in", "logged out", *failed, "locked out"]
    assert {entry.who for entry in entries} == {"ines"}
    assert all(entry.after["address"] == "127.0.0.1" for entry in entries)
    assert "wrong" not in str(entries.values_list("after"))


def test_a_login_that_is_set_free_is_entered(client: Client, admin_client: Client) -> None:
    client.post(reverse("admin:login"), {"username": "ines", "password": "wrong"})
    attempt = admin.site._registry
    model = next(one for one in attempt if one._meta.label_lower == "axes.accessattempt")
    row = model._default_manager.get()
    admin_client.post(address(model, "delete", row.pk), {"post": "yes"})
    entry = last("deleted", model)
    assert entry.before["username"] == "ines"


@pytest.mark.parametrize(
    ("what", "action"),
    [
        ("off", "switched off"),
        ("on", "switched on"),
        ("archive", "archived"),
        ("back", "brought back"),
        ("scan", "asked for a scan"),
    ],
)
def test_what_a_button_of_an_account_does_is_entered(
    what: str, action: str, admin_client: Client
) -> None:
    account = AccountFactory(active=what in ("off", "scan"))
    if what == "back":
        account.archive()
    admin_client.post(reverse("admin:accounts_account_do", args=[account.pk, what]))
    entry = last(action, Account)
    assert entry.account_id == account.pk
    assert what == "scan" or entry.before != entry.after


# -- the list ---------------------------------------------------------------------------------


def test_the_list_is_searched_and_filtered(admin_client: Client) -> None:
    group = GroupFactory(name="PCI")
    enter(UserFactory(username="ines"), "changed", group, {"notes": ""}, {"notes": "x"})
    enter(UserFactory(username="otto"), "deleted", group)
    for query in ("?q=ines", "?who=ines", "?action=changed", f"?key={group.pk}&q=ines"):
        response = admin_client.get(address(LedgerEntry, "changelist") + query)
        assert response.status_code == 200, query
        text = response.content.decode()
        assert "ines changed" in text and "otto deleted" not in text
    for query, seen in (("?from=2020-01-01", True), ("?until=2020-01-01", False)):
        text = admin_client.get(address(LedgerEntry, "changelist") + query).content.decode()
        assert ("ines changed" in text) is seen


def test_the_page_of_an_entry_shows_what_differs(admin_client: Client) -> None:
    group = GroupFactory(name="PCI")
    entry = enter(None, "changed", group, {"notes": "was so"}, {"notes": "is so"})
    text = admin_client.get(address(LedgerEntry, "change", entry.pk)).content.decode()
    for words in ("command line changed PCI", "was so", "is so", entry.hash):
        assert words in text


def test_what_is_taken_away_as_lines_can_be_checked_elsewhere(admin_client: Client) -> None:
    enter(UserFactory(), "changed", GroupFactory(), {"notes": "wäs"}, {"notes": "is"})
    enter(None, "deleted", "other")
    where = reverse("admin:accounts_ledgerentry_lines")
    text = b"".join(admin_client.get(where).streaming_content).decode()
    previous = ""
    for number, line in enumerate(text.splitlines(), 1):
        said = json.loads(line)
        claimed = said.pop("hash")
        assert (said["number"], said["previous"]) == (number, previous)
        plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(plain.encode()).hexdigest()
        assert previous == claimed
    assert number == LedgerEntry.objects.count()
    some = b"".join(admin_client.get(where + "?action=deleted").streaming_content).decode()
    assert len(some.splitlines()) == 1


def test_a_file_of_the_list_has_what_was_before_and_after(admin_client: Client) -> None:
    enter(None, "changed", "=1+1", {"notes": "was"}, {"notes": "is"}, who="@otto")
    response = admin_client.get(address(LedgerEntry, "changelist") + "?action=changed&export=csv")
    text = b"".join(response.streaming_content).decode()
    for words in ("'@otto", "'=1+1", "was", "is"):
        assert words in text


def test_only_auditors_and_administrators_read_the_ledger(client: Client) -> None:
    account, other = AccountFactory(name="prod"), AccountFactory(name="far-away")
    group = GroupFactory()
    account.groups.add(group)
    for one in (account, other):
        enter(None, "changed", one)
    enter(None, "changed", "all accounts")
    for role, may in (("operator", False), ("approver", False), ("auditor", True)):
        person = UserFactory()
        Grant.objects.create(user=person, role=Group.objects.get(name=role), group=group)
        client.force_login(person)
        response = client.get(address(LedgerEntry, "changelist"))
        assert response.status_code == (200 if may else 403)
    text = response.content.decode()
    assert "prod" in text and "far-away" not in text and "all accounts" not in text
