"""The console's pages of rules and of what they found."""

from audits.admin import issues, rules, settings

__all__ = ["issues", "rules", "settings"]
