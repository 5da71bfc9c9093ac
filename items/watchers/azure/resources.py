"""The subscription itself, and the groups that everything in it stands in."""

from accounts.models import Account
from items.watchers.azure.base import STATE, AzureWatcher
from items.watchers.base import Call


class Subscription(AzureWatcher):
    technology = "azure.subscription"
    label = "Azure subscription"

    listing = STATE
    fields = (
        "authorizationSource",
        "displayName",
        "managedByTenants",
        "state",
        "subscriptionId",
        "subscriptionPolicies",
        "tenantId",
    )

    name = "displayName"
    region = ""

    def places(self, account: Account) -> list[str]:
        """One that is switched off still says so."""
        return ["global"]


class ResourceGroup(AzureWatcher):
    technology = "azure.resource_group"
    label = "Resource group"

    listing = Call(
        "/subscriptions/{subscription}/resourcegroups",
        "value",
        params={"api-version": "2021-04-01"},
        permission="Microsoft.Resources/subscriptions/resourceGroups/read",
    )
