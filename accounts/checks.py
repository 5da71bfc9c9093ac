"""System checks: are all account types and providers there?"""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from accounts.providers import providers
from accounts.providers.base import Provider
from accounts.types import types
from accounts.types.base import AccountType
from config.plugins import Registry


@register()
def check_account_types(**_: Any) -> list[CheckMessage]:
    """Name the account types that are left out, with the reason."""
    return type_messages(types)


@register()
def check_providers(**_: Any) -> list[CheckMessage]:
    """Name the providers that are left out, and those whose patterns cannot be used."""
    return provider_messages(providers)


def provider_messages(registry: Registry[type[Provider]]) -> list[CheckMessage]:
    """Load every provider and say what is wrong."""
    wrong = [f"{one.key}: {problem}" for one in registry.values() for problem in one.problems()]
    return [
        Warning(
            problem,
            hint="Install the package that it needs, mend its patterns, or uninstall it.",
            id="vervet.W012",
        )
        for problem in [*registry.problems(), *wrong]
    ]


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
