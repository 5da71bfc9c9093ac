"""What the operators of the invented company would enter in Vervet before its first look."""

import secrets

from django.contrib.auth.models import Group

from accounts.models import Account, AccountGroup, Grant, KnownNetwork, User, Whose
from config.demo.cloud import HUB
from config.demo.company import ACCOUNTS, NETWORKS, PARTNERS
from config.demo.elsewhere import ACCOUNTS as ELSEWHERE
from notifications.models import Subscription

# Name of the login, its role, and for which group of accounts; no role: everything.
PEOPLE = (("admin", "", ""), ("viewer", "viewer", "Analytics"))


def enter() -> dict[str, str]:
    """Enter accounts, partners, networks, people and subscriptions; return the passwords made."""
    for one in ACCOUNTS:
        _enter(
            Account(
                type="aws",
                identifier=one.identifier,
                name=one.name,
                notes=one.purpose,
                parameters={
                    "role_name": one.role.rpartition("/")[2],
                    "external_id": one.external_id,
                    "canonical_id": one.canonical_id,
                },
            )
        ).groups.add(_group(one.group))
    for other in ELSEWHERE:
        _enter(Account(**other)).groups.add(_group("Engineering"))
    home = "Vervet itself runs here, and assumes the roles of the others."
    _enter(
        Account(type="aws", identifier=HUB, name="halden-security", notes=home, active=False)
    ).groups.add(_group("Engineering"))
    for identifier, name in PARTNERS.items():
        _enter(Account(type="aws", identifier=identifier, name=name, third_party=True))
    for network in NETWORKS:
        whose = Whose.OURS if network.ours else Whose.THIRD_PARTY
        KnownNetwork.objects.create(cidr=network.cidr, whose=whose, note=network.name)
    _subscribe()
    return {name: _person(name, role, group) for name, role, group in PEOPLE}


def _enter(account: Account) -> Account:
    account.full_clean()
    account.save()
    return account


def _group(name: str) -> AccountGroup:
    return AccountGroup.objects.get_or_create(name=name)[0]


def _subscribe() -> None:
    """The security team is told of everything, an auditor of what is wrong in production."""
    Subscription.objects.create(
        name="Security team", address="security@halden.example", least_score=0
    )
    auditor = Subscription.objects.create(
        name="Auditor of Production",
        address="auditor@ledger.example",
        created=False,
        changed=False,
        gone=False,
    )
    auditor.groups.add(_group("Production"))


def _person(name: str, role: str, group: str) -> str:
    password = secrets.token_urlsafe(12)
    if not role:
        User.objects.create_superuser(name, f"{name}@halden.example", password)
        return password
    user = User.objects.create_user(name, f"{name}@halden.example", password)
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=_group(group))
    return password
