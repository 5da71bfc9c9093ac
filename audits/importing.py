"""Bring rules from somebody's YAML in as edits: said first rule by rule, then done as chosen."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError

from audits.checking import Remark, remarks
from audits.editing import Saved, Then, save_version
from audits.linting import faults
from audits.loading import complete
from audits.models import Rule
from audits.pairing import Pair, pairs
from audits.traps import warnings
from audits.unpacking import PackError, Written, unpacked
from audits.versions import text_of

# Bytes; larger texts are loaded as a folder.
LARGEST = 2_000_000
MOST_RULES = 400


@dataclass(frozen=True)
class Planned:
    """What importing would do to one rule."""

    written: Written
    rule: Rule | None
    """None: it is new."""
    ours: dict[str, Any]
    """What the rule says now; empty for a new one."""
    seen: int
    """The number of the version that was looked at."""

    @property
    def key(self) -> str:
        return self.written.key

    @cached_property
    def given(self) -> dict[str, Any]:
        """The rule's whole text as the file has it."""
        return complete(self.written.fields)

    @cached_property
    def differing(self) -> list[Pair]:
        """The fields in which the file differs from the rule: what it is now, what it would be."""
        if not self.ours:
            return []
        return [pair for pair in pairs(self.ours, self.given) if pair.differs]

    @property
    def what(self) -> str:
        """new, changed or same."""
        if self.rule is None:
            return "new"
        return "changed" if self.differing else "same"

    @cached_property
    def kept(self) -> frozenset[str]:
        """The fields that an editor changed and of which the file says only what was shipped.

        Such a file was written before the edit, or without knowing of it.
        """
        shipped = complete(self.rule.shipped) if self.rule and self.rule.shipped else {}
        return frozenset(
            pair.name for pair in self.differing if shipped.get(pair.name, pair) == pair.right
        )

    @property
    def taken(self) -> frozenset[str]:
        """The fields that are taken from the file where nobody says otherwise."""
        return frozenset(pair.name for pair in self.differing) - self.kept

    def text(self, taken: Collection[str]) -> dict[str, Any]:
        """Return the text that the rule gets when these fields are taken from the file."""
        if not self.ours:
            return self.given
        return self.ours | {name: self.given[name] for name in taken if name in self.given}

    def refused(self, taken: Collection[str]) -> bool:
        """Say whether that text cannot even be kept as a draft."""
        return bool(faults(self.text(taken)))

    def remarks(self, taken: Collection[str], user: Any, on_items: bool = True) -> list[Remark]:
        """Say what speaks against that text, and what would be warned of.

        Stored items are looked at for that, where wanted, as it takes its time; values are told
        only of those that ``user`` may see.
        """
        whole = Written(self.key, self.text(taken), self.written.where, self.written.lines)
        if not on_items:
            return list(remarks([whole]))
        return list(remarks([whole], lambda fields: warnings(fields, user)))


@dataclass(frozen=True)
class Choice:
    """What of one rule is to be imported."""

    key: str
    seen: int
    taken: frozenset[str]


@dataclass(frozen=True)
class Imported:
    """What became of one rule."""

    key: str
    saved: Saved | None
    problems: tuple[str, ...] = ()
    """Why it was not imported, or does not go where it should."""


def plan(text: str, name: str = "") -> list[Planned]:
    """Say what importing a text would do; raise PackError for what cannot be read."""
    if len(text.encode()) > LARGEST:
        raise PackError(
            f"It has more than {LARGEST:,} bytes. Load it as a folder: loadpacks --from."
        )
    found = unpacked(text, name)
    if len(found) > MOST_RULES:
        raise PackError(f"It has {len(found)} rules; {MOST_RULES} at most are imported at once.")
    rules = {
        rule.key: rule
        for rule in Rule.objects.filter(key__in=[one.key for one in found])
        .select_related("active")
        .prefetch_related("versions__examples")
    }
    return [_planned(one, rules.get(one.key)) for one in found]


def _planned(written: Written, rule: Rule | None) -> Planned:
    versions = rule.versions.all() if rule else ()
    newest = max(versions, key=lambda one: one.number, default=None)
    ours = text_of(newest) if newest else {}
    return Planned(written, rule, ours, newest.number if newest else 0)


def import_rules(
    planned: Iterable[Planned], choices: Iterable[Choice], by: Any, reason: str, then: Then
) -> list[Imported]:
    """Bring in what was chosen, each rule as an edit of its own: a new rule, or the next version.

    Raises ValidationError where no reason is given. What cannot be kept is left out and told of;
    what cannot be put into force stays a draft, and waits where a second person is demanded.
    """
    if not reason.strip():
        raise ValidationError("Say where the rules come from, and why.")
    wanted = {choice.key: choice for choice in choices}
    done = []
    for one in planned:
        choice = wanted.get(one.key)
        if choice and (one.rule is None or choice.taken):
            done.append(_imported(one, choice, by, reason, then))
    return done


def _imported(one: Planned, choice: Choice, by: Any, reason: str, then: Then) -> Imported:
    try:
        saved = save_version(
            one.rule or one.key, one.text(choice.taken), by, reason, then, seen=choice.seen
        )
    except ValidationError as error:
        return Imported(one.key, None, tuple(error.messages))
    return Imported(one.key, saved, tuple(saved.problems))
