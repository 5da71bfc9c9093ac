"""What something is limited to is not deleted: the limit would be gone, too."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Account, AccountGroup, ApiToken, Grant
from notifications.models import Subscription
from tests.config.test_api_tokens import seen, token_of
from tests.factories import (
    AccountFactory,
    GroupFactory,
    SubscriptionFactory,
    UserFactory,
    granted,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine() -> AccountGroup:
    """A group with one account, beside an account that is in none."""
    group: AccountGroup = GroupFactory(name="mine")
    AccountFactory(name="seen").groups.add(group)
    AccountFactory(name="hidden")
    return group


def deleted(address: str, user: Any) -> Any:
    header = token_of(user, "read", "operate")
    return Client().delete(f"/api/{address}/", headers=header)


def test_a_group_that_limits_a_token_stays_until_the_token_ends(mine: AccountGroup) -> None:
    header = token_of(granted("viewer"), "read", groups=(mine,))
    answer = deleted(f"groups/{mine.pk}", granted("operator"))
    assert answer.status_code == 400
    assert "API token of somebody, limited to it" in answer.json()["detail"]
    assert seen(header) == {"seen"}
    ApiToken.objects.filter(groups=mine).delete()
    assert deleted(f"groups/{mine.pk}", granted("operator")).status_code == 204


def test_what_limits_a_subscription_stays_so_that_it_never_tells_of_everything(
    mine: AccountGroup,
) -> None:
    told: Subscription = SubscriptionFactory()
    told.groups.add(mine)
    answer = deleted(f"groups/{mine.pk}", granted("operator"))
    assert answer.status_code == 400
    assert told.name in answer.json()["detail"]
    assert [one.name for one in told.accounts_wanted()] == ["seen"]
    told.delete()
    assert deleted(f"groups/{mine.pk}", granted("operator")).status_code == 204


def test_a_limited_operator_deletes_no_account_from_under_their_subscription(
    mine: AccountGroup,
) -> None:
    account = Account.objects.get(name="seen")
    told: Subscription = SubscriptionFactory()
    told.accounts.add(account)
    client, user = Client(), UserFactory(email="op@example.com")
    Grant.objects.create(user=user, role=Group.objects.get(name="operator"), group=mine)
    client.force_login(user)
    address = f"/accounts/account/{account.pk}/delete/"
    page = client.post(address, {"post": "yes"})
    assert Account.objects.filter(pk=account.pk).exists()
    assert told.name in page.content.decode()
    told.delete()
    client.post(address, {"post": "yes"})
    assert not Account.objects.filter(pk=account.pk).exists()


def test_whose_token_it_is_is_told_to_nobody_who_may_not_see_it(mine: AccountGroup) -> None:
    owner = UserFactory(username="secretive")
    token_of(owner, "read", groups=(mine,))
    client = Client()
    client.force_login(granted("operator"))
    page = client.post(f"/accounts/accountgroup/{mine.pk}/delete/", {"post": "yes"})
    assert "API token of somebody, limited to it" in page.content.decode()
    assert "secretive" not in page.content.decode()
    assert AccountGroup.objects.filter(pk=mine.pk).exists()
