"""What is wrong with items, and what people said about that: rules, issues, reviews."""

from audits.models.comments import Comment, Mention
from audits.models.evidence import EvidencePack, EvidencePart
from audits.models.frameworks import Control, Framework
from audits.models.inbox import ChangeReview
from audits.models.issues import (
    BlindSpot,
    Cause,
    FormerFingerprint,
    Issue,
    IssueEvent,
    ShadowFinding,
    What,
)
from audits.models.previews import Preview
from audits.models.proposals import Proposal
from audits.models.reviews import Attachment, Coverage, Justification, Reminder, ReviewPolicy
from audits.models.rules import (
    SEVERITIES,
    Dependency,
    Judged,
    Rule,
    RuleExample,
    RuleSetting,
    RuleVersion,
    by_severity,
    severity,
)
from audits.models.tables import ReferenceTable
from audits.models.tenures import Effort, Exemption, Tenure
from audits.models.views import SavedView

__all__ = [
    "SEVERITIES",
    "Attachment",
    "BlindSpot",
    "Cause",
    "ChangeReview",
    "Comment",
    "Control",
    "Coverage",
    "Dependency",
    "Effort",
    "EvidencePack",
    "EvidencePart",
    "Exemption",
    "FormerFingerprint",
    "Framework",
    "Issue",
    "IssueEvent",
    "Judged",
    "Justification",
    "Mention",
    "Preview",
    "Proposal",
    "ReferenceTable",
    "Reminder",
    "ReviewPolicy",
    "Rule",
    "RuleExample",
    "RuleSetting",
    "RuleVersion",
    "SavedView",
    "ShadowFinding",
    "Tenure",
    "What",
    "by_severity",
    "severity",
]
