"""What a decision about an issue would cover now, and on what terms; nothing is written."""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from accounts.seeing import visible
from audits.functions.shapes import TAG_KEYS, tags_of
from audits.models import Issue, Justification
from audits.patterns import Pattern, room
from audits.permits import approvers, may_review
from audits.policies import Terms, terms_of

TAGS = 50
Scope = Justification.Scope


@dataclass(frozen=True)
class Prospect:
    """What would be covered, who would have to let it in, and for how long at most."""

    issues: list[Issue]
    terms: Terms
    approvers: list[User] = field(default_factory=list)
    """Who may let it in, where a second person is needed."""
    fault: str = ""
    """Why nothing would be covered."""

    @property
    def score(self) -> int:
        """How much would leave the total."""
        return sum(issue.score for issue in self.issues if not issue.justified)

    @property
    def room(self) -> int:
        return room(len(self.issues))


def prospect(issue: Issue, by: Any, scope: str, pattern: Pattern | None = None) -> Prospect:
    """Return what a decision of a scope would cover now, of what ``by`` may see."""
    account = issue.item.account
    if scope == Scope.PATTERN and pattern is not None:
        account = account if pattern.account_id == issue.item.account_id else None  # type: ignore[assignment]
        fault = _fault(issue, by, pattern)
        if fault:
            return Prospect([], terms_of([issue.score], timezone.localdate()), fault=fault)
        issues = pattern.open_issues(issue.rule_id, visible(Issue.objects.all(), by))
    elif scope == Scope.ITEM:
        rows = visible(Issue.objects.open(), by).filter(item=issue.item_id, rule=issue.rule_id)
        issues = list(rows.select_related("version", "item__account").defer("item__config"))
    else:
        issues = [issue]
    return prospect_of(issues, by, account)


def prospect_of(issues: list[Issue], by: Any, account: Any) -> Prospect:
    """Return on what terms issues would be covered; ``account``: theirs, None: all accounts."""
    terms = terms_of((one.score for one in issues), timezone.localdate())
    return Prospect(issues, terms, approvers(account, by) if terms.second else [])


def tags_for(issue: Issue) -> list[str]:
    """Return the tags of an issue's item as patterns name them."""
    config = issue.item.config
    given = next((config[name] for name in TAG_KEYS if config.get(name)), None)
    tags = tags_of(given) if given else {}
    found = [f"{name}={value}" for name, value in sorted(tags.items()) if isinstance(value, str)]
    return [tag for tag in found if len(tag) <= 300 and "=" not in tag.partition("=")[0]][:TAGS]


def _fault(issue: Issue, by: Any, pattern: Pattern) -> str:
    """Say why a pattern may not be chosen, or return nothing."""
    try:
        pattern.check()
    except ValidationError as error:
        return " ".join(error.messages)
    if not pattern.holds(issue.item):
        return "The issue itself is not within this pattern."
    account = issue.item.account if pattern.account_id is not None else None
    return "" if may_review(by, account) else "You may not review all accounts."
