"""App Service: web and function apps, with all of their settings that hold no secret."""

from items.watchers.azure.base import AzureWatcher, diagnostic_settings, listed, setting

VERSION = "2023-12-01"
# What may hold secrets, wherever settings of a site stand. Azure leaves them out of what Vervet
# asks for (it would tell them to a POST, which Vervet never sends); should one come, it is sealed.
SECRETS = ("appSettings", "azureStorageAccounts", "connectionStrings", "publishingUsername")


class App(AzureWatcher):
    technology = "azure.web.app"
    label = "App Service app"

    listing = listed("Microsoft.Web/sites", VERSION)
    details = {
        "Config": setting("config/web", VERSION),
        "AuthSettings": setting("config/authsettingsV2", VERSION),
        "DiagnosticSettings": diagnostic_settings(),
    }

    # Azure moves apps between its machines, and notes each deployment.
    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.availabilityState",
        "properties.inProgressOperationId",
        "properties.lastModifiedTimeUtc",
        "properties.outboundIpAddresses",
        "properties.possibleOutboundIpAddresses",
        "properties.slotSwapStatus",
        "properties.suspendedTill",
        "properties.usageState",
    )
    secret = (
        *(f"Config.properties.{name}" for name in SECRETS),
        *(f"properties.siteConfig.{name}" for name in SECRETS),
        "AuthSettings.properties.clientSecret",
    )
