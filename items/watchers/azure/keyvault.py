"""Key vaults: who may use them, and what their keys and secrets say of themselves."""

from functools import partial
from typing import Any

from accounts.models import Account
from items.watchers.azure.base import AzureWatcher, below, diagnostic_settings, listed
from items.watchers.base import Call, Row

VERSION = "2023-07-01"
KEYS = below("keys", VERSION)
# Only a key that is asked for by itself tells its rotation policy.
KEY = Call(
    "{id}",
    params={"api-version": VERSION},
    keys={"id": "id"},
    permission="Microsoft.KeyVault/vaults/keys/read",
)


class Vault(AzureWatcher):
    technology = "azure.keyvault.vault"
    label = "Key vault"

    listing = listed("Microsoft.KeyVault/vaults", VERSION)
    # Resource Manager tells attributes only: it cannot read a key or a secret's value.
    details = {
        "Secrets": below("secrets", VERSION),
        "DiagnosticSettings": diagnostic_settings(),
    }
    others = (KEYS, KEY)
    adds = ("Keys",)

    secret = ("Secrets[].properties.value",)

    def complete(self, account: Account, row: Row) -> None:
        super().complete(account, row)
        self.fill(row, "Keys", partial(self.keys, account, row))

    def keys(self, account: Account, row: Row) -> list[dict[str, Any]]:
        """Return a vault's keys, each as it is answered alone."""
        found = self.read(account, row.place, KEYS, row.config)
        return [self.read(account, row.place, KEY, one) for one in found]
