"""The console's pages of rules and of what they found."""

from audits.admin import frameworks, issues, rules, settings, tables

__all__ = ["frameworks", "issues", "rules", "settings", "tables"]
