"""Accounts that are found below others: once, kept in step, never lost for a refusal."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from io import StringIO
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.discovering import discover, due_parents
from accounts.models import Account, LedgerEntry
from accounts.references import resolved
from accounts.types import types
from accounts.types.base import AccountType, Found, Parameter, Reachable, Refused
from config.scheduling import enqueue_due
from tests.factories import AccountFactory, GroupFactory, granted

pytestmark = pytest.mark.django_db


class Tree(AccountType):
    """An organisation of somebody's own cloud; what stands below is what a test says."""

    key = "tree"
    label = "Tree"
    identifier_label = "Tree"
    finds = "aws"
    parameters = (Parameter("role_name", "Role", "", default="Vervet"),)
    below: ClassVar[list[Found] | Refused] = []

    @classmethod
    def discover(cls, account: Reachable) -> Iterator[Found]:
        if isinstance(cls.below, Refused):
            raise cls.below
        yield from cls.below

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        return ""


@pytest.fixture(autouse=True)
def tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plug the tree in, as a package of somebody else would be."""
    entry = EntryPoint("tree", f"{__name__}:Tree", types.group)
    monkeypatch.setitem(types._entries, "tree", entry)


@pytest.fixture
def parent() -> Account:
    parent: Account = AccountFactory(type="tree", name="org", identifier="1", parameters={})
    parent.parameters = {"role_name": "Reader"}
    parent.save()
    parent.groups.add(GroupFactory(name="PCI"))
    return parent


def listed(*identifiers: str) -> None:
    Tree.below = [Found(one, f"account {one[-1]}") for one in identifiers]


ONE, TWO = "100000000001", "100000000002"


def test_what_is_found_is_watched_like_its_parent_and_found_once(parent: Account) -> None:
    listed(ONE, TWO)
    assert len(discover(parent).new) == 2
    assert discover(parent).new == []
    child = Account.objects.get(identifier=ONE)
    assert (child.parent, child.type, child.active) == (parent, "aws", True)
    assert child.parameters["role_name"] == "Reader"
    assert [group.name for group in child.groups.all()] == ["PCI"]
    assert LedgerEntry.objects.filter(action="found").count() == 2


def test_found_accounts_wait_where_their_parent_says_so(parent: Account) -> None:
    parent.watches_found = False
    parent.save()
    listed(ONE)
    assert [account.active for account in discover(parent).new] == [False]


def test_what_is_listed_no_more_is_marked_and_still_watched(parent: Account) -> None:
    listed(ONE, TWO)
    discover(parent)
    listed(ONE)
    assert [one.identifier for one in discover(parent).missing] == [TWO]
    missing = Account.objects.get(identifier=TWO)
    assert missing.missing_since
    assert missing in Account.objects.watched()
    listed(ONE, TWO)
    assert [one.identifier for one in discover(parent).back] == [TWO]
    assert Account.objects.get(identifier=TWO).missing_since is None


def test_a_refused_listing_marks_nothing_and_is_told(parent: Account) -> None:
    listed(ONE)
    discover(parent)
    Tree.below = Refused("Allow tree.list.")
    with pytest.raises(Refused):
        discover(parent)
    parent.refresh_from_db()
    assert parent.discovery_refused == "Allow tree.list."
    assert Account.objects.get(identifier=ONE).missing_since is None
    page = admin().get(f"/accounts/account/{parent.pk}/change/").content.decode()
    assert "Allow tree.list." in page


def test_an_account_that_was_added_by_hand_stays_as_it_is(parent: Account) -> None:
    mine = AccountFactory(identifier=ONE, name="mine")
    theirs = AccountFactory(identifier=TWO, third_party=True)
    listed(ONE, TWO)
    assert discover(parent).new == []
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.name, mine.parent, theirs.parent) == ("mine", parent, None)


def test_a_name_that_is_taken_and_an_identifier_that_cannot_be(parent: Account) -> None:
    AccountFactory(name="account 1")
    listed(ONE, "nonsense")
    discovery = discover(parent)
    assert [one.name for one in discovery.new] == [f"account 1 ({ONE})"]
    assert "twelve digits" in discovery.left_out[0]


def test_parents_are_asked_again_when_the_interval_is_over(parent: Account, settings: Any) -> None:
    assert list(due_parents(timezone.now())) == [parent]
    enqueue_due()
    listed()
    discover(parent)
    assert list(due_parents(timezone.now())) == []
    settings.DISCOVER_INTERVAL = 0
    assert list(due_parents(timezone.now())) == [parent]


def test_the_command_says_what_it_found(parent: Account) -> None:
    listed(ONE)
    out = StringIO()
    call_command("discover", "org", stdout=out)
    assert f"account 1 (aws {ONE})" in out.getvalue()


def test_the_button_finds_and_the_page_leads_to_what_was_found(parent: Account) -> None:
    listed(ONE)
    client = admin()
    client.post(f"/accounts/account/{parent.pk}/do/below/")
    assert f"?state=all&amp;below={parent.pk}" in (
        client.get(f"/accounts/account/{parent.pk}/change/").content.decode()
    )
    rows = client.get(f"/accounts/account/?state=all&below={parent.pk}").content.decode()
    assert ONE in rows


def admin() -> Client:
    client = Client()
    client.force_login(granted("operator"))
    return client


# -- secrets by reference --------------------------------------------------------------------


def test_a_secret_is_read_where_its_reference_says(
    tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECRET_FOLDERS = [str(tmp_path)]
    (tmp_path / "key").write_text("swordfish\n")
    monkeypatch.setenv("VERVET_SECRET_X", "tuna")
    assert resolved(f"file:{tmp_path}/key") == "swordfish"
    assert resolved("env:VERVET_SECRET_X") == "tuna"


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("file:/etc/passwd", "none of the folders for secrets"),
        ("file:{folder}/../outside", "none of the folders for secrets"),
        ("file:{folder}/link", "none of the folders for secrets"),
        ("file:{folder}/missing", "is not there"),
        ("file:{folder}", "is not there"),
        ("env:SECRET_KEY", "no reference"),
        ("env:VERVET_SECRET_NONE", "is not set"),
        ("swordfish", "no reference"),
    ],
)
def test_no_reference_leads_out_of_where_secrets_lie(
    reference: str, says: str, tmp_path: Any, settings: Any
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "outside").write_text("x")
    (folder / "link").symlink_to(tmp_path / "outside")
    settings.SECRET_FOLDERS = [str(folder)]
    with pytest.raises(Refused, match=says):
        resolved(reference.format(folder=folder))
