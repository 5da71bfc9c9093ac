"""A subscription in a few words: what it is about, and what of that it tells."""

from collections.abc import Mapping

from items.naming import technology_label
from notifications.models import Subscription

ISSUES = {"issues": "new", "reopened": "reopened", "fixed": "fixed"}
ITEMS = {"created": "new", "changed": "changed", "gone": "gone"}
OTHERS = {
    "gaps": "what can no longer be read",
    "endings": "justifications that end",
    "rule_changes": "changed rules",
    "weekly": "weekly report",
}


def about(told: Subscription) -> str:
    """Say which accounts, and what in them, a subscription is about."""
    if told.watching:
        return f"what {told.owner} watches"
    names = [str(one) for one in told.accounts.all()]
    names += [f"group {one}" for one in told.groups.all()]
    parts = [technology_label(one) for one in told.technologies]
    parts += [f"labelled {one}" for one in told.labels]
    parts += [f"tagged {one}" for one in told.tags]
    parts += [f"“{one}”" for one in told.rules.all()]
    parts += [f"rules of {told.framework}"] if told.framework else []
    parts += [f"what “{told.view}” shows"] if told.view else []
    return ", ".join(names or ["all accounts"]) + (f": {', '.join(parts)}" if parts else "")


def told_of(told: Subscription) -> str:
    """Say what of it a subscription tells."""
    least = told.least_score
    parts = [
        _on(told, ISSUES, f"issues from score {least}" if least else "issues"),
        _on(told, ITEMS, "items"),
        *(_on(told, {name: word}) for name, word in OTHERS.items()),
    ]
    return "; ".join(filter(None, parts)) or "nothing"


def _on(told: Subscription, words: Mapping[str, str], of: str = "") -> str:
    """Say which of some fields are on; empty: none is."""
    on = ", ".join(word for name, word in words.items() if getattr(told, name))
    return f"{on} {of}".strip() if on else ""
