"""System checks: are all notifiers there?"""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from notifications.notifiers import notifiers


@register()
def check_notifiers(**_: Any) -> list[CheckMessage]:
    """Name the notifiers that are left out, with the reason."""
    return [
        Warning(
            problem,
            hint="Install the package that it needs, mend its entry point, or uninstall it.",
            id="vervet.W041",
        )
        for problem in notifiers.problems()
    ]
