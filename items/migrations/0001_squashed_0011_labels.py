import django.db.models.deletion
import items.fields
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('items', '0001_initial'),
        ('items', '0002_how_rules_were_run'),
        ('items', '0003_addresses'),
        ('items', '0004_references'),
        ('items', '0005_fill_references'),
        ('items', '0006_what_could_be_read_of_items'),
        ('items', '0007_texts_by_index'),
        ('items', '0008_gone_as_of'),
        ('items', '0009_wording'),
        ('items', '0010_runs_of_what_was_sent'),
        ('items', '0011_labels'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0008_what_programs_asked'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IgnoredName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('pattern', models.CharField(help_text='* and ? as in file names.', max_length=200)),
                ('reason', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalIgnoredName',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('pattern', models.CharField(help_text='* and ? as in file names.', max_length=200)),
                ('reason', models.CharField(max_length=200)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical ignored name',
                'verbose_name_plural': 'historical ignored names',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalWatcherSetting',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('on', models.BooleanField(default=True)),
                ('interval', models.PositiveIntegerField(blank=True, help_text='Seconds between two looks; nothing: the default.', null=True)),
                ('ephemeral', models.JSONField(blank=True, default=list, help_text='Kept, but never counted as a change: ["Tags", "Statistics[].Count"].', verbose_name='paths that are no change')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, help_text='Nothing: all accounts.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical watcher setting',
                'verbose_name_plural': 'historical watcher settings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('place', models.CharField(help_text='Where it was listed: a region or global.', max_length=50)),
                ('uid', models.CharField(help_text="The provider's id.", max_length=500)),
                ('name', models.CharField(db_index=True, max_length=500)),
                ('full_name', models.CharField(db_index=True, max_length=1000)),
                ('region', models.CharField(blank=True, max_length=50)),
                ('config', items.fields.CanonicalJSONField()),
                ('digest', models.CharField(help_text="Of the configuration's durable part.", max_length=32)),
                ('whole_digest', models.CharField(help_text='Of the whole configuration.', max_length=32)),
                ('unread', models.JSONField(default=dict, help_text='Part that could not be read, and why.')),
                ('first_seen', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='accounts.account')),
            ],
            options={
                'ordering': ['technology', 'name'],
                'permissions': [('review_item', 'Can comment on items and review their changes')],
            },
        ),
        migrations.CreateModel(
            name='Address',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.BinaryField(help_text="4 or 16 bytes, in the network's order.")),
                ('last', models.BinaryField()),
                ('text', models.CharField(help_text='As the configuration writes it.', max_length=100)),
                ('path', models.CharField(help_text='Where it stands there.', max_length=500)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='items.item')),
            ],
            options={
                'verbose_name_plural': 'addresses',
            },
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(db_index=True, max_length=50)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='labels', to='items.item')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Reach',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('unread', models.JSONField(default=dict, help_text='Part that could not be read, and why.')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reaches', to='items.item')),
            ],
            options={
                'verbose_name_plural': 'reaches',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.CharField(help_text='An id, a full name, an account.', max_length=500)),
                ('path', models.CharField(help_text='Where it stands there first.', max_length=500)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='references', to='items.item')),
            ],
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('looked', 'looked'), ('judged', 'judged'), ('pushed', 'sent by a program')], default='looked', max_length=10)),
                ('state', models.CharField(choices=[('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='running', max_length=10)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
                ('found', models.PositiveIntegerField(default=0)),
                ('created', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('gone', models.PositiveIntegerField(default=0)),
                ('gaps', models.PositiveIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='accounts.account')),
            ],
            options={
                'ordering': ['-started_at'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalItem',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('kind', models.CharField(choices=[('created', 'created'), ('changed', 'changed'), ('gone', 'gone'), ('back', 'back'), ('completed', 'completed'), ('ignored', 'ignored')], max_length=10)),
                ('until', models.DateTimeField(null=True)),
                ('actor', models.JSONField(null=True)),
                ('technology', models.CharField(max_length=100)),
                ('place', models.CharField(help_text='Where it was listed: a region or global.', max_length=50)),
                ('uid', models.CharField(help_text="The provider's id.", max_length=500)),
                ('name', models.CharField(db_index=True, max_length=500)),
                ('full_name', models.CharField(db_index=True, max_length=1000)),
                ('region', models.CharField(blank=True, max_length=50)),
                ('config', items.fields.CanonicalJSONField()),
                ('digest', models.CharField(help_text="Of the configuration's durable part.", max_length=32)),
                ('whole_digest', models.CharField(help_text='Of the whole configuration.', max_length=32)),
                ('unread', models.JSONField(default=dict, help_text='Part that could not be read, and why.')),
                ('first_seen', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='items.run')),
            ],
            options={
                'verbose_name': 'historical item',
                'verbose_name_plural': 'historical items',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Slice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('looked_at', models.DateTimeField(help_text='When the last look began; null: none yet, or one was asked for.', null=True)),
                ('not_before', models.DateTimeField(help_text='After a look that failed: the pause.', null=True)),
                ('holder', models.CharField(blank=True, max_length=40)),
                ('lease_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0, help_text='Looks begun since one last ended well.')),
                ('places', models.JSONField(default=list, help_text='Places that were read completely at least once.')),
                ('has_gaps', models.BooleanField(default=False)),
                ('read_at', models.DateTimeField(help_text='When a look last ended well.', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slices', to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='WatcherSetting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('on', models.BooleanField(default=True)),
                ('interval', models.PositiveIntegerField(blank=True, help_text='Seconds between two looks; nothing: the default.', null=True)),
                ('ephemeral', models.JSONField(blank=True, default=list, help_text='Kept, but never counted as a change: ["Tags", "Statistics[].Count"].', verbose_name='paths that are no change')),
                ('account', models.ForeignKey(blank=True, help_text='Nothing: all accounts.', null=True, on_delete=django.db.models.deletion.CASCADE, to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='Gap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(max_length=100)),
                ('place', models.CharField(blank=True, help_text='Empty: everywhere.', max_length=50)),
                ('part', models.CharField(blank=True, help_text='The part of an item; empty: the listing itself.', max_length=100)),
                ('operation', models.CharField(max_length=100)),
                ('code', models.CharField(max_length=200)),
                ('reason', models.TextField()),
                ('permission', models.CharField(blank=True, help_text='What would mend it.', max_length=200)),
                ('names', models.JSONField(default=list, help_text='The first items concerned.')),
                ('count', models.PositiveIntegerField(default=0, help_text='How many items are concerned.')),
                ('since', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gaps', to='accounts.account')),
            ],
            options={
                'ordering': ['-since'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('account', 'technology', 'place', 'part', 'operation', 'code'), name='open_gap_once')],
            },
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(fields=['technology', 'uid'], name='items_item_technol_a06de7_idx'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('account', 'technology', 'place', 'uid'), name='item_once'),
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(fields=['first', 'last', 'until'], name='items_addre_first_ad82ab_idx'),
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(fields=['item', 'until'], name='items_addre_item_id_655a73_idx'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.UniqueConstraint(fields=('item', 'name'), name='label_once'),
        ),
        migrations.AddIndex(
            model_name='reach',
            index=models.Index(fields=['item', 'at'], name='items_reach_item_id_df9a55_idx'),
        ),
        migrations.AddIndex(
            model_name='reference',
            index=models.Index(fields=['value', 'until'], name='items_refer_value_d73544_idx'),
        ),
        migrations.AddIndex(
            model_name='reference',
            index=models.Index(fields=['item', 'until'], name='items_refer_item_id_04f86d_idx'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['account', 'technology', '-started_at'], name='items_run_account_0aeb32_idx'),
        ),
        migrations.AddIndex(
            model_name='historicalitem',
            index=models.Index(fields=['account', 'technology', 'history_date', 'until', 'kind', 'id'], name='item_as_of'),
        ),
        migrations.AddIndex(
            model_name='historicalitem',
            index=models.Index(condition=models.Q(('kind__in', ['gone', 'ignored'])), fields=['id', 'history_date', 'until'], name='item_gone_as_of'),
        ),
        migrations.AddConstraint(
            model_name='slice',
            constraint=models.UniqueConstraint(fields=('account', 'technology'), name='slice_once'),
        ),
        migrations.AddConstraint(
            model_name='watchersetting',
            constraint=models.UniqueConstraint(fields=('technology', 'account'), name='setting_once'),
        ),
        migrations.AddConstraint(
            model_name='watchersetting',
            constraint=models.UniqueConstraint(condition=models.Q(('account', None)), fields=('technology',), name='general_setting_once'),
        ),
    ]
