"""Check a pack's rules as CI does: texts, examples, traps; nothing here needs a database."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from audits import cautions
from audits.cautions import Trap
from audits.drafts import Draft
from audits.examples import failures
from audits.linting import EXPRESSIONS, faults
from audits.loading import complete
from audits.models import RuleExample
from audits.nearest import nearest
from audits.places import placed
from audits.traps import in_text
from audits.unpacking import Written
from items.watchers import watchers

# A name so like a technology's is meant to be that.
MISSPELT = 0.85
# Stands where a rule's technologies are unknown here, so that nothing else is said of them.
ANY = next(iter(watchers))


@dataclass(frozen=True)
class Remark:
    """Something about a rule that must be mended, or should be looked at."""

    where: str
    """The file and line."""
    key: str
    field: str
    text: str
    must: bool = True

    def __str__(self) -> str:
        word = "" if self.must else "warning: "
        return f"{self.where}: {word}{self.key}, {self.field}: {self.text}"


def told_by_text(fields: dict[str, Any]) -> list[Trap]:
    """Return the traps that a rule's text alone tells of; for where there is no database."""
    written = [cautions.Written(name, placed(fields[name])) for name in EXPRESSIONS if fields[name]]
    return [trap for trap in in_text(written) if not trap.blocks]


def remarks(
    rules: Iterable[Written], traps: Callable[[dict[str, Any]], list[Trap]] = told_by_text
) -> Iterator[Remark]:
    """Yield what speaks against each rule, and what would be warned of."""
    for rule in rules:
        fields = complete(rule.fields)
        for field, text, must in _said(fields, traps):
            yield Remark(_where(rule, field), rule.key, field, text, must)


def _where(rule: Written, field: str) -> str:
    file = rule.where.rpartition("line ")[0]
    return f"{file}line {rule.lines[field]}" if field in rule.lines else rule.where


def _said(
    fields: dict[str, Any], traps: Callable[[dict[str, Any]], list[Trap]]
) -> Iterator[tuple[str, str, bool]]:
    watched = [one for one in fields["technologies"] if one in watchers]
    for technology in fields["technologies"]:
        if technology not in watchers:
            yield _unwatched(technology)
    # A technology that only items know is asked for in the database, which CI has none of.
    found = faults({**fields, "technologies": watched or (fields["technologies"] and [ANY])})
    for field, text in found.items():
        yield field, text, True
    if not found:
        for text in failures(Draft.of(fields), examples_of(fields)):
            yield "examples", text, True
        for trap in traps(fields):
            yield trap.field, trap.text, False


def _unwatched(technology: str) -> tuple[str, str, bool]:
    guess = "".join(nearest(technology, watchers, alike=MISSPELT))
    if guess:
        return "technologies", f"There is no technology {technology}. Did you mean {guess}?", True
    return "technologies", f"Nothing that is installed here watches {technology}.", False


def examples_of(fields: dict[str, Any]) -> list[RuleExample]:
    """Return a text's examples as they can be run, without saving them."""
    return [
        RuleExample(**{"context": {}, "identities": None, **example})
        for example in fields["examples"]
    ]
