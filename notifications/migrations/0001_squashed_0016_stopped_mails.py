import django.core.validators
import django.db.models.deletion
import notifications.models.deliveries
import notifications.models.subscriptions
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('notifications', '0001_initial'),
        ('notifications', '0002_mails_about_proposals'),
        ('notifications', '0003_mails_about_reviews'),
        ('notifications', '0004_what_is_sent_back'),
        ('notifications', '0005_subscriptions_to_queries'),
        ('notifications', '0006_told_by_notifiers'),
        ('notifications', '0007_when_and_of_what'),
        ('notifications', '0008_tickets'),
        ('notifications', '0009_weekly_reports'),
        ('notifications', '0010_several_readers'),
        ('notifications', '0011_send_again'),
        ('notifications', '0012_watching'),
        ('notifications', '0013_gaps_endings_and_rules'),
        ('notifications', '0014_reports_as_pdf'),
        ('notifications', '0015_labels'),
        ('notifications', '0016_stopped_mails'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0008_what_programs_asked'),
        ('audits', '0001_squashed_0014_wording'),
        ('items', '0001_squashed_0011_labels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to', models.EmailField(blank=True, help_text="Where it is about an account: its owner's.", max_length=254)),
                ('kind', models.CharField(choices=[('alert', 'alert'), ('weekly', 'weekly report'), ('asked', 'question about a rule'), ('answered', 'answer about a rule'), ('waits', 'justification to answer'), ('decided', 'answer about a justification'), ('reminder', 'reminders'), ('mention', 'mention'), ('returned', 'issue sent back to its owner')], default='alert', max_length=10)),
                ('state', models.CharField(choices=[('gathering', 'gathering'), ('sending', 'being sent'), ('sent', 'sent'), ('failed', 'given up'), ('unwanted', 'not wanted')], default='gathering', max_length=10)),
                ('since', models.DateTimeField(help_text='What became known from here on.')),
                ('due_at', models.DateTimeField(db_index=True, help_text='When it is sent, or tried again.')),
                ('claimed_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('last_error', models.TextField(blank=True)),
                ('reached', models.JSONField(default=list, help_text='Who of several has got it.')),
                ('sent_at', models.DateTimeField(null=True)),
                ('subject', models.CharField(blank=True, max_length=300)),
                ('message_id', models.CharField(default=notifications.models.deliveries.new_message_id, max_length=100, unique=True)),
                ('comment', models.ForeignKey(help_text='With which an issue was sent back.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.comment')),
                ('justification', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.justification')),
                ('mention', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.mention')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.proposal')),
                ('reminders', models.ManyToManyField(related_name='+', to='audits.reminder')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-due_at'],
                'permissions': [('send_delivery', 'Can send messages again')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalSubscription',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('notifier', models.CharField(default='email', max_length=50, verbose_name='told by')),
                ('address', models.CharField(max_length=2000)),
                ('parameters', models.JSONField(blank=True, default=dict, help_text='What the notifier must know beside the address.')),
                ('on', models.BooleanField(default=True)),
                ('technologies', models.JSONField(blank=True, default=list, help_text='Nothing: all.')),
                ('tags', models.JSONField(blank=True, default=list, help_text='Only items that have one of these: Name, or Name=value. Nothing: all.')),
                ('labels', models.JSONField(blank=True, default=list, help_text='Only items that were given one of these here. Nothing: all.')),
                ('created', models.BooleanField(default=True, verbose_name='new items')),
                ('changed', models.BooleanField(default=True, verbose_name='changed items')),
                ('gone', models.BooleanField(default=True, verbose_name='items that are gone')),
                ('issues', models.BooleanField(default=True, verbose_name='new issues')),
                ('reopened', models.BooleanField(default=True, verbose_name='reopened issues')),
                ('fixed', models.BooleanField(default=False, verbose_name='fixed issues')),
                ('gaps', models.BooleanField(default=False, verbose_name='what can no longer be read')),
                ('endings', models.BooleanField(default=False, verbose_name='justifications that end')),
                ('rule_changes', models.BooleanField(default=False, verbose_name='changed rules')),
                ('least_score', models.PositiveSmallIntegerField(default=4, help_text='Issues below it are not told: 0 to 10.', validators=[django.core.validators.MaxValueValidator(10)])),
                ('weekly', models.BooleanField(default=True, help_text='On Mondays, of the week before.', verbose_name='weekly report')),
                ('weekly_quiet', models.BooleanField(default=True, help_text='In one line. Off: of such a week comes nothing.', verbose_name='report of a week without news')),
                ('weekly_pdf', models.BooleanField(default=False, help_text='Attached to the mail.', verbose_name='report also as PDF')),
                ('often', models.CharField(choices=[('at once', 'at once'), ('hourly', 'hourly'), ('daily', 'daily'), ('weekly', 'weekly')], default='at once', help_text='At once: gathered for some minutes first, never a mail for each thing.', max_length=10, verbose_name='how often')),
                ('hour', models.PositiveSmallIntegerField(default=8, help_text='0 to 23: of daily and weekly mails, and of what was too much for the day before. The weekly report has an hour of its own.', validators=[django.core.validators.MaxValueValidator(23)])),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], default=0, help_text='Of weekly mails. The weekly report comes on Mondays.', verbose_name='day of the week')),
                ('zone', models.CharField(default=notifications.models.subscriptions.server_zone, help_text='Such as Europe/Berlin.', max_length=50, verbose_name='time zone')),
                ('quiet_from', models.PositiveSmallIntegerField(blank=True, help_text='0 to 23. Empty: at no time.', null=True, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='quiet from hour')),
                ('quiet_until', models.PositiveSmallIntegerField(blank=True, help_text='What comes in the quiet hours is told at their end.', null=True, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='quiet until hour')),
                ('most_a_day', models.PositiveSmallIntegerField(blank=True, help_text='What comes after them is told in one of the next day. Empty: no bound.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='most messages a day')),
                ('watching', models.BooleanField(default=False, editable=False, help_text='Of the items that its owner watches, and of nothing where these are none.')),
                ('created_at', models.DateTimeField(blank=True, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('framework', models.ForeignKey(blank=True, db_constraint=False, help_text='Only issues of rules that it asks for. Nothing chosen: all.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audits.framework')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='Who made it for themselves: they are told only of what they may see.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('view', models.ForeignKey(blank=True, db_constraint=False, help_text='Only items for which its condition holds. Nothing: all items.', limit_choices_to={'page': 'query'}, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audits.savedview', verbose_name='what a saved query shows')),
            ],
            options={
                'verbose_name': 'historical subscription',
                'verbose_name_plural': 'historical subscriptions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('notifier', models.CharField(default='email', max_length=50, verbose_name='told by')),
                ('address', models.CharField(max_length=2000)),
                ('parameters', models.JSONField(blank=True, default=dict, help_text='What the notifier must know beside the address.')),
                ('on', models.BooleanField(default=True)),
                ('technologies', models.JSONField(blank=True, default=list, help_text='Nothing: all.')),
                ('tags', models.JSONField(blank=True, default=list, help_text='Only items that have one of these: Name, or Name=value. Nothing: all.')),
                ('labels', models.JSONField(blank=True, default=list, help_text='Only items that were given one of these here. Nothing: all.')),
                ('created', models.BooleanField(default=True, verbose_name='new items')),
                ('changed', models.BooleanField(default=True, verbose_name='changed items')),
                ('gone', models.BooleanField(default=True, verbose_name='items that are gone')),
                ('issues', models.BooleanField(default=True, verbose_name='new issues')),
                ('reopened', models.BooleanField(default=True, verbose_name='reopened issues')),
                ('fixed', models.BooleanField(default=False, verbose_name='fixed issues')),
                ('gaps', models.BooleanField(default=False, verbose_name='what can no longer be read')),
                ('endings', models.BooleanField(default=False, verbose_name='justifications that end')),
                ('rule_changes', models.BooleanField(default=False, verbose_name='changed rules')),
                ('least_score', models.PositiveSmallIntegerField(default=4, help_text='Issues below it are not told: 0 to 10.', validators=[django.core.validators.MaxValueValidator(10)])),
                ('weekly', models.BooleanField(default=True, help_text='On Mondays, of the week before.', verbose_name='weekly report')),
                ('weekly_quiet', models.BooleanField(default=True, help_text='In one line. Off: of such a week comes nothing.', verbose_name='report of a week without news')),
                ('weekly_pdf', models.BooleanField(default=False, help_text='Attached to the mail.', verbose_name='report also as PDF')),
                ('often', models.CharField(choices=[('at once', 'at once'), ('hourly', 'hourly'), ('daily', 'daily'), ('weekly', 'weekly')], default='at once', help_text='At once: gathered for some minutes first, never a mail for each thing.', max_length=10, verbose_name='how often')),
                ('hour', models.PositiveSmallIntegerField(default=8, help_text='0 to 23: of daily and weekly mails, and of what was too much for the day before. The weekly report has an hour of its own.', validators=[django.core.validators.MaxValueValidator(23)])),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], default=0, help_text='Of weekly mails. The weekly report comes on Mondays.', verbose_name='day of the week')),
                ('zone', models.CharField(default=notifications.models.subscriptions.server_zone, help_text='Such as Europe/Berlin.', max_length=50, verbose_name='time zone')),
                ('quiet_from', models.PositiveSmallIntegerField(blank=True, help_text='0 to 23. Empty: at no time.', null=True, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='quiet from hour')),
                ('quiet_until', models.PositiveSmallIntegerField(blank=True, help_text='What comes in the quiet hours is told at their end.', null=True, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='quiet until hour')),
                ('most_a_day', models.PositiveSmallIntegerField(blank=True, help_text='What comes after them is told in one of the next day. Empty: no bound.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='most messages a day')),
                ('watching', models.BooleanField(default=False, editable=False, help_text='Of the items that its owner watches, and of nothing where these are none.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('accounts', models.ManyToManyField(blank=True, help_text='Nothing chosen: all.', to='accounts.account')),
                ('framework', models.ForeignKey(blank=True, help_text='Only issues of rules that it asks for. Nothing chosen: all.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audits.framework')),
                ('groups', models.ManyToManyField(blank=True, help_text='All accounts that are in these groups, too.', to='accounts.accountgroup')),
                ('items', models.ManyToManyField(blank=True, help_text='Only these items. Nothing chosen: all.', related_name='+', to='items.item')),
                ('owner', models.ForeignKey(blank=True, editable=False, help_text='Who made it for themselves: they are told only of what they may see.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to=settings.AUTH_USER_MODEL)),
                ('rules', models.ManyToManyField(blank=True, help_text='Only issues of these. Nothing chosen: all.', related_name='+', to='audits.rule')),
                ('view', models.ForeignKey(blank=True, help_text='Only items for which its condition holds. Nothing: all items.', limit_choices_to={'page': 'query'}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='audits.savedview', verbose_name='what a saved query shows')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Of the subscription.', max_length=100)),
                ('address', models.CharField(help_text='To whom it went.', max_length=254)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(db_index=True)),
                ('everything', models.BooleanField(default=False, help_text='It is about all accounts.')),
                ('figures', models.JSONField()),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('accounts', models.ManyToManyField(help_text='Which it is about, where not about all.', related_name='+', to='accounts.account')),
                ('delivery', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='report', to='notifications.delivery')),
                ('subscription', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reports', to='notifications.subscription')),
            ],
            options={
                'ordering': ['-until', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='notifications.delivery')),
                ('event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.issueevent')),
                ('gap', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='items.gap')),
                ('move', models.ForeignKey(help_text='By which another version of a rule, or none, came into force.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.historicalrule')),
                ('reminder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.reminder')),
                ('revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='items.historicalitem')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='items.run')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='notifications.subscription')),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalSubscription_rules',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='notifications.historicalsubscription')),
                ('rule', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audits.rule')),
                ('subscription', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notifications.subscription')),
            ],
            options={
                'verbose_name': 'HistoricalSubscription_rules',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalSubscription_items',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='notifications.historicalsubscription')),
                ('item', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='items.item')),
                ('subscription', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notifications.subscription')),
            ],
            options={
                'verbose_name': 'HistoricalSubscription_items',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalSubscription_groups',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('accountgroup', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.accountgroup')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='notifications.historicalsubscription')),
                ('subscription', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notifications.subscription')),
            ],
            options={
                'verbose_name': 'HistoricalSubscription_groups',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalSubscription_accounts',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='notifications.historicalsubscription')),
                ('subscription', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notifications.subscription')),
            ],
            options={
                'verbose_name': 'HistoricalSubscription_accounts',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name='delivery',
            name='subscription',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.subscription'),
        ),
        migrations.CreateModel(
            name='OwnSubscription',
            fields=[
            ],
            options={
                'verbose_name': 'subscription',
                'verbose_name_plural': 'my subscriptions',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('notifications.subscription',),
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(help_text='Where it is: what was told there.', max_length=2000)),
                ('reference', models.CharField(blank=True, help_text='As the service calls it. Nothing: not there yet.', max_length=500)),
                ('begun_at', models.DateTimeField(auto_now_add=True)),
                ('event', models.ForeignKey(help_text='The last one that the service was told of.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audits.issueevent')),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tickets', to='audits.issue')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tickets', to='notifications.subscription')),
            ],
        ),
        migrations.CreateModel(
            name='StoppedMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('alert', 'alert'), ('weekly', 'weekly report'), ('asked', 'question about a rule'), ('answered', 'answer about a rule'), ('waits', 'justification to answer'), ('decided', 'answer about a justification'), ('reminder', 'reminders'), ('mention', 'mention'), ('returned', 'issue sent back to its owner')], max_length=10)),
                ('to', models.EmailField(blank=True, help_text="An owner's address, in small letters.", max_length=254)),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'person'), name='stopped_once_by_person'), models.UniqueConstraint(condition=models.Q(('person', None)), fields=('kind', 'to'), name='stopped_once_by_owner'), models.CheckConstraint(condition=models.Q(models.Q(('person__isnull', False), ('to', '')), models.Q(('person__isnull', True), models.Q(('to', ''), _negated=True)), _connector='OR'), name='stopped_by_person_or_owner')],
            },
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(condition=models.Q(('watching', True)), fields=('owner',), name='watching_once'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('subscription', 'revision'), name='told_once_of_revision'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('subscription', 'event'), name='told_once_of_event'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('subscription', 'run'), name='told_once_of_run'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('subscription', 'gap'), name='told_once_of_gap'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('subscription', 'reminder'), name='told_once_of_reminder'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('subscription', 'move'), name='told_once_of_move'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('revision__isnull', False), ('event__isnull', False), ('run__isnull', False), ('gap__isnull', False), ('reminder__isnull', False), ('move__isnull', False), _connector='OR'), name='line_tells_something'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('attempts', 0), ('kind', 'alert'), ('state', 'gathering')), fields=('subscription',), name='gathering_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'weekly')), fields=('subscription', 'since'), name='weekly_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('person', 'proposal', 'kind'), name='told_once_of_proposal'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('person', 'justification', 'kind'), name='told_once_of_justification'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('mention',), name='told_once_of_mention'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'reminder')), fields=('person', 'since'), name='reminded_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'reminder'), ('person', None)), fields=('to', 'since'), name='owner_reminded_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('person__isnull', True), ('proposal__isnull', True), ('subscription__isnull', False), ('to', '')), models.Q(('person__isnull', False), ('subscription__isnull', True), ('to', '')), models.Q(('person__isnull', True), ('subscription__isnull', True), models.Q(('to', ''), _negated=True)), _connector='OR'), name='subscription_or_person_or_owner'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(fields=('subscription', 'issue', 'address'), name='one_ticket_of_an_issue'),
        ),
    ]
