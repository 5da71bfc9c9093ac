"""The examples of a rule's text, run as they stand in the browser."""

from dataclasses import dataclass
from typing import Any

from audits.examples import failure
from audits.models import RuleExample
from config.console.workbench.sheet import Sheet

# Examples that are run at each edit; the others when it is saved.
MOST_RUN = 40


@dataclass(frozen=True)
class Row:
    """One example: its form, and whether the text holds to it."""

    form: Any
    name: str
    fires: bool
    blank: bool
    """Nobody has filled it in yet."""
    fault: str = ""
    run: bool = False

    @property
    def tone(self) -> str:
        if self.fault:
            return "critical"
        return "good" if self.run else "information"

    @property
    def icon(self) -> str:
        if self.fault:
            return "cancel"
        return "check_circle" if self.run else "add_circle" if self.blank else "circle"


def rows(sheet: Sheet) -> list[Row]:
    """Return every example with what the text says of it now."""
    return [_row(sheet, form, place) for place, form in enumerate(sheet.examples)]


def _row(sheet: Sheet, form: Any, place: int) -> Row:
    name = str(form["name"].value() or "")[:200]
    fires = form["fires"].value() in (True, "yes")
    whole = sheet.whole_example(place)
    if whole is None:
        blank = not form.is_bound or not form.has_changed()
        return Row(form, name, fires, blank and not name)
    if not sheet.runs or place >= MOST_RUN:
        return Row(form, name, fires, False)
    return Row(form, name, fires, False, failure(sheet.draft, stored(whole)), run=True)


def stored(whole: dict[str, Any]) -> RuleExample:
    """Return an example as a version would keep it, unsaved."""
    return RuleExample(**{"context": {}, "identities": None, **whole})


def missing(every: list[Row]) -> str:
    """Say what examples are still needed before the rule may decide; nothing where none is."""
    kinds = {row.fires for row in every if not row.blank}
    wanted = [word for fires, word in ((True, "fires"), (False, "does not")) if fires not in kinds]
    are = "is" if len(wanted) == 1 else "are"
    return f"One example that {' and one that '.join(wanted)} {are} still needed." if wanted else ""
