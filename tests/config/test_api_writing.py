"""Rows are written by HTTP as in the console: by the same people, with the same refusals."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory

from accounts.api.writing import PARAMETERS, PREFIX, Added
from accounts.models import Account, AccountGroup, KnownNetwork, LedgerEntry, User
from audits.models import ReferenceTable, SavedView
from config.api.routes import router
from config.roles import ROLES
from notifications.models import Subscription
from tests.config.test_api_tokens import token_of
from tests.factories import AccountFactory, GroupFactory, IssueFactory, SubscriptionFactory, granted

pytestmark = pytest.mark.django_db
VIEWERS = {"viewer", "auditor"}
OPERATOR = {"operator"}
TABLE = {"key": "house", "title": "House", "about": "Ours.", "rows": ["a", {"name": "b"}]}
QUERY = {"name": "Open", "page": "query", "technology": "aws.s3.bucket", "condition": "!Policy"}


def account(group: AccountGroup) -> dict[str, Any]:
    given = {"role_name": "Vervet", "partition": "aws", "session_name": "vervet"}
    return {
        "type": "aws",
        "name": "shop",
        "identifier": "123456789012",
        "groups": [group.pk],
        "parameters": given,
    }


def told(group: AccountGroup) -> dict[str, Any]:
    return {"name": "Shop", "address": "shop@example.com", "groups": [group.pk], "often": "daily"}


Body = Callable[[AccountGroup], dict[str, Any]]
KINDS: dict[str, tuple[Any, Body, dict[str, Any], set[str]]] = {
    "groups": (AccountGroup, lambda g: {"name": "PCI"}, {"notes": "Cards"}, OPERATOR),
    "networks": (KnownNetwork, lambda g: {"cidr": "192.0.2.0/24"}, {"note": "Office"}, OPERATOR),
    "accounts": (Account, account, {"notes": "Shop"}, OPERATOR),
    "subscriptions": (Subscription, told, {"least_score": 9, "tags": ["A", "B=c"]}, OPERATOR),
    "queries": (SavedView, lambda g: QUERY, {"notes": "Why"}, set(ROLES) - VIEWERS),
    "tables": (ReferenceTable, lambda g: TABLE, {"rows": [{"name": "c"}]}, {"rule editor"}),
}
"""What is written: with what it is made and changed, and by whom."""
KEPT = {"accounts"}
"""What is archived in place of being deleted."""
OF_ALL = {"groups", "networks", "tables"}
"""What holds for all accounts, and is written by who has them all."""
THROUGH = {"queries": {"review", "rules", "operate"}, "tables": {"rules"}}
"""By which scope it is written; the others: operate."""


def ask(method: str, path: str, header: dict[str, str], body: Any = None, **more: str) -> Any:
    sent = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(Client(), method)(f"/api/{path}", headers={**header, **more}, **sent)


@pytest.fixture
def group() -> Any:
    return GroupFactory()


@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_is_told_and_entered(name: str, group: Any, admin_user: User) -> None:
    model, body, change, _ = KINDS[name]
    header = token_of(admin_user, "read", "rules", "operate")
    made = ask("post", f"{name}/", header, body(group))
    assert made.status_code == 201, made.content
    here = made.headers["Location"].removeprefix("/api/")
    sent = {key: value for key, value in body(group).items() if key != PARAMETERS}
    assert {key: made.json()[key] for key in sent} == sent
    read = ask("get", here, header)
    assert (read.json(), read.headers["ETag"]) == (made.json(), made.headers["ETag"])
    changed = ask("patch", here, header, change)
    assert changed.status_code == 200, changed.content
    assert changed.json() == {**made.json(), **change}
    words = ["added", "changed"]
    if name in KEPT:
        assert ask("delete", here, header).status_code == 405
    else:
        assert ask("delete", here, header).status_code == 204
        assert not model.objects.filter(pk=made.json()["id"]).exists()
        words.append("deleted")
    entries = LedgerEntry.objects.filter(thing=model._meta.label_lower).order_by("number")
    assert [one.action for one in entries] == words
    assert {one.person for one in entries} == {admin_user}


@pytest.mark.parametrize("name", KINDS)
def test_of_two_changes_the_second_is_told_of_the_first(
    name: str, group: Any, admin_user: User
) -> None:
    model, body, change, _ = KINDS[name]
    header = token_of(admin_user, "read", "rules", "operate")
    made = ask("post", f"{name}/", header, body(group))
    here, old = f"{name}/{made.json()['id']}/", made.headers["ETag"]
    assert ask("get", here, header, **{"If-None-Match": f'"x", W/{old}'}).status_code == 304
    first = ask("patch", here, header, change, **{"If-Match": old})
    assert first.status_code == 200
    assert first.headers["ETag"] != old
    assert ask("get", here, header, **{"If-None-Match": old}).status_code == 200
    before = model.objects.values().get(pk=made.json()["id"])
    lost = ask("patch", here, header, {"name": "lost"}, **{"If-Match": old})
    assert lost.status_code == 412
    assert lost.headers["Content-Type"] == "application/problem+json"
    if name not in KEPT:
        assert ask("delete", here, header, **{"If-Match": old}).status_code == 412
    assert model.objects.values().get(pk=made.json()["id"]) == before
    again = {"If-Match": f'"x", {first.headers["ETag"]}'}
    assert ask("patch", here, header, change, **again).status_code == 200
    assert ask("patch", here, header, change, **{"If-Match": "*"}).status_code == 200
    weak = {"If-Match": f"W/{first.headers['ETag']}"}
    assert ask("patch", here, header, change, **weak).status_code == 412


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_and_scope_writes_what_the_console_lets_it(
    name: str, role: str, group: Any
) -> None:
    _, body, _, roles = KINDS[name]
    person = granted(role, None if name in OF_ALL else group)
    for scopes in (["read"], ["review"], ["rules"], ["operate"]):
        header = token_of(person, "read", *scopes)
        may = role in roles and bool(THROUGH.get(name, {"operate"}) & set(scopes))
        made = ask("post", f"{name}/", header, body(group))
        assert made.status_code == (201 if may else 403), (scopes, made.content)
        if may:
            KINDS[name][0].objects.filter(pk=made.json()["id"]).delete()
    assert ask("post", f"{name}/", token_of(person, "operate"), body(group)).status_code == 403


def test_what_is_elsewhere_is_neither_changed_nor_named(group: Any) -> None:
    header = token_of(granted("operator", group), "read", "operate")
    mine, theirs = AccountFactory(), AccountFactory()
    mine.groups.add(group)
    theirs.groups.add(GroupFactory())
    other = SubscriptionFactory()
    other.accounts.add(theirs)
    assert ask("patch", f"accounts/{theirs.pk}/", header, {"notes": "x"}).status_code == 404
    assert ask("patch", f"subscriptions/{other.pk}/", header, {"on": False}).status_code == 404
    assert ask("patch", f"accounts/{mine.pk}/", header, {"notes": "x"}).status_code == 200
    ours = ask("post", "subscriptions/", header, told(group)).json()
    unseen = [
        ask("patch", f"subscriptions/{ours['id']}/", header, {"accounts": [n]}).json()
        for n in (theirs.pk, 10**6)
    ]
    assert [one["status"] for one in unseen] == [400, 400]
    said = [one["detail"].replace(str(theirs.pk), str(10**6)) for one in unseen]
    assert said[0] == said[1]


def test_a_view_of_another_person_is_read_and_not_changed(group: Any) -> None:
    header = token_of(granted("reviewer", group), "read", "review")
    view = SavedView.objects.create(**QUERY, by=granted("reviewer", group))
    assert ask("get", f"queries/{view.pk}/", header).status_code == 200
    assert ask("patch", f"queries/{view.pk}/", header, {"notes": "x"}).status_code == 403
    assert ask("delete", f"queries/{view.pk}/", header).status_code == 403


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a query that cannot be run": ("queries", {**QUERY, "condition": "a["}, "condition"),
    "a name that is none": ("networks", {"cidr": "192.0.2.0/99"}, "cidr"),
    "a parameter that is none": (
        "accounts",
        {"type": "aws", "name": "a", "identifier": "123456789012", "parameters": {"x": 1}},
        "parameters.x",
    ),
    "a parameter of the wrong form": (
        "accounts",
        {"type": "aws", "name": "a", "identifier": "12", "parameters": {"role_name": "a b/c"}},
        "parameters.role_name",
    ),
    "a type that is none": ("accounts", {"type": "x", "name": "a", "identifier": "1"}, "type"),
    "a notifier that is none": (
        "subscriptions",
        {"notifier": "x", "name": "a", "address": "a@b.example"},
        "notifier",
    ),
    "a row that is there twice": ("tables", {**TABLE, "rows": ["a", "a"]}, "rows"),
    "what nobody knows": ("groups", {"name": "a", "colour": "red"}, "colour"),
    "what is only told": ("groups", {"name": "a", "accounts": 3}, "accounts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_console_refuses_is_refused_by_its_name(case: str, admin_user: User) -> None:
    name, body, field = REFUSED[case]
    answer = ask("post", f"{name}/", token_of(admin_user, "read", "rules", "operate"), body)
    assert answer.status_code == 400, answer.content
    assert field in {one["field"] for one in answer.json()["errors"]}
    assert not KINDS[name][0].objects.exists()


def test_a_type_is_set_for_good_and_what_holds_others_stays(admin_user: User, group: Any) -> None:
    header = token_of(admin_user, "read", "operate")
    one = AccountFactory()
    assert ask("patch", f"accounts/{one.pk}/", header, {"type": "gcp"}).status_code == 400
    view = SavedView.objects.create(**QUERY, by=admin_user)
    SubscriptionFactory(view=view)
    assert ask("delete", f"queries/{view.pk}/", header).status_code == 400
    granted("viewer", group)  # A grant would go with the group, and no token takes grants away.
    assert ask("delete", f"groups/{group.pk}/", header).status_code == 403
    assert AccountGroup.objects.filter(pk=group.pk).exists()


def test_only_edits_lose_a_change(admin_user: User) -> None:
    header = token_of(admin_user, "read", "operate")
    one = AccountFactory()
    here = f"accounts/{one.pk}/"
    old = ask("get", here, header).headers["ETag"]
    IssueFactory(item__account=one)
    assert ask("get", here, header, **{"If-None-Match": old}).status_code == 200
    assert ask("patch", here, header, {"notes": "x"}, **{"If-Match": old}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_changes_at_once_one_holds() -> None:
    header = token_of(granted("operator"), "read", "operate")
    made: Any = GroupFactory()
    here = f"groups/{made.pk}/"
    known = {"If-Match": ask("get", here, header).headers["ETag"]}

    def write(number: int) -> int:
        try:
            return int(ask("patch", here, header, {"notes": f"n{number}"}, **known).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(4))) == [200, 412, 412, 412]


def test_what_is_not_told_is_kept_counts_as_an_edit_and_stays_untold(admin_user: User) -> None:
    header = token_of(admin_user, "read", "operate")
    one = AccountFactory()
    here = f"accounts/{one.pk}/"
    old = ask("get", here, header).headers["ETag"]
    given = {"parameters": {"session_name": "watcher"}}
    answer = ask("patch", here, header, given, **{"If-Match": old})
    assert answer.status_code == 200, answer.content
    assert "parameters" not in answer.json()
    assert ask("patch", here, header, given, **{"If-Match": old}).status_code == 412
    one.refresh_from_db()
    assert one.parameters["session_name"] == "watcher"
    assert one.parameters["role_name"] == "Vervet"
    assert "parameters" not in ask("get", "accounts/?format=csv", header).getvalue().decode()
    assert ask("get", "accounts/?fields=parameters", header).status_code == 400


def test_the_past_is_not_written(admin_user: User, group: Any) -> None:
    header = token_of(admin_user, "read", "operate")
    answer = ask("patch", f"groups/{group.pk}/?as_of=2026-01-01", header, {"notes": "x"})
    assert answer.status_code in (400, 403, 404)
    assert not AccountGroup.objects.get().notes


WRITTEN = {name: view for name, view, _ in router.registry if issubclass(view, Added)}


@pytest.mark.parametrize("name", WRITTEN)
def test_whatever_the_console_asks_for_can_be_sent(name: str, admin_user: User) -> None:
    view: Any = WRITTEN[name]
    request = RequestFactory().get("/")
    request.user = admin_user
    form = admin.site.get_model_admin(view.queryset.model).get_form(request, None)()
    asked = {field for field in form.fields if not field.startswith(PREFIX)}
    sent = {field for field, one in view.serializer_class().fields.items() if not one.read_only}
    assert asked <= sent
