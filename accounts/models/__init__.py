"""Whom we watch, whom we know, and who may see what of it."""

from accounts.models.grants import Grant
from accounts.models.ledger import LedgerEntry, LedgerHead, LedgerQuerySet
from accounts.models.people import User, UserManager
from accounts.models.programs import Answered, ApiToken, Asking
from accounts.models.watched import (
    Account,
    AccountGroup,
    AccountQuerySet,
    KnownNetwork,
    Whose,
    check_network,
)

__all__ = [
    "Account",
    "AccountGroup",
    "AccountQuerySet",
    "Answered",
    "ApiToken",
    "Asking",
    "Grant",
    "KnownNetwork",
    "LedgerEntry",
    "LedgerHead",
    "LedgerQuerySet",
    "User",
    "UserManager",
    "Whose",
    "check_network",
]
