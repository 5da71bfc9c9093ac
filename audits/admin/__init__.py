"""The console's pages of rules and of what they found."""

from audits.admin import frameworks, issues, proposals, rules, settings, shadow, tables

__all__ = ["frameworks", "issues", "proposals", "rules", "settings", "shadow", "tables"]
