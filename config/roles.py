"""What each role may do. A role is a Django group that only carries permissions."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

VIEW = ("accounts", "items", "audits", "notifications")
# Models that only administrators (superusers) and auditors may look at.
PERSONAL = ("grant", "user", "historicalgrant", "historicaluser", "ledgerentry", "ledgerhead")

# What operators set up.
MANAGED = (
    ("accounts", "account"),
    ("accounts", "accountgroup"),
    ("accounts", "knownnetwork"),
    ("items", "watchersetting"),
    ("items", "ignoredname"),
    ("notifications", "subscription"),
)
# What everybody may do, of their own.
OWN = (
    *(f"accounts.{to}_apitoken" for to in ("add", "delete")),
    *(f"notifications.{to}_ownsubscription" for to in ("add", "change", "delete")),
)
VIEWS = ("audits.add_savedview", "audits.change_savedview", "audits.delete_savedview")
REVIEWS = ("audits.review_issue", "items.review_item", *VIEWS)
ROLES: dict[str, tuple[str, ...]] = {
    "viewer": (),
    "reviewer": REVIEWS,
    "approver": (*REVIEWS, "audits.approve_rule", "audits.approve_justification"),
    "rule editor": (
        *VIEWS,
        "audits.add_rule",
        "audits.change_rule",
        "audits.add_rulesetting",
        "audits.change_rulesetting",
        "audits.delete_rulesetting",
        "audits.add_referencetable",
        "audits.change_referencetable",
        "audits.delete_referencetable",
        "audits.add_framework",
        "audits.change_framework",
        "audits.add_control",
        "audits.change_control",
        "audits.delete_control",
    ),
    "operator": (
        *VIEWS,
        "audits.change_reviewpolicy",
        "accounts.scan_account",
        "accounts.push_account",
        "notifications.send_delivery",
        *(
            f"{app}.{action}_{model}"
            for app, model in MANAGED
            for action in ("add", "change", "delete")
        ),
    ),
    "auditor": (),
}
READS_EVERYTHING = ("auditor",)


def fill_roles(**_: Any) -> None:
    """Bring the groups of the roles, and what they may do, up to date; after every migrate."""
    views = Permission.objects.filter(
        content_type__app_label__in=VIEW, codename__startswith="view_"
    )
    for role, names in ROLES.items():
        may_see = views
        if role not in READS_EVERYTHING:
            may_see = views.exclude(content_type__model__in=PERSONAL)
        named = Q(pk__in=[])
        for name in (*names, *OWN):
            app, _dot, codename = name.partition(".")
            named |= Q(content_type__app_label=app, codename=codename)
        group, _new = Group.objects.get_or_create(name=role)
        group.permissions.set([*may_see, *Permission.objects.filter(named)])
