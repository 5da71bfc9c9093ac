"""Who may see rows, or do something with them: the guard of ``seeing`` asked the other way."""

from collections import defaultdict
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Grant, User


def seers(rows: QuerySet[Any], to: str = "view") -> QuerySet[User]:
    """Return the people who may do ``to`` with every one of the rows, by user name.

    The rows are of a model that names its way to an account; of no rows everybody is a seer who
    may do it with any.
    """
    model = rows.model
    role = {
        "role__permissions__codename": f"{to}_{model._meta.model_name}",
        "role__permissions__content_type__app_label": model._meta.app_label,
    }
    path = model.account_path or "pk"
    accounts = set(rows.order_by().values_list(path, flat=True).distinct())
    granted = Grant.objects.filter(**role)
    reached: dict[int, set[int]] = defaultdict(set)
    pairs = granted.filter(group__accounts__in=accounts).values_list("user", "group__accounts")
    for user, account in pairs:
        reached[user].add(account)
    whole = [user for user, seen in reached.items() if seen >= accounts]
    if not accounts:
        may = Q(grants__in=granted)
    else:
        may = Q(pk__in=granted.filter(group=None).values("user")) | Q(pk__in=whole)
    people = User.objects.filter(Q(is_superuser=True) | may, is_active=True)
    return people.distinct().order_by("username")
