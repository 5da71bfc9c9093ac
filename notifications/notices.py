"""What an alert tells beside changes and issues: one short line for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from audits.models import Justification, Reminder, RuleVersion
from audits.patterns import Pattern
from items.models import Gap
from items.naming import technology_label
from notifications.mails import link
from notifications.models import Line
from notifications.noticing import moves

MOST = 25


@dataclass(frozen=True)
class Notice:
    """One thing, in a few words."""

    title: str
    where: str
    says: str
    link: str


@dataclass(frozen=True)
class Section:
    """Notices of one kind."""

    key: str
    title: str
    notices: list[Notice]
    more: int

    @property
    def count(self) -> int:
        return len(self.notices) + self.more


def sections(lines: QuerySet[Line]) -> list[Section]:
    """Return what lines tell of each kind, the kinds that there are. Nine queries at most."""
    found = []
    for key, (name, title, shown) in KINDS.items():
        told = lines.filter(**{f"{name}__isnull": False}).order_by(name)
        keys = list(told.values_list(name, flat=True))
        if keys:
            notices = list(shown(keys[:MOST]))
            found.append(Section(key, title, notices, len(keys) - len(notices)))
    return found


def _gaps(keys: list[int]) -> Iterator[Notice]:
    for gap in Gap.objects.filter(pk__in=keys).select_related("account").order_by("pk"):
        mend = f" What would mend it: {gap.permission}" if gap.permission else ""
        yield Notice(
            title=technology_label(gap.technology) + (f", {gap.part}" if gap.part else ""),
            where=f"{gap.account.name}, {gap.place or 'everywhere'}",
            says=f"{gap.operation}: {gap.code}.{mend}",
            link=link("admin:items_gap_change", gap.pk),
        )


def _endings(keys: list[int]) -> Iterator[Notice]:
    rows = Reminder.objects.filter(pk__in=keys).order_by("on", "pk")
    for one in rows.select_related(
        "justification__rule", "justification__item", "justification__account"
    ):
        justification = one.justification
        says = (
            ends(justification.until) if one.days else f"More came than the {justification.bound}"
        )
        yield Notice(
            title=str(justification.rule),
            where=scope_of(justification),
            says=f"{says}. {justification.reason}",
            link=link("admin:audits_justification_change", justification.pk),
        )


def ends(until: date | None) -> str:
    """Say when a justification ends."""
    return f"Ends on {until:%-d %B %Y}" if until else "Ends"


def scope_of(one: Justification) -> str:
    """Say what a justification is about."""
    if one.scope == Justification.Scope.PATTERN:
        return Pattern.of(one).words(one.account)
    return ", ".join(str(part) for part in (one.item, one.account) if part)


def _rule_changes(keys: list[int]) -> Iterator[Notice]:
    rows = list(moves().filter(history_id__in=keys).select_related("history_user"))
    wanted = {key for row in rows for key in (row.then, row.was) if key}
    versions = RuleVersion.objects.select_related("author").in_bulk(wanted)
    for row in rows:
        yield _moved(row, versions.get(row.then), versions.get(row.was))


def _moved(row: Any, version: RuleVersion | None, before: RuleVersion | None) -> Notice:
    known = version or before
    if version is None:
        says = "Is no longer in force"
    elif before is None:
        says = f"Is in force, score {version.score}"
    else:
        scores = (
            f", score {before.score} to {version.score}" if before.score != version.score else ""
        )
        says = f"Version {before.number} to {version.number}{scores}"
    by = row.history_user or (version.author if version else None)
    reason = row.history_change_reason or (version.reason if version else "")
    why = f". {reason}" if reason else ""
    return Notice(
        title=known.title if known else row.key,
        where=f"{row.key}, by {by or 'its pack'}",
        says=says + why,
        link=link("admin:audits_rule_change", row.id),
    )


KINDS: dict[str, tuple[str, str, Callable[[list[int]], Iterator[Notice]]]] = {
    "gaps": ("gap", "Could not be read", _gaps),
    "endings": ("reminder", "Justifications that end", _endings),
    "rule_changes": ("move", "Changed rules", _rule_changes),
}
"""By the wish of a subscription: what of a line it is, its heading, and how it is shown."""
