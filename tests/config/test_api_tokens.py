"""Tokens of the API: named, hashed, scoped, limited, ending, revoked, counted; never more than
their owner."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccountGroup, ApiToken, Grant, LedgerEntry, User
from accounts.narrowing import Scope, narrow
from config.roles import ROLES
from tests.factories import (
    AccountFactory,
    GroupFactory,
    granted,
)

pytestmark = pytest.mark.django_db


def token_of(
    user: Any, *scopes: str, groups: tuple[AccountGroup, ...] = (), **fields: Any
) -> dict[str, str]:
    """Make a token; return the header with which it is sent."""
    made, text = ApiToken.objects.create(user=user, name="t", scopes=list(scopes), **fields)
    made.groups.set(groups)
    return {"Authorization": f"Bearer {text}"}


def seen(header: dict[str, str], name: str = "accounts") -> set[str]:
    answer = Client().get(f"/api/{name}/", headers=header)
    return {one["name"] for one in answer.json()["results"]} if answer.status_code == 200 else set()


@pytest.fixture
def two() -> dict[str, Any]:
    mine, theirs = GroupFactory(), GroupFactory()
    for name, group in (("mine", mine), ("theirs", theirs)):
        AccountFactory(name=name).groups.add(group)
    return {"mine": mine, "theirs": theirs}


def test_a_token_shows_what_its_owner_sees_and_no_more(two: dict[str, Any]) -> None:
    viewer = granted("viewer", two["mine"])
    assert seen(token_of(viewer, "read")) == {"mine"}
    assert seen(token_of(viewer, "read", groups=(two["theirs"],))) == set()
    everywhere = granted("viewer")
    assert seen(token_of(everywhere, "read")) == {"mine", "theirs"}
    assert seen(token_of(everywhere, "read", groups=(two["mine"],))) == {"mine"}


def test_an_administrators_token_is_limited_as_well(two: dict[str, Any], admin_user: User) -> None:
    assert seen(token_of(admin_user, "read")) == {"mine", "theirs"}
    assert seen(token_of(admin_user, "read", groups=(two["mine"],))) == {"mine"}
    assert seen(token_of(admin_user, "review", "rules", "operate")) == set()
    admin_user.refresh_from_db()
    assert admin_user.is_superuser


def test_what_is_granted_no_more_is_shown_no_more(two: dict[str, Any]) -> None:
    viewer = granted("viewer", two["mine"])
    header = token_of(viewer, "read")
    Grant.objects.all().delete()
    assert seen(header) == set()


@pytest.mark.parametrize("case", ["ended", "revoked", "inactive", "wrong", "no text", "twice"])
def test_a_token_that_does_not_hold_is_refused(two: dict[str, Any], case: str) -> None:
    viewer = granted("viewer")
    ends = timedelta(seconds=-1) if case == "ended" else None
    header = token_of(viewer, "read", expiry=ends)
    if case == "revoked":
        ApiToken.objects.all().delete()
    if case == "inactive":
        User.objects.update(is_active=False)
    wrong = {"wrong": "Bearer abc", "no text": "Bearer \xe9", "twice": "Bearer a b"}
    header = {"Authorization": wrong.get(case, header["Authorization"])}
    answer = Client().get("/api/accounts/", headers=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["do"].startswith("Log in, or send")


def test_only_a_digest_is_kept_and_the_last_use_is_noted(two: dict[str, Any]) -> None:
    header = token_of(granted("viewer"), "read")
    text = header["Authorization"].split()[1]
    kept = ApiToken.objects.get()
    assert kept.used_at is None
    assert text not in str(vars(kept))
    seen(header)
    kept.refresh_from_db()
    assert kept.used_at is not None


def test_each_token_is_counted_by_itself(two: dict[str, Any], settings: Any) -> None:
    settings.API_PER_MINUTE = 2
    viewer = granted("viewer")
    first, second = token_of(viewer, "read"), token_of(viewer, "read")
    states = [Client().get("/api/accounts/", headers=first) for _ in range(3)]
    assert [one.status_code for one in states] == [200, 200, 429]
    assert 0 < int(states[-1].headers["Retry-After"]) <= 61
    assert Client().get("/api/accounts/", headers=second).status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_no_scope_gives_what_the_role_does_not(two: dict[str, Any], role: str) -> None:
    owner = granted(role, two["mine"])
    own = User.objects.get(pk=owner.pk).get_all_permissions()
    token, _ = ApiToken.objects.create(user=owner, name="t", scopes=[*Scope])
    narrow(owner, token)
    through = owner.get_all_permissions()
    assert through <= own
    assert {one for one in own - through if "apitoken" not in one} <= {
        f"accounts.view_{one}" for one in ("user", "grant", "historicaluser", "historicalgrant")
    }
    with pytest.raises(TypeError, match="never saved"):
        owner.save()


def test_a_token_is_made_shown_once_entered_and_revoked_on_its_page(two: dict[str, Any]) -> None:
    client = Client()
    client.force_login(granted("viewer", two["mine"], username="vera"))
    add, given = reverse("admin:accounts_apitoken_add"), {"name": "export", "scopes": ["read"]}
    page = client.post(add, given, follow=True).content.decode()
    text = page.partition("it is not shown again: ")[2].partition("<")[0].strip()
    assert seen({"Authorization": f"Bearer {text}"}) == {"mine"}
    assert text not in client.get(reverse("admin:accounts_apitoken_changelist")).content.decode()
    entries = str(list(LedgerEntry.objects.values()))
    assert "export" in entries
    assert ApiToken.objects.get().digest not in entries
    gone = reverse("admin:accounts_apitoken_delete", args=[ApiToken.objects.get().pk])
    client.post(gone, {"post": "yes"})
    assert seen({"Authorization": f"Bearer {text}"}) == set()


def test_another_persons_token_is_neither_seen_nor_revoked(two: dict[str, Any]) -> None:
    token_of(granted("viewer"), "read")
    other = Client()
    other.force_login(granted("operator"))
    pk = ApiToken.objects.get().pk
    other.post(reverse("admin:accounts_apitoken_delete", args=[pk]), {"post": "yes"})
    assert ApiToken.objects.exists()
    assert (
        "t of user" not in other.get(reverse("admin:accounts_apitoken_changelist")).content.decode()
    )
