from django.db import migrations

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


class Migration(migrations.Migration):

    dependencies = [
        ('audits', '0001_squashed_0014_wording'),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
