"""Keep with each issue where its item is, so that lists and counts of issues read no item."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    items = apps.get_model("items", "Item").objects.filter(pk=OuterRef("item"))
    apps.get_model("audits", "Issue").objects.update(
        account=Subquery(items.values("account")[:1]),
        technology=Subquery(items.values("technology")[:1]),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_ledger_outlives_what_it_names"),
        ("audits", "0011_what_left_a_pattern"),
    ]

    operations = [
        migrations.AddField(
            model_name="issue",
            name="account",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="issues",
                to="accounts.account",
            ),
        ),
        migrations.AddField(
            model_name="issue",
            name="technology",
            field=models.CharField(default="", editable=False, max_length=100),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="issue",
            name="account",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="issues",
                to="accounts.account",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("fixed_at", None)),
                fields=[
                    "account",
                    "technology",
                    "rule",
                    "score",
                    "opened_at",
                    "assignee",
                    "justified",
                    "unknown",
                ],
                name="issue_counted",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("fixed_at", None), ("justified", False)),
                fields=["-score", "opened_at"],
                name="issue_worst_first",
            ),
        ),
    ]
