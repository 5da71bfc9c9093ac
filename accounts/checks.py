"""System checks: are all account types there?"""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from accounts.types import types
from accounts.types.base import AccountType
from config.plugins import Registry


@register()
def check_account_types(**_: Any) -> list[CheckMessage]:
    """Name the account types that are left out, with the reason."""
    return type_messages(types)


def type_messages(registry: Registry[type[AccountType]]) -> list[CheckMessage]:
    """Load every account type and say what is wrong."""
    return [
        Warning(
            problem,
            hint="Install the package that it needs, mend its entry point, or uninstall it.",
            id="vervet.W011",
        )
        for problem in registry.problems()
    ]
