"""Who sees what: the one guard of lists, links, counts, exports, mails and API alike."""

from typing import Any, TypeVar

from django.apps import apps
from django.contrib.auth.backends import BaseBackend
from django.db.models import Model, Q, QuerySet

from accounts.models import Account, Grant, User

Row = TypeVar("Row", bound=Model)


def visible(queryset: QuerySet[Row], user: Any, to: str = "view") -> QuerySet[Row]:
    """Keep the rows that ``user`` may see, or may do ``to`` with.

    A model names its way to an account: ``account_path = "item__account"`` ("" on the account
    itself). Rows of a model without one belong to no account; any grant of the role opens
    them, but what ``touches_all`` accounts is changed only by who has them all. ``to`` is the
    first part of a permission's name: view, change, review ... A row's history is guarded as the
    row is, by what is granted today; who looks at the past may only look.
    """
    if to != "view" and getattr(user, "looks_back", False):
        return queryset.none()
    if user.is_active and user.is_superuser:
        return queryset
    model = getattr(queryset.model, "instance_type", queryset.model)
    scope = granted(user).get(f"{model._meta.app_label}.{to}_{model._meta.model_name}")
    if scope is None:
        return queryset.none()
    if None in scope:
        return queryset
    if to != "view" and getattr(model, "touches_all", False):
        return queryset.none()
    path = getattr(model, "account_path", None)
    if path is None:
        return queryset
    accounts = Account.objects.filter(groups__in=scope).values("pk")
    return queryset.filter(Q(**{f"{path}__in" if path else "id__in": accounts}))


def granted(user: Any) -> dict[str, set[int | None]]:
    """Return each permission with the account groups it is granted for; None: all accounts.

    Read once for each user object, that is, once a request.
    """
    if not user.is_active or not user.is_authenticated:
        return {}
    if not hasattr(user, "_granted"):
        user._granted = _read_grants(user)
    return user._granted


def _read_grants(user: User) -> dict[str, set[int | None]]:
    rows = Grant.objects.filter(user=user).values_list(
        "group_id",
        "role__permissions__content_type__app_label",
        "role__permissions__codename",
    )
    scopes: dict[str, set[int | None]] = {}
    for group, app, codename in rows:
        if codename:
            scopes.setdefault(f"{app}.{codename}", set()).add(group)
    return scopes


def _touches_all(perm: str) -> bool:
    """Say whether a permission is to change what holds in every account."""
    app, _, codename = perm.partition(".")
    to, _, name = codename.partition("_")
    try:
        model = apps.get_model(app, name)
    except LookupError:
        return False
    return to != "view" and getattr(model, "touches_all", False)


class GrantBackend(BaseBackend):
    """Answers Django's questions about permissions from grants; authenticates nobody."""

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        return {name for name in granted(user_obj) if self.has_perm(user_obj, name, obj)}

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        scope = granted(user_obj).get(perm)
        if scope is None or (None not in scope and _touches_all(perm)):
            return False
        if obj is None or not obj.pk or not hasattr(type(obj), "account_path"):
            return True
        app, _, codename = perm.partition(".")
        to = codename.rpartition("_")[0]
        if (app, codename) != (obj._meta.app_label, f"{to}_{obj._meta.model_name}"):
            return True
        return visible(type(obj)._default_manager.all(), user_obj, to).filter(pk=obj.pk).exists()

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in granted(user_obj))
