"""The console's pages of rules and of what they found."""

from audits.admin import (
    frameworks,
    issues,
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
    "proposals",
    "queue",
    "rules",
    "settings",
    "shadow",
    "tables",
    "views",
]
