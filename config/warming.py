"""Make a process ready to look at accounts, before it is forked into workers."""

import gc

from audits.engine import prepare
from audits.functions.actions import every_action
from audits.rulebook import Rules, depends_on_time, looks_back

# A scan makes objects by the hundred thousand and hardly a cycle among them; at Python's own 700
# a sixth of its time went into looking for cycles.
COLLECTED_AFTER = (50_000, 20, 50)


def warm() -> None:
    """Do once what each worker would do at its first rules, and keep it out of its collections."""
    rules = Rules.read()
    for version in (*rules.versions, *rules.shadows):
        prepare(version)
        depends_on_time(version)
        looks_back(version)
    every_action()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
