"""Which rules are about which control, as the rules in force say it today."""

import difflib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from audits.models import Control, Rule


@dataclass(frozen=True)
class Unknown:
    """A control that a rule names and that is in no framework."""

    name: str
    nearest: str
    """The one that is probably meant; empty: none is like it."""

    def __str__(self) -> str:
        meant = f" Is it {self.nearest}?" if self.nearest else ""
        return f"There is no control {self.name} in any framework.{meant}"


def control_names() -> list[str]:
    """Return every control as rules name it: "<framework> <number>"."""
    rows = Control.objects.order_by("framework", "order").values_list("framework__name", "number")
    return [f"{framework} {number}" for framework, number in rows]


def unknown_controls(names: Iterable[str]) -> list[Unknown]:
    """Return which of the names are no control of any framework, each with the nearest one.

    Nothing where no framework is loaded: there is nothing to hold the names against.
    """
    asked = [str(name) for name in names]
    known = control_names() if asked else []
    if not known:
        return []
    lower = {name.lower(): name for name in known}
    found = []
    for name in asked:
        if name not in known:
            near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
            found.append(Unknown(name, lower[near[0]] if near else ""))
    return found


def rules_by_control() -> dict[str, list[int]]:
    """Return the rules about each control, by its name, as their newest decided texts say.

    The present mapping is used for past days, too: else a better mapping would read as a
    change of the cloud.
    """
    found: dict[str, list[int]] = defaultdict(list)
    rules = Rule.objects.exclude(active=None).order_by("key")
    for pk, controls in rules.values_list("pk", "active__controls"):
        for name in dict.fromkeys(map(str, controls or ())):
            found[name].append(pk)
    return dict(found)
