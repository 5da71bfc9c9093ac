"""The console's pages of rules and of what they found."""

from audits.admin import (
    frameworks,
    issues,
    justifications,
    policies,
    proposals,
    queue,
    rules,
    settings,
    shadow,
    tables,
    views,
)

__all__ = [
    "frameworks",
    "issues",
    "justifications",
    "policies",
    "proposals",
    "queue",
    "rules",
    "settings",
    "shadow",
    "tables",
    "views",
]
