"""What settings decided about an issue, in words: which one did, why, who set it, over which."""

from typing import Any

from django.urls import reverse

from accounts.admin import Curtain
from audits.models import Issue, RuleSetting
from audits.scoping import Decided, decided, in_force, ranked


def settled(issue: Issue, user: Any) -> dict[str, Any]:
    """Return what the page of an issue says of settings; nothing where none holds.

    ``next_score`` is what the next judging will make of the score, where a setting or the rule
    changed since the last one; None: it stays.
    """
    version = issue.rule.active
    settings = list(
        RuleSetting.objects.filter(rule=issue.rule_id).select_related("account", "group")
    )
    if issue.fixed_at or version is None:
        return {}
    groups = frozenset(group.pk for group in issue.item.account.groups.all()) if settings else ()
    held = ranked(settings, issue.item, frozenset(groups))
    stands = in_force(version, held)
    return {
        "decisions": [_words(one, user) for one in decided(version, held)],
        "next_score": stands.score if stands.score != issue.score else None,
        "switched_off": not stands.on,
    }


def _words(one: Decided, user: Any) -> dict[str, Any]:
    setting = one.setting
    shown = user.has_perm("audits.view_rulesetting")
    last = setting.history.select_related("history_user").order_by("-history_date", "-history_id")
    row = last.first() if shown else None
    return {
        "what": _what(one),
        "kind": setting.kind,
        "scope": setting.scope,
        "reason": Curtain(user)(setting.reason) if shown else "",
        "by": row.history_user if row else None,
        "at": row.history_date if row else None,
        "over": [(other.kind, other.scope) for other in one.over if other.kind != setting.kind],
        "equals": [(other.kind, other.scope) for other in one.over if other.kind == setting.kind],
        "link": reverse("admin:audits_rulesetting_change", args=[setting.pk]) if shown else "",
    }


def _what(one: Decided) -> str:
    if one.what == "on":
        return "On" if one.value else "Off"
    if one.what == "score":
        same = one.value == one.rules_own
        return f"Score {one.value}" + (
            ", as the rule says" if same else f" instead of {one.rules_own}"
        )
    name = one.what.replace("_", " ")
    return f"{name.capitalize()}: {_plain(one.value)} instead of {_plain(one.rules_own)}"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        more = len(value) - 8
        return ", ".join(map(str, value[:8])) + (f" and {more} more" if more > 0 else "") or "none"
    return str(value)
