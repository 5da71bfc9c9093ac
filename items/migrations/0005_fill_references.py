from typing import Any

from django.db import migrations

from items.referring import told_by

BATCH = 500


def fill(apps: Any, _editor: Any) -> None:
    """Keep what stored items refer to; from now on recording does."""
    item, reference = (apps.get_model("items", name) for name in ("Item", "Reference"))
    rows = item.objects.filter(gone_at=None).select_related("account").order_by("pk")
    waiting: list[Any] = []
    for one in rows.iterator(chunk_size=BATCH):
        waiting += [
            reference(item_id=one.pk, value=value, path=path, since=one.changed_at)
            for value, path in told_by(one, one.account.identifier).items()
        ]
        if len(waiting) >= BATCH:
            reference.objects.bulk_create(waiting, batch_size=BATCH)
            waiting.clear()
    reference.objects.bulk_create(waiting, batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("items", "0004_references")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
