"""Key vaults: who may use them, and what their keys and secrets say of themselves."""

from items.watchers.azure.base import DIAGNOSTIC_SETTINGS, AzureWatcher, below, listed

VERSION = "2023-07-01"


class Vault(AzureWatcher):
    technology = "azure.keyvault.vault"
    label = "Key vault"

    listing = listed("Microsoft.KeyVault/vaults", VERSION)
    # Resource Manager tells attributes only: it cannot read a key or a secret's value.
    details = {
        "Keys": below("keys", VERSION),
        "Secrets": below("secrets", VERSION),
        "DiagnosticSettings": DIAGNOSTIC_SETTINGS,
    }

    secret = ("Secrets[].properties.value",)
