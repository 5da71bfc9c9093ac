"""Who may do what in a subscription: roles that are assigned, and roles of one's own."""

from items.watchers.azure.base import AzureWatcher, listed

VERSION = "2022-04-01"


class RoleAssignment(AzureWatcher):
    technology = "azure.authorization.role_assignment"
    label = "Role assignment"

    # Also those above the subscription, which hold in it, and those below.
    listing = listed("Microsoft.Authorization/roleAssignments", VERSION)
    region = ""


class RoleDefinition(AzureWatcher):
    technology = "azure.authorization.role_definition"
    label = "Custom role"

    listing = listed(
        "Microsoft.Authorization/roleDefinitions", VERSION, **{"$filter": "type eq 'CustomRole'"}
    )
    name = "properties.roleName"
    region = ""
