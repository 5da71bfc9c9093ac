"""Who may see rows, asked from the rows: it agrees with what each person is shown."""

import pytest

from accounts.models import Account, User
from accounts.seeing import visible
from accounts.seers import seers
from items.models import Item
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory, granted

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, User]:
    """Two groups with an account each and one account in both, and every sort of person."""
    mine, theirs = GroupFactory(name="mine"), GroupFactory(name="theirs")
    for name, groups in (("a", [mine]), ("b", [theirs]), ("c", [mine, theirs]), ("d", [])):
        account = AccountFactory(name=name)
        account.groups.set(groups)
        ItemFactory(account=account)
    both = granted("viewer", mine, username="both")
    both.grants.create(role=both.grants.get().role, group=theirs)
    return {
        "mine": granted("reviewer", mine, username="mine"),
        "theirs": granted("viewer", theirs, username="theirs"),
        "both": both,
        "all": granted("reviewer", username="all"),
        "nothing": UserFactory(username="nothing"),
        "off": granted("reviewer", username="off", is_active=False),
        "root": UserFactory(username="root", is_superuser=True),
    }


@pytest.mark.parametrize("to", ["view", "review"])
@pytest.mark.parametrize("names", ["a", "b", "c", "d", "ab", "abc", "abcd"])
def test_a_seer_is_who_is_shown_every_one_of_the_rows(
    people: dict[str, User], names: str, to: str
) -> None:
    rows = Item.objects.filter(account__name__in=list(names))
    expected = {
        person.username
        for person in User.objects.all()
        if visible(rows, person, to).count() == len(names)
    }
    assert {person.username for person in seers(rows, to)} == expected
    assert "off" not in expected


def test_an_account_is_its_own_way_to_an_account(people: dict[str, User]) -> None:
    found = seers(Account.objects.filter(name="b"))
    assert [person.username for person in found] == ["all", "both", "root", "theirs"]


def test_of_nothing_everybody_with_the_role_is_a_seer(people: dict[str, User]) -> None:
    found = seers(Item.objects.none(), "review")
    assert [person.username for person in found] == ["all", "mine", "root"]
