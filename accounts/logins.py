"""Enter who logs in and out, who fails to, and who is locked out.

Django and axes tell of these by signals only; they are not ours, so nothing of our line is
hidden here.
"""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver

from accounts.ledger import enter
from accounts.models import LedgerEntry
from accounts.states import plain

LOGIN = "login"
LOCKED_OUT = "locked out"


@receiver(user_logged_in)
@transaction.atomic
def note_login(request: Any, user: Any, **_: Any) -> None:
    enter(user, "logged in", LOGIN, None, _from(request))


@receiver(user_logged_out)
@transaction.atomic
def note_logout(request: Any, user: Any, **_: Any) -> None:
    if user is not None:  # Nobody was logged in.
        enter(user, "logged out", LOGIN, None, _from(request))


@receiver(user_login_failed)
@transaction.atomic
def note_failure(credentials: Any, request: Any = None, **_: Any) -> None:
    """Enter a failed login, under the name that was tried; axes has counted it before.

    Of what is tried while locked out nothing is entered: it is refused unread, and could fill
    the ledger.
    """
    who = plain(str(credentials.get("username") or "nobody"))[:200]
    locked = getattr(request, "axes_locked_out", False)
    if locked:
        last = LedgerEntry.objects.filter(thing=LOGIN, who=who).order_by("-number").first()
        if last and last.action == LOCKED_OUT:
            return
    enter(None, LOCKED_OUT if locked else "login failed", LOGIN, None, _from(request), who=who)


def _from(request: Any) -> dict[str, Any]:
    """Return where a request came from."""
    if request is None:
        return {}
    meta: dict[str, Any] = request.META
    return {"address": getattr(request, "axes_ip_address", None) or meta.get("REMOTE_ADDR", "")}
