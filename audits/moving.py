"""Move a rule: try a version in shadow, put one into force, retire the rule, or ask for it.

Each verb takes the rule's row first, so that two people who move one rule wait for each other,
and does nothing where what is wanted is so already. No verb touches what was found: the next
judging of each slice brings that in step.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.ledger import enter
from accounts.states import state
from audits.models import Proposal, Rule, RuleVersion
from audits.versions import check_version


@dataclass(frozen=True)
class Moved:
    """What became of the wish to move a rule."""

    done: bool
    problems: tuple[str, ...] = ()
    """Why the version cannot be tried or decide."""
    proposal: Proposal | None = None
    """What waits for a second person, where one is demanded."""


def into_shadow(version: RuleVersion, by: Any, reason: str = "") -> Moved:
    """Run a version beside what decides; it scores nothing and tells nobody."""
    problems = check_version(version)
    if problems:
        return Moved(False, tuple(problems))
    with transaction.atomic():
        rule = locked(version.rule_id)
        if decides(version, rule):
            raise ValidationError(f"Version {version.number} is in force: it needs no trial.")
        if rule.shadow_id != version.pk:
            rule.shadow, rule.shadow_since = version, timezone.now()
            if rule.state != Rule.State.ACTIVE:
                _leave_pack(rule)
                rule.state = Rule.State.SHADOW
            keep(rule, by, reason, "put into shadow")
    return Moved(True)


@transaction.atomic
def out_of_shadow(rule: Rule, by: Any, reason: str = "") -> None:
    """End the trial of whatever is in shadow."""
    rule = locked(rule.pk)
    if rule.shadow_id:
        _end_trial(rule)
        keep(rule, by, reason, "took out of shadow")


def put_into_force(version: RuleVersion, by: Any, reason: str = "") -> Moved:
    """Let a version decide from now on, or ask a second person where one is demanded.

    Raises ValidationError where a reason is needed and none is given.
    """
    problems = check_version(version)
    if problems:
        return Moved(False, tuple(problems))
    with transaction.atomic():
        rule = locked(version.rule_id)
        if decides(version, rule):
            return Moved(True)
        demand_reason(reason, rule)
        if settings.SECOND_PERSON:
            return Moved(False, proposal=_asked(propose(rule, version, by, reason)))
        activate(version, by, reason)
    return Moved(True)


@transaction.atomic
def retire(rule: Rule, by: Any, reason: str) -> Moved:
    """Let a rule decide no more, or ask a second person where one is demanded.

    What it found is closed at the next judging. A rule that decides nothing needs nobody's
    yes. Raises ValidationError where no reason is given.
    """
    rule = locked(rule.pk)
    if rule.state == Rule.State.RETIRED:
        return Moved(True)
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is retired."})
    if settings.SECOND_PERSON and rule.state == Rule.State.ACTIVE:
        return Moved(False, proposal=_asked(propose(rule, None, by, reason)))
    end(rule, by, reason)
    return Moved(True)


def demand_reason(reason: str, rule: Rule) -> None:
    """Raise ValidationError where a version of the rule comes into force only with a reason."""
    if reason.strip():
        return
    if rule.state == Rule.State.ACTIVE:
        raise ValidationError({"reason": "This rule is in force: say why it changes."})
    if settings.SECOND_PERSON:
        raise ValidationError({"reason": "Say why, for who decides about it."})


def propose(
    rule: Rule,
    version: RuleVersion | None,
    by: Any,
    reason: str,
    because: str = "Something else was asked for instead.",
) -> Proposal:
    """Ask for a version to be put into force; None: for the rule to be retired.

    One question waits at a time: the later one stands for the earlier.
    """
    waiting = rule.proposals.filter(answer="").first()
    if waiting and waiting.version == version and waiting.by == by:
        return waiting
    _replace_waiting(rule, by, because)
    return Proposal.objects.create(
        rule=rule, version=version, by=by, reason=reason.strip(), at=timezone.now()
    )


@transaction.atomic
def activate(version: RuleVersion, by: Any = None, reason: str = "") -> None:
    """Let a version decide from now on, whatever speaks against it."""
    rule = version.rule = locked(version.rule_id)
    _replace_waiting(rule, by, f"Version {version.number} came into force.")
    if rule.shadow_id == version.pk:
        _end_trial(rule)
    _leave_pack(rule)
    rule.active, rule.state = version, Rule.State.ACTIVE
    keep(rule, by, reason, "put into force")


def bring_back(rule: Rule) -> None:
    """Let a rule decide again as it did when it left its pack: the pack has it again."""
    rule.state = Rule.State.ACTIVE if rule.active_id else Rule.State.DRAFT
    rule.retired_by_pack = False
    keep(rule, None, "It is in its pack again.", "brought back")


def end(rule: Rule, by: Any, reason: str, by_pack: bool = False) -> None:
    """Let a rule, locked, decide no more."""
    _replace_waiting(rule, by, "The rule was retired.")
    _end_trial(rule)
    rule.state, rule.retired_by_pack = Rule.State.RETIRED, by_pack
    keep(rule, by, reason, "retired")


def decides(version: RuleVersion, rule: Rule) -> bool:
    return rule.state == Rule.State.ACTIVE and rule.active_id == version.pk


def locked(rule: int) -> Rule:
    """Return the rule's row, kept from others until the transaction ends."""
    return Rule.objects.select_for_update().get(pk=rule)


def keep(rule: Any, by: Any, reason: str, did: str) -> None:
    """Save a rule; its history tells who moved it, and why, and so does the ledger."""
    rule._change_reason = reason.strip()
    if (
        by is None
    ):  # Who is logged in where this is done, or nobody. A pack's load is entered whole.
        rule.save()
        return
    rule._history_user = by
    before = _standing(Rule.objects.select_related("active", "shadow").get(pk=rule.pk))
    rule.save()
    enter(by, did, rule, before, _standing(rule) | {"reason": reason.strip()})


def _standing(rule: Rule) -> dict[str, Any]:
    """Return where a rule stands, as the ledger keeps it."""
    return {
        "state": rule.state,
        "in force": rule.active.number if rule.active else None,
        "in shadow": rule.shadow.number if rule.shadow else None,
    }


def _asked(proposal: Proposal) -> Proposal:
    enter(proposal.by, "asked for", proposal, None, state(proposal, "rule", "version", "reason"))
    return proposal


def _leave_pack(rule: Rule) -> None:
    """Let a rule that its pack retired be ours, where somebody takes it up again."""
    if rule.retired_by_pack:
        rule.pack, rule.shipped, rule.retired_by_pack = "", {}, False


def _end_trial(rule: Rule) -> None:
    rule.shadow = rule.shadow_since = None
    if rule.state == Rule.State.SHADOW:
        rule.state = Rule.State.RETIRED if rule.active_id else Rule.State.DRAFT


def _replace_waiting(rule: Rule, by: Any, because: str) -> None:
    rule.proposals.filter(answer="").update(
        answer=Proposal.Answer.REPLACED,
        answered_by=by,
        answered_at=timezone.now(),
        because=because,
    )
