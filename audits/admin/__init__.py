"""The console's pages of rules and of what they found."""

from audits.admin import issues, rules, settings, tables

__all__ = ["issues", "rules", "settings", "tables"]
