"""How each cloud writes its configurations. Other packages add theirs as entry points."""

import functools
import logging
from typing import Any

from accounts.providers.base import Provider
from config.plugins import Registry

logger = logging.getLogger(__name__)

providers: Registry[type[Provider]] = Registry(
    "vervet.providers",
    base=Provider,
    builtin={
        "aws": "accounts.providers.aws:Aws",
        "gcp": "accounts.providers.gcp:Gcp",
        "azure": "accounts.providers.azure:Azure",
    },
)


@functools.cache
def sound() -> tuple[type[Provider], ...]:
    """Return the providers whose patterns can be used; the rest is named by a system check."""
    return tuple(one for one in providers.values() if not one.problems())


@functools.cache
def every(name: str) -> tuple[Any, ...]:
    """Return what all providers hold in the attribute of a name, one after the other."""
    return tuple(one for provider in sound() for one in getattr(provider, name))


def first(name: str, *arguments: Any) -> Any:
    """Return the first answer that is not empty to a function of the providers; else the last."""
    answer: Any = ""
    for provider in sound():
        try:
            answer = getattr(provider, name)(*arguments)
        except Exception:  # One of another package must not take a page down.
            logger.exception("%s of the provider %s failed", name, provider.key)
            continue
        if answer:
            return answer
    return answer


def provider_of(technology: str) -> type[Provider]:
    """Return whose technology this is; one that nothing is known of where no provider has it."""
    key = technology.partition(".")[0]
    return next((one for one in sound() if one.key == key), Provider)
