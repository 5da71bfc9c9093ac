"""Find the accounts below an organisation, a folder or a tenant, and keep them in step."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.ledger import enter_each
from accounts.models import Account
from accounts.states import state
from accounts.types import types
from accounts.types.base import Found, Refused

logger = logging.getLogger(__name__)


@dataclass
class Discovery:
    """What one look at what stands below an account brought."""

    found: int = 0
    new: list[Account] = field(default_factory=list)
    back: list[Account] = field(default_factory=list)
    missing: list[Account] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What cannot be an account, each with the reason."""


def due_parents(now: datetime) -> QuerySet[Account]:
    """Return the accounts that are to be asked again what stands below them."""
    asked = Q(discovered_at=None) | Q(
        discovered_at__lte=now - timedelta(seconds=settings.DISCOVER_INTERVAL)
    )
    kinds = [key for key in types if key in types and types[key].finds]
    return Account.objects.watched().filter(asked, type__in=kinds).order_by("pk")


def discover(parent: Account) -> Discovery:
    """List what stands below an account and add what is new; raise Refused where it is not told.

    What is listed no more is marked, never removed and never switched off: the provider may
    only hide it from us. Where the listing is refused, nothing is marked. Doing it twice
    changes nothing.
    """
    now = timezone.now()
    asked = Account.objects.filter(pk=parent.pk)
    try:
        listed = list(types[parent.type].discover(parent))
    except Refused as refused:
        asked.update(discovered_at=now, discovery_refused=str(refused))
        raise
    with transaction.atomic():
        # Whoever else discovers here at this moment waits for us, and then finds nothing new.
        Account.objects.select_for_update().get(pk=parent.pk)
        discovery = _kept_in_step(parent, listed, now)
        asked.update(discovered_at=now, discovery_refused="")
    return discovery


def _kept_in_step(parent: Account, listed: Iterable[Found], now: datetime) -> Discovery:
    kind = types[parent.type].finds
    found = {one.identifier: one for one in listed}
    known = {
        account.identifier: account
        for account in Account.objects.filter(Q(type=kind) | Q(parent=parent))
    }
    names = set(Account.objects.values_list("name", flat=True))
    discovery = Discovery(found=len(found))
    for identifier, one in sorted(found.items()):
        account = known.get(identifier)
        if account is None:
            _add(parent, kind, one, names, discovery)
        elif account.parent_id is None and not account.third_party:
            account.parent = parent
            account.save()
        elif account.parent_id == parent.pk and account.missing_since:
            discovery.back.append(account)
    discovery.missing = [
        account
        for identifier, account in known.items()
        if account.parent_id == parent.pk and identifier not in found and not account.missing_since
    ]
    _mark(discovery.missing, now)
    _mark(discovery.back, None)
    deeds = [(account, None, state(account)) for account in discovery.new]
    enter_each(None, "found", deeds, who=f"found below {parent.name}")
    return discovery


def _add(parent: Account, kind: str, one: Found, names: set[str], discovery: Discovery) -> None:
    """Add an account; it has its parent's groups, owner and, as far as they fit, parameters."""
    wanted = {parameter.name for parameter in types[kind].parameters}
    given = parent.parameters | one.parameters
    account = Account(
        type=kind,
        identifier=one.identifier,
        name=_free_name(one, names),
        parent=parent,
        active=parent.watches_found,
        owner_mail=parent.owner_mail,
        calls_per_second=parent.calls_per_second,
        parameters={name: value for name, value in given.items() if name in wanted},
    )
    try:
        account.full_clean()
    except ValidationError as error:
        discovery.left_out.append(f"{one.identifier}: {' '.join(error.messages)}")
        logger.warning("Below %s: %s", parent, discovery.left_out[-1])
        return
    account.save()
    account.groups.set(parent.groups.all())
    names.add(account.name)
    discovery.new.append(account)


def _free_name(one: Found, names: set[str]) -> str:
    """Return what the account is called, with its identifier where another is called so."""
    name = one.name.strip()[:100] or one.identifier[:100]
    return name if name not in names else f"{name[:40]} ({one.identifier})"[:100]


def _mark(accounts: list[Account], since: datetime | None) -> None:
    """Note since when accounts are missing; no revision, for nobody changed them."""
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(missing_since=since)
