"""Bring what a pack ships now into a rule that editors may have changed, tried, or asked for."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from audits.models import Proposal, Rule, RuleVersion
from audits.moving import activate, into_shadow, locked, propose
from audits.versions import check_version, text_of, write_version

REASON = "The pack changed."
Text = dict[str, Any]


@dataclass(frozen=True)
class Merged:
    """What became of a pack's correction."""

    fields: tuple[str, ...]
    """What differs in some version; nothing: it is only noted what is shipped."""
    problems: tuple[str, ...] = ()
    """Why the corrected text does not decide."""
    waits: bool = False
    """Whether it waits for a second person."""


@transaction.atomic
def merge(rule: Rule, shipped: Text) -> Merged:
    """Let a rule follow its pack, field by field; what an editor changed stays.

    Each text that somebody works with is corrected in a version of its own, and that takes its
    place: in force, in shadow, waiting for a second person, or the newest draft. Where one is
    demanded, a text that is not the pack's alone comes into force only with a yes.
    """
    rule = locked(rule.pk)
    before, rule.shipped = rule.shipped, shipped
    rule.save()
    question = rule.proposals.filter(answer="").select_related("version", "by").first()
    places = _places(rule, question, before)
    corrected, changed = _corrected(rule, places, before)
    if not changed:
        return Merged(())
    problems: list[str] = []
    if "force" in places and corrected["force"] != places["force"]:
        problems = _let_in(corrected["force"], question)
    if "shadow" in places:
        into_shadow(corrected["shadow"], None, REASON)
    if question:
        propose(rule, corrected.get("asked"), question.by, question.reason, because=REASON)
    waits = rule.proposals.filter(answer="").exists()
    return Merged(changed, tuple(problems or check_version(corrected["newest"])), waits)


def _places(rule: Rule, question: Proposal | None, before: Text) -> dict[str, RuleVersion]:
    """Return the versions that somebody works with, by what they are there for."""
    newest = rule.newest
    decides = rule.active if rule.state == Rule.State.ACTIVE else None
    if newest and rule.state == Rule.State.DRAFT and text_of(newest) == before:
        decides = newest  # It would, had the examples held that were shipped with it.
    asked = question.version if question else None
    named = {"force": decides, "shadow": rule.shadow, "asked": asked, "newest": newest}
    return {place: version for place, version in named.items() if version}


def _corrected(
    rule: Rule, places: dict[str, RuleVersion], before: Text
) -> tuple[dict[str, RuleVersion], tuple[str, ...]]:
    """Write what follows from the correction; return the version for each place, and the
    fields that differ in one of them."""
    by_pk: dict[int, RuleVersion] = {}
    changed: dict[str, None] = {}
    for old in sorted({*places.values()}, key=lambda version: version.number):
        text = text_of(old)
        merged = three_ways(before, rule.shipped, text)
        changed |= dict.fromkeys(name for name in merged if merged[name] != text[name])
        # What is not concerned is written anew where it must stay the newest.
        by_pk[old.pk] = write_version(rule, merged, REASON, old.author) if changed else old
    return {place: by_pk[old.pk] for place, old in places.items()}, tuple(changed)


def three_ways(before: Text, now: Text, ours: Text) -> Text:
    """Return our text with what the pack changed, but for the fields that we had changed."""
    return ours | {name: now[name] for name in now if ours[name] == before.get(name)}


def _let_in(version: RuleVersion, question: Proposal | None) -> list[str]:
    """Put a corrected text into force, or ask; return what speaks against it."""
    problems = check_version(version)
    if problems:
        return problems
    alone = text_of(version) == version.rule.shipped
    if alone or not settings.SECOND_PERSON:
        activate(version, None, REASON)
    elif question is None:
        propose(version.rule, version, None, REASON)
    return []
