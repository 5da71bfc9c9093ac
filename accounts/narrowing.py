"""What somebody may do by a token: never more than they may themselves, now."""

from fnmatch import fnmatch
from typing import Any

from django.contrib.auth.models import Permission
from django.db import models

from accounts.seeing import granted


class Scope(models.TextChoices):
    """What a token is for."""

    READ = "read", "read"
    REVIEW = "review", "review: justify, comment, label"
    RULES = "rules", "rules: change and look ahead"
    OPERATE = "operate", "operate: scan, send configurations, set up"


# Which permissions a scope lets through.
LETS: dict[str, tuple[str, ...]] = {
    Scope.READ: ("*.view_*",),
    Scope.REVIEW: ("*.review_*", "audits.approve_justification", "audits.*_savedview"),
    Scope.RULES: (
        "audits.approve_rule",
        *(
            f"audits.*_{name}"
            for name in ("rule", "rulesetting", "referencetable", "framework", "control")
        ),
        "audits.*_savedview",
    ),
    Scope.OPERATE: (
        "accounts.scan_account",
        "accounts.push_account",
        "notifications.send_delivery",
        "audits.change_reviewpolicy",
        *(
            f"{app}.{to}_*"
            for app in ("accounts", "items", "notifications")
            for to in ("add", "change", "delete")
        ),
        "audits.*_savedview",
    ),
}
# No token makes another one, or gives rights.
NEVER = ("*_apitoken", "*.add_user", "*.change_user", "*.delete_user", "*.*_grant", "auth.*")


def narrow(user: Any, token: Any) -> None:
    """Let ``user`` be, for one request, no more than what a token lets through.

    The object must not be saved: it does not say any more what the person is.
    """
    groups = set(token.groups.values_list("pk", flat=True))
    whole = user.is_superuser
    held = _everything() if whole else granted(user)
    user._granted = {
        name: reach
        for name, scope in held.items()
        if _lets(token.scopes, name) and (reach := _within(scope, groups))
    }
    user.is_superuser = False
    # What Django's own backend would add is no part of a token.
    user._perm_cache = user._user_perm_cache = user._group_perm_cache = set()
    user.narrowed = True


def _everything() -> dict[str, set[int | None]]:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}": {None} for app, codename in rows}


def _lets(scopes: Any, name: str) -> bool:
    if any(fnmatch(name, one) for one in NEVER):
        return False
    if ".view_" in name:
        return Scope.READ in scopes
    return any(fnmatch(name, one) for scope in scopes for one in LETS.get(scope, ()))


def _within(scope: set[int | None], groups: set[int]) -> set[int | None]:
    """Return the part of a scope that lies in some groups; no groups: all of it."""
    if not groups:
        return scope
    return {*groups} if None in scope else {one for one in scope if one in groups}
