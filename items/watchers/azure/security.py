"""Defender for Cloud: what it watches, whom it tells, and what it found."""

import functools
import inspect
from collections.abc import Iterator
from typing import Any

from azure.core.paging import ItemPaged
from azure.mgmt.security import SecurityCenter

from accounts.models import Account
from accounts.types.azure_errors import FAILURES, Repeated
from items.watchers.azure.base import AzureWatcher, listed
from items.watchers.base import Call


def by_client(group: str, type_: str, **arguments: str) -> Call:
    """Return a listing by Microsoft's own client: ``pricings``, of the type in its permission."""
    return Call(f"{group}.list", params=arguments, permission=f"Microsoft.Security/{type_}/read")


class SecurityWatcher(AzureWatcher):
    """Reads by azure-mgmt-security; its models, serialised, have the shape of the wire.

    Only times are written in the SDK's way: no time at all is P0D (Azure: PT0S), and a moment has
    three digits of a second at most.
    """

    region = ""

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        group, _, verb = call.operation.partition(".")
        try:
            operation = getattr(getattr(self.session(account).security, group), verb)
            for models in in_pages(operation(**self.arguments(account, call, config))):
                yield [model.serialize(keep_readonly=True) for model in models]
        except FAILURES as error:
            raise self.failure(error, account, call) from error

    @classmethod
    def call_problems(cls, call: Call) -> list[str]:
        """Say what of a call the client does not offer."""
        group, _, verb = call.operation.partition(".")
        operation = getattr(getattr(described(), group, None), verb, None)
        if operation is None:
            return [f"there is no operation {call.operation}"]
        taken = inspect.signature(operation).parameters.values()
        known = {one.name for one in taken if one.kind is not one.VAR_KEYWORD}
        needed = {one.name for one in taken if one.default is one.empty} & known
        sent = {*call.params, *call.keys}
        return [f"{call.operation} takes no {name}" for name in sorted(sent - known)] + [
            f"{call.operation} needs {name}" for name in sorted(needed - sent)
        ]


def in_pages(answered: Any) -> Iterator[list[Any]]:
    """Yield the models of each page; raise Repeated, and TypeError where there is no list."""
    if not isinstance(answered, ItemPaged):
        yield list(answered.value)
        return
    pages, met = answered.by_page(), set()
    for page in pages:
        yield list(page)
        further = getattr(pages, "continuation_token", None)
        if further in met:
            raise Repeated("The next page is one that was given already.")
        if further:
            met.add(further)


@functools.cache
def described() -> SecurityCenter:
    """The client as a description of itself; it reaches nothing."""
    nobody: Any = object()
    return SecurityCenter(nobody, "", policies=[])


class Pricing(SecurityWatcher):
    technology = "azure.security.pricing"
    label = "Defender plan"

    listing = by_client("pricings", "pricings", scope_id="subscriptions/{account}")

    ephemeral = (*AzureWatcher.ephemeral, "properties.freeTrialRemainingTime")


class AutoProvisioningSetting(SecurityWatcher):
    technology = "azure.security.auto_provisioning_setting"
    label = "Auto-provisioning setting of Defender"

    listing = by_client("auto_provisioning_settings", "autoProvisioningSettings")


class Contact(SecurityWatcher):
    technology = "azure.security.contact"
    label = "Security contact"

    listing = by_client("security_contacts", "securityContacts")


class Setting(SecurityWatcher):
    technology = "azure.security.setting"
    label = "Setting of Defender"

    listing = by_client("settings", "settings")


class SecureScore(SecurityWatcher):
    technology = "azure.security.secure_score"
    label = "Secure score"

    listing = by_client("secure_scores", "secureScores")

    # It follows from all that is found, each of which is told by itself.
    ephemeral = (*AzureWatcher.ephemeral, "properties.score", "properties.weight")


class Assessment(SecurityWatcher):
    technology = "azure.security.assessment"
    label = "Assessment of Defender"

    listing = by_client("assessments", "assessments", scope="subscriptions/{account}")
    name = "properties.displayName"


class JitPolicy(SecurityWatcher):
    technology = "azure.security.jit_policy"
    label = "Just-in-time access policy"

    listing = by_client("jit_network_access_policies", "locations/jitNetworkAccessPolicies")
    region = "location"


class Policies(AzureWatcher):
    """What the subscription's security policies say, as one item: the answer itself."""

    technology = "azure.security.policies"
    label = "Security policies of a subscription"

    listing = listed("Microsoft.Security/policies", "2015-06-01-preview")
    fields = ("value",)

    id = name = "'policies'"
    region = ""
    full_name = "/subscriptions/{account}/providers/Microsoft.Security/policies"

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        """Join all pages: what a path reads of ``value`` it reads of every policy."""
        policies = [one for page in super().pages(account, place, call, config) for one in page]
        yield [{"value": policies}]
