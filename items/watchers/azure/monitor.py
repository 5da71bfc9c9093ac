"""Azure Monitor: what of the activity log is kept, and what of it alarms somebody."""

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
