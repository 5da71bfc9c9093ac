from django.db import migrations

from items.trigrams import make_indexes


def make(apps, schema_editor):
    # Where the extension may not be made, texts are found without it; a check says so.
    make_indexes(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('items', '0001_squashed_0011_labels'),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop, elidable=True)]
