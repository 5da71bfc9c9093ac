"""What a pack of evidence is about, and the rules behind it as their texts of the day say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from audits.models import Control, Framework, Rule, RuleVersion
from audits.standing import rules_at

DAYS = 90
"""For how long before the moment changes are listed."""


@dataclass(frozen=True)
class Question:
    """A framework or one of its controls, as of a moment, on some accounts."""

    framework: Framework
    control: Control | None
    moment: datetime
    since: datetime
    accounts: Sequence[int]
    """Those that the asker may see, by key."""
    scope: str
    """The same in words."""
    cover: Callable[[str], str] = str
    """Takes out of a text what the asker may not see."""

    def controls(self) -> list[Control]:
        """Return the controls that are asked about, in the framework's order."""
        rows = [self.control] if self.control else list(self.framework.controls.all())
        for row in rows:
            row.framework = self.framework
        return rows

    @property
    def name(self) -> str:
        """What the file is called."""
        number = f"-{self.control.number}" if self.control else ""
        safe = "".join(
            one if one.isascii() and (one.isalnum() or one in ".-") else "_"
            for one in f"{self.framework.key}{number}"
        )
        return f"evidence-{safe}-{self.moment.astimezone(UTC):%Y-%m-%dT%H%MZ}"


def usual_since(moment: datetime) -> datetime:
    """Return from when on changes are listed where nobody says otherwise."""
    return moment - timedelta(days=DAYS)


def mapping_at(moment: datetime, controls: Sequence[Control]) -> dict[str, list[RuleVersion]]:
    """Return the versions about each control, by its name, as they were in force and said so.

    Not today's mapping: what an auditor was given stays what it was.
    """
    names = {control.name for control in controls}
    found = rules_at(moment, Rule.objects.values_list("pk", flat=True))
    rows = RuleVersion.objects.filter(pk__in=[one.version for one in found.values()])
    mapping: dict[str, list[RuleVersion]] = {name: [] for name in names}
    for version in rows.select_related("rule").order_by("rule__key"):
        for name in dict.fromkeys(map(str, version.controls or ())):
            if name in names:
                mapping[name].append(version)
    return mapping
