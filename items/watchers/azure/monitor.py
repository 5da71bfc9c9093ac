"""Azure Monitor: what is kept of activity, what alarms somebody, which applications are watched."""

from items.watchers.azure.base import DIAGNOSTICS, AzureWatcher, listed


class ActivityLogAlert(AzureWatcher):
    technology = "azure.monitor.activity_log_alert"
    label = "Activity log alert"

    listing = listed("Microsoft.Insights/activityLogAlerts", "2020-10-01")


class DiagnosticSetting(AzureWatcher):
    technology = "azure.monitor.diagnostic_setting"
    label = "Diagnostic setting of a subscription"

    listing = listed("Microsoft.Insights/diagnosticSettings", DIAGNOSTICS)
    region = ""


class ApplicationInsights(AzureWatcher):
    technology = "azure.monitor.application_insights"
    label = "Application Insights"

    listing = listed("Microsoft.Insights/components", "2020-02-02")

    # Whoever has these may send what the application did not do.
    secret = ("properties.ConnectionString", "properties.InstrumentationKey")
