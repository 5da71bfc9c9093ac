"""What reviewers decide about issues: justify them, or take that back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from accounts.ledger import enter_each
from accounts.models import User
from accounts.states import state
from audits.coverages import close_empty, cover, uncover
from audits.models import Coverage, Issue, Justification, What
from audits.patterns import Pattern, room
from audits.permits import may_review, why_not_answer
from audits.policies import Terms, terms_of
from audits.reaching import together
from audits.reminders import plan_reminders
from audits.reviewable import reviewable
from items.recording import BATCH

# Issues that one decision covers at most.
MOST = 5000
# What the ledger keeps of a justification.
SAID = (
    *("state", "scope", "rule", "item", "account", "tag", "name_pattern", "bound"),
    *("category", "reason", "ticket", "until", "asked_of"),
)
State, Scope = Justification.State, Justification.Scope


@dataclass
class _Part:
    """A justification to be, and the issues that it covers."""

    made: Justification
    issues: list[Issue]
    terms: Terms


@transaction.atomic
def justify(
    issues: Iterable[Issue],
    by: Any,
    because: str,
    until: date | None = None,
    category: str = Justification.Category.RISK,
    scope: str = Scope.ISSUE,
    *,
    ticket: str = "",
    pattern: Pattern | None = None,
    bound: int | None = None,
    asked_of: User | None = None,
) -> list[Justification]:
    """Accept issues as they are, up to and with a day; they stay open and leave the reports.

    One justification is made for each rule and account; with the scope ``item`` for each rule
    and item, and it covers what that finds there later too; with ``pattern`` one for all that
    the rule finds within the pattern, now and later, up to ``bound`` issues. No ``until`` means
    as long as is allowed. Where a severity demands a second person it is only asked for, of
    ``asked_of`` or of any approver, and covers nothing until ``approve``.

    Raises PermissionDenied where ``by`` may not review one of them, and ValidationError where no
    reason is given, the day has passed or is later than allowed, or the bound is too low.
    """
    chosen = reviewable(issues, by)
    _check(chosen, because, until)
    now, today = timezone.now(), timezone.localdate()
    parts = []
    for made, covered in _parts(chosen, by, scope, pattern):
        terms = terms_of((issue.score for issue in covered), today)
        made.scope, made.category, made.reason = scope, category, because.strip()
        made.until, made.ticket, made.by, made.at = terms.until(until), ticket.strip(), by, now
        made.bound = bound_for(len(covered), bound) if scope == Scope.PATTERN else None
        made.score = max(issue.score for issue in covered)
        made.extent = together(issue.extent for issue in covered)
        if terms.second:
            made.state, made.asked_of = State.ASKED, _asked(made, asked_of)
        parts.append(_Part(made, covered, terms))
    _write(parts, by, now)
    return [part.made for part in parts]


def _check(chosen: Sequence[Issue], because: str, until: date | None) -> None:
    if not chosen:
        raise ValidationError("There is nothing to decide upon.")
    if len(chosen) > MOST:
        raise ValidationError(f"At most {MOST} issues are decided upon at once.")
    if not because.strip():
        raise ValidationError({"because": "Say why it is acceptable."})
    if until and until < timezone.localdate():
        raise ValidationError({"until": "That day has passed."})


def _parts(
    chosen: Sequence[Issue], by: Any, scope: str, pattern: Pattern | None
) -> list[tuple[Justification, list[Issue]]]:
    """Return what is to be made, each with the issues that it covers now."""
    if scope == Scope.PATTERN:
        return [_of_pattern(chosen, by, pattern)]
    found: dict[tuple[int, int], tuple[Justification, list[Issue]]] = {}
    for issue in chosen:
        whole = scope == Scope.ITEM
        key = (issue.rule_id, issue.item_id if whole else issue.item.account_id)
        if key not in found:
            made = Justification(rule=issue.rule, item=issue.item, account=issue.item.account)
            found[key] = (made, [])
        made, covered = found[key]
        covered.append(issue)
        if made.item_id != issue.item_id:
            made.item = None
    if scope == Scope.ITEM:
        _add_siblings(found)
    return list(found.values())


def _add_siblings(found: dict[tuple[int, int], tuple[Justification, list[Issue]]]) -> None:
    """Add what the same rules find open on the same items."""
    items = {item for _, item in found}
    known = {issue.pk for _, issues in found.values() for issue in issues}
    rows = Issue.objects.open().filter(item__in=items, rule__in={rule for rule, _ in found})
    for issue in _locked(rows):
        if (issue.rule_id, issue.item_id) in found and issue.pk not in known:
            found[issue.rule_id, issue.item_id][1].append(issue)


def _of_pattern(
    chosen: Sequence[Issue], by: Any, pattern: Pattern | None
) -> tuple[Justification, list[Issue]]:
    first = chosen[0]
    if pattern is None or len({issue.rule_id for issue in chosen}) != 1:
        raise ValidationError({"scope": "A pattern is about one rule."})
    pattern.check()
    account = first.item.account if pattern.account_id == first.item.account_id else None
    if pattern.account_id is not None and account is None:
        raise ValidationError({"pattern": "Choose the account of the issue, or all accounts."})
    if not may_review(by, account):
        raise PermissionDenied("You may not review all accounts.")
    covered = pattern.open_issues(first.rule_id, Issue.objects.all())
    outside = {issue.pk for issue in chosen} - {issue.pk for issue in covered}
    if outside:
        raise ValidationError({"pattern": "The issue itself is not within this pattern."})
    if len(covered) > MOST:
        raise ValidationError({"pattern": f"It would cover more than {MOST} issues."})
    made = Justification(
        rule=first.rule, account=account, tag=pattern.tag, name_pattern=pattern.name
    )
    return made, covered


def bound_for(count: int, bound: int | None) -> int:
    """Return the bound of a pattern that covers so many now; raise ValidationError if too low."""
    if bound is None:
        return room(count)
    if bound < count:
        raise ValidationError({"bound": f"It covers {count} already: choose {count} or more."})
    return bound


def _asked(made: Justification, asked_of: User | None) -> User | None:
    if asked_of and (not asked_of.is_active or why_not_answer(made, asked_of)):
        raise ValidationError({"asked_of": "Choose somebody who may let this in."})
    return asked_of


def _write(parts: Sequence[_Part], by: Any, now: datetime) -> None:
    bulk_create_with_history([part.made for part in parts], Justification, batch_size=BATCH)
    asked = [part for part in parts if part.made.state == State.ASKED]
    begun = [part for part in parts if part.made.state == State.IN_FORCE]
    through = Justification.issues.through
    through.objects.bulk_create(
        (
            through(justification_id=part.made.pk, issue_id=issue.pk)
            for part in asked
            if part.made.scope == Scope.ISSUE
            for issue in part.issues
        ),
        batch_size=BATCH,
    )
    cover([(part.made, part.issues) for part in begun], by, now)
    plan_reminders([part.made for part in begun])
    enter_each(by, "asked to justify", [_deed(part) for part in asked])
    enter_each(by, "justified", [_deed(part) for part in begun])


def _deed(part: _Part) -> tuple[Justification, None, dict[str, Any]]:
    """Return what the ledger keeps of a justification, with how many issues it is about."""
    return part.made, None, {**state(part.made, *SAID), "issues": len(part.issues)}


@transaction.atomic
def withdraw(issues: Iterable[Issue], by: Any, because: str = "") -> int:
    """End every justification of the issues at once; return how many issues it uncovers.

    Other issues under the same justifications stay covered.
    """
    wanted = list(issues)
    pks = [issue.pk for issue in wanted]
    touched = list(lock(Justification.objects.filter(coverages__in=_covering(pks))))
    covered = [one for one in reviewable(wanted, by) if one.justified]
    count = uncover(_covering(pks), Coverage.End.WITHDRAWN, What.WITHDRAWN, by, because.strip())
    close_empty([one.pk for one in touched], State.WITHDRAWN)
    after = {"justified": False, "because": because.strip()}
    enter_each(by, "withdrew", [(one, {"justified": True}, after) for one in covered])
    return count


@transaction.atomic
def withdraw_whole(justification: Justification, by: Any, because: str = "") -> int:
    """End a justification with all that it covers, or ask for it no more; return what is uncovered.

    Raises PermissionDenied for who may not review all that it is about, and ValidationError
    where it has ended already.
    """
    found = lock(Justification.objects.filter(pk=justification.pk))[0]
    if not may_review(by, found.account):
        raise PermissionDenied("You may not review all that it covers.")
    if found.state not in (State.IN_FORCE, State.ASKED):
        raise ValidationError(f"It is over already: it was {found.get_state_display()}.")
    before = {"state": str(found.state)}
    count = _end(found, State.WITHDRAWN, by, because.strip())
    after = {"state": str(found.state), "because": because.strip(), "open again": count}
    enter_each(by, "withdrew", [(found, before, after)])
    return count


def end_passed(today: date) -> int:
    """End justifications whose last day has passed, asked for or in force; return how many."""
    passed = Justification.objects.filter(state__in=(State.IN_FORCE, State.ASKED), until__lt=today)
    count = 0
    for pk in list(passed.values_list("pk", flat=True)):
        with transaction.atomic():
            for found in lock(passed.filter(pk=pk)):
                _end(found, State.ENDED, None, "")
                count += 1
    return count


def _end(found: Justification, state: Justification.State, by: Any, because: str) -> int:
    """End a locked justification; return how many issues nothing covers any more."""
    why, what = {
        State.WITHDRAWN: (Coverage.End.WITHDRAWN, What.WITHDRAWN),
        State.ENDED: (Coverage.End.ENDED, What.ENDED),
    }[state]
    coverages = found.coverages.filter(until=None)
    _locked(Issue.objects.filter(coverages__in=coverages.values("pk")))
    count = uncover(coverages, why, what, by, because)
    found.state = state
    found.save()
    return count


def lock(rows: QuerySet[Justification]) -> list[Justification]:
    """Return justifications, locked before any issue is."""
    pks = rows.order_by().values("pk")
    locked = Justification.objects.filter(pk__in=pks).select_for_update(of=("self",))
    return list(locked.select_related("account", "by", "rule").order_by("pk"))


def _covering(issues: Iterable[int]) -> QuerySet[Coverage]:
    return Coverage.objects.filter(issue__in=issues, until=None)


def _locked(rows: QuerySet[Issue]) -> list[Issue]:
    """Return issues as they are now, locked, in one order."""
    return list(
        Issue.objects.filter(pk__in=rows.order_by().values("pk"))
        .select_for_update(of=("self",))
        .select_related("version", "item__account", "rule")
        .defer("item__config")
        .order_by("pk")
    )
