"""Every kind of account that can be watched. Other packages add theirs as entry points."""

from accounts.types.base import AccountType
from config.plugins import Registry

types: Registry[type[AccountType]] = Registry(
    "vervet.account_types",
    base=AccountType,
    needs=("key", "label", "identifier_label"),
    builtin={
        "aws": "accounts.types.aws:AwsAccount",
        "gcp": "accounts.types.gcp:GcpProject",
        "gcp.organization": "accounts.types.gcp:GcpOrganization",
        "azure": "accounts.types.azure:AzureSubscription",
        "azure.tenant": "accounts.types.azure:AzureTenant",
    },
)
