"""What is wrong with items, and what people said about that: rules, issues, reviews."""

from audits.models.issues import BlindSpot, Cause, Issue, IssueEvent, What
from audits.models.reviews import Coverage, Justification
from audits.models.rules import (
    Dependency,
    Judged,
    Rule,
    RuleExample,
    RuleSetting,
    RuleVersion,
    severity,
)

__all__ = [
    "BlindSpot",
    "Cause",
    "Coverage",
    "Dependency",
    "Issue",
    "IssueEvent",
    "Judged",
    "Justification",
    "Rule",
    "RuleExample",
    "RuleSetting",
    "RuleVersion",
    "What",
    "severity",
]
