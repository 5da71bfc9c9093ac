"""What an account must be, and what is refused with the reason."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.checks import type_messages
from accounts.models import Account, AccountGroup, KnownNetwork
from accounts.pacing import Pace
from accounts.types import types
from accounts.types.aws import AwsSession
from accounts.types.base import AccountType, Refused
from config.plugins import Registry
from tests.cloud.faults import FaultProxy
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


def add(*arguments: str) -> str:
    out = StringIO()
    call_command("addaccount", *arguments, stdout=out)
    return out.getvalue()


def test_an_account_is_added_with_the_trust_policy_to_set_up() -> None:
    said = add("aws", "123456789012", "--name", "prod", "--group", "PCI")
    account = Account.objects.get()
    assert account.parameters["role_name"] == "Vervet"
    assert account.parameters["external_id"] in said
    assert "sts:AssumeRole" in said
    assert [group.name for group in account.groups.all()] == ["PCI"]


def test_every_account_gets_an_external_id_of_its_own() -> None:
    add("aws", "123456789012", "--name", "one")
    add("aws", "123456789013", "--name", "two")
    ids = {account.parameters["external_id"] for account in Account.objects.all()}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["aws", "12345678901"], "twelve digits"),
        (["aws", "12345678901x"], "twelve digits"),
        (["aws", "１２３４５６７８９０１２"], "twelve digits"),
        (["aws", "123456789012", "--set", "role_name=a role"], "name of a role"),
        (["aws", "123456789012", "--set", "role_name=Prüfer"], "name of a role"),
        (["aws", "123456789012", "--set", "role_name=/Audit"], "name of a role"),
        (["aws", "123456789012", "--set", "role_name=" + "a" * 65], "name of a role"),
        (["aws", "123456789012", "--set", "role=x"], "no such parameter"),
        (["aws", "123456789012", "--set", "partition=mars"], "must be one of aws"),
        (["aws", "123456789012", "--set", "canonical_id=abc"], "64 hexadecimal"),
        (["aws", "123456789012", "--set", "nonsense"], "NAME=VALUE"),
        (["aws", "123456789012", "--owner-mail", "nobody"], "owner_mail: Enter a valid"),
        (["tin", "123456789012"], "not known"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_reason(arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        add(*arguments, "--name", "prod")
    assert not Account.objects.exists()


def test_one_account_is_added_once() -> None:
    add("aws", "123456789012", "--name", "prod")
    with pytest.raises(CommandError, match="already exists"):
        add("aws", "123456789012", "--name", "other")


@pytest.mark.parametrize("cidr", ["10.0.0.1/8", "10.0.0.0/33", "office", "::1/12", ""])
def test_what_is_no_network_is_refused(cidr: str) -> None:
    with pytest.raises(ValidationError):
        KnownNetwork(cidr=cidr).full_clean()


def test_an_archived_account_is_kept_and_no_longer_watched() -> None:
    account = AccountFactory()
    third = AccountFactory(third_party=True)
    assert list(Account.objects.watched()) == [account]
    account.archive()
    assert list(Account.objects.watched()) == []
    assert Account.objects.count() == 2
    assert third.whose == "third party"


def test_who_was_in_a_group_is_remembered() -> None:
    account, pci = AccountFactory(), AccountGroup.objects.create(name="PCI")
    account.groups.add(pci)
    account.groups.remove(pci)
    then = [len(record.groups.all()) for record in account.history.order_by("history_id")]
    assert then == [0, 1, 0]


def test_whoami_says_who_we_are_there(cloud_env: None) -> None:
    account = AccountFactory(identifier="222222222222")
    assert "222222222222:assumed-role/Vervet/vervet" in types["aws"].whoami(account)


def test_whoami_says_what_was_refused(cloud_env: None, faults: FaultProxy) -> None:
    faults.add(operation="AssumeRole", message="no trust")
    with pytest.raises(Refused, match="AssumeRole was refused: no trust"):
        types["aws"].whoami(AccountFactory(identifier="222222222222"))


def test_our_own_credentials_must_lead_into_the_account(cloud_env: None) -> None:
    parameters = {"role_name": "-", "partition": "aws", "session_name": "vervet"}
    account = AccountFactory(identifier="222222222222", parameters=parameters)
    with pytest.raises(Refused, match="lead into account 123456789012, not 222222222222"):
        types["aws"].whoami(account)


def test_no_credentials_are_a_refusal(cloud_env: None, monkeypatch: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(Refused, match="AWS_PROFILE"):
        types["aws"].whoami(AccountFactory())


def test_a_client_is_made_once_for_all_threads(cloud_env: None) -> None:
    session = AwsSession("222222222222", {"partition": "aws", "role_name": "-"}, None)
    assert session.client("ec2", "eu-west-1") is session.client("ec2", "eu-west-1")


def test_calls_are_paced_over_all_threads() -> None:
    pace = Pace(1000)
    for _ in range(20):
        pace.wait()
    assert pace._next - pace._step * 20 >= 0


def test_the_system_check_names_an_account_type_that_does_not_load() -> None:
    builtin = {"a": "accounts.types.nowhere:Nothing", "aws": "accounts.types.aws:AwsAccount"}
    registry: Registry[type[AccountType]] = Registry("vervet.none", AccountType, builtin)
    (said,) = type_messages(registry)
    assert said.id == "vervet.W011"
    assert "accounts.types.nowhere" in said.msg
