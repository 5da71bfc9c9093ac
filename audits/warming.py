"""Do once, before workers are forked, what each would do at its first rules."""

from audits.engine import prepare
from audits.functions.actions import every_action
from audits.rulebook import Rules, depends_on_time, looks_back


def warm() -> None:
    """Compile the rules in force and in shadow, and load what is known of actions."""
    rules = Rules.read()
    for version in (*rules.versions, *rules.shadows):
        prepare(version)
        depends_on_time(version)
        looks_back(version)
    every_action()
