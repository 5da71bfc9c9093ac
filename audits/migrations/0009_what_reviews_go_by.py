"""Give each severity its policy, and each justification the account of its item."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

# Severity: days until a decision is due, days that a justification lasts at most.
POLICIES = {
    "critical": (7, 90),
    "high": (30, 180),
    "medium": (90, 365),
    "low": (180, 365),
    "information": (None, None),
}


def fill(apps, schema_editor):
    policies = apps.get_model("audits", "ReviewPolicy")
    for severity, (due, longest) in POLICIES.items():
        policies.objects.get_or_create(
            severity=severity, defaults={"due_days": due, "longest_days": longest}
        )
    items = apps.get_model("items", "Item").objects.filter(pk=OuterRef("item"))
    for name in ("Justification", "HistoricalJustification"):
        rows = apps.get_model("audits", name).objects.filter(account=None, item__isnull=False)
        rows.update(account=Subquery(items.values("account")[:1]))


class Migration(migrations.Migration):
    dependencies = [("audits", "0008_reviewing")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
