"""A rule's text that is not saved, as far as it can be evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True)
class Draft:
    """What decides a verdict, and what is shown of a finding; stands where a version would."""

    title: str = ""
    technologies: tuple[str, ...] = ()
    applies_when: str = ""
    expression: str = ""
    identity: str = ""
    extent: str = ""
    notes: str = ""
    score: int = 5
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: Mapping[str, Any]) -> Self:
        """Make one of a text's fields, as ``RuleVersion.values()`` gives them or a form has them.

        Other fields are left out; those that are missing or null are empty.
        """
        names = [one.name for one in fields(cls)]
        given = {name: text[name] for name in names if text.get(name) is not None}
        return cls(**given | {"technologies": tuple(given.get("technologies", ()))})

    def defaults(self) -> dict[str, Any]:
        """Return the value of each parameter where no setting says otherwise."""
        return {name: one.get("default") for name, one in self.parameters.items()}
