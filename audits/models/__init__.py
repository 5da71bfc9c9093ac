"""What is wrong with items, and what people said about that: rules, issues, reviews."""

from audits.models.frameworks import Control, Framework
from audits.models.issues import BlindSpot, Cause, Issue, IssueEvent, ShadowFinding, What
from audits.models.previews import Preview
from audits.models.proposals import Proposal
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
from audits.models.tables import ReferenceTable
from audits.models.tenures import Effort, Exemption, Tenure

__all__ = [
    "BlindSpot",
    "Cause",
    "Control",
    "Coverage",
    "Dependency",
    "Effort",
    "Exemption",
    "Framework",
    "Issue",
    "IssueEvent",
    "Judged",
    "Justification",
    "Preview",
    "Proposal",
    "ReferenceTable",
    "Rule",
    "RuleExample",
    "RuleSetting",
    "RuleVersion",
    "ShadowFinding",
    "Tenure",
    "What",
    "severity",
]
