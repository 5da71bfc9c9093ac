import accounts.models.people
import accounts.models.watched
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_ledger'),
        ('accounts', '0003_ledger_outlives_what_it_names'),
        ('accounts', '0004_days_until_a_change_is_reviewed'),
        ('accounts', '0005_found_below_others'),
        ('accounts', '0006_api_tokens'),
        ('accounts', '0007_who_may_send_configurations'),
        ('accounts', '0008_what_programs_asked'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('notes', models.TextField(blank=True)),
                ('changes_reviewed', models.BooleanField(default=False, help_text='For a scope such as PCI: each change stands in the change inbox until somebody says that it was expected, or questions it.', verbose_name='every change waits for a reviewer')),
                ('review_days', models.PositiveSmallIntegerField(default=7, help_text='Changes that wait longer are overdue, and named in the weekly report.', verbose_name='days until a change is to be reviewed')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Asking',
            fields=[
                ('who', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('since', models.BigIntegerField(help_text='When the minute began, in milliseconds.')),
                ('count', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='KnownNetwork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cidr', models.CharField(help_text='192.0.2.0/24', max_length=50, unique=True, validators=[accounts.models.watched.check_network], verbose_name='network')),
                ('whose', models.CharField(choices=[('ours', 'ours'), ('third party', 'third party')], default='ours', max_length=20)),
                ('note', models.CharField(blank=True, help_text='Office London, VPN of Acme ...', max_length=200)),
            ],
            options={
                'ordering': ['cidr'],
            },
        ),
        migrations.CreateModel(
            name='LedgerHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(default=0)),
                ('hash', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('is_staff', models.BooleanField(default=True, verbose_name='may log in to the console')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', accounts.models.people.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('type', models.CharField(max_length=50)),
                ('identifier', models.CharField(help_text='What the provider calls it.', max_length=200)),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('active', models.BooleanField(default=True, help_text='Inactive accounts are not read.')),
                ('third_party', models.BooleanField(default=False, help_text='Known, so that rules can name it, but not read.', verbose_name='belongs to somebody else')),
                ('calls_per_second', models.PositiveSmallIntegerField(blank=True, help_text='Vervet calls no faster; nothing: as the cloud allows.', null=True)),
                ('owner_mail', models.EmailField(blank=True, max_length=254, verbose_name="owner's mail")),
                ('notes', models.TextField(blank=True)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('watches_found', models.BooleanField(default=True, help_text='Accounts that are found below this one are read at once; else they stay switched off until somebody switches them on.', verbose_name='read what is found below')),
                ('missing_since', models.DateTimeField(editable=False, help_text='Since when it is listed below its parent no more.', null=True)),
                ('discovered_at', models.DateTimeField(editable=False, help_text='When it was last asked what stands below it.', null=True)),
                ('discovery_refused', models.TextField(blank=True, editable=False, help_text='Why that was not answered; empty: it was.')),
                ('parent', models.ForeignKey(editable=False, help_text='Below which account it was found.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='accounts.account')),
                ('groups', models.ManyToManyField(blank=True, related_name='accounts', to='accounts.accountgroup')),
            ],
            options={
                'ordering': ['name'],
                'permissions': [('scan_account', 'Can have an account read at once'), ('push_account', 'Can send configurations of an account')],
            },
        ),
        migrations.CreateModel(
            name='Answered',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('request', models.CharField(help_text='The digest of what was sent, and where.', max_length=64)),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('status', models.PositiveSmallIntegerField(help_text='None: it is being answered.', null=True)),
                ('headers', models.JSONField(default=dict)),
                ('body', models.JSONField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_key', models.CharField(db_index=True, max_length=25)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expiry', models.DateTimeField(blank=True, null=True)),
                ('digest', models.CharField(editable=False, max_length=128, unique=True)),
                ('name', models.CharField(help_text='What uses it: nightly export.', max_length=100)),
                ('scopes', models.JSONField(default=list, help_text='What it is for.')),
                ('used_at', models.DateTimeField(editable=False, null=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='Nothing chosen: all accounts that you may see.', to='accounts.accountgroup')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-created'],
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.ForeignKey(blank=True, help_text='Nothing chosen: all accounts.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='accounts.accountgroup', verbose_name='accounts')),
                ('role', models.ForeignKey(help_text='Viewer, reviewer, approver, rule editor, operator or auditor.', on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='auth.group')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalAccount',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(db_index=True, max_length=100)),
                ('type', models.CharField(max_length=50)),
                ('identifier', models.CharField(help_text='What the provider calls it.', max_length=200)),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('active', models.BooleanField(default=True, help_text='Inactive accounts are not read.')),
                ('third_party', models.BooleanField(default=False, help_text='Known, so that rules can name it, but not read.', verbose_name='belongs to somebody else')),
                ('calls_per_second', models.PositiveSmallIntegerField(blank=True, help_text='Vervet calls no faster; nothing: as the cloud allows.', null=True)),
                ('owner_mail', models.EmailField(blank=True, max_length=254, verbose_name="owner's mail")),
                ('notes', models.TextField(blank=True)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(blank=True, editable=False)),
                ('watches_found', models.BooleanField(default=True, help_text='Accounts that are found below this one are read at once; else they stay switched off until somebody switches them on.', verbose_name='read what is found below')),
                ('missing_since', models.DateTimeField(editable=False, help_text='Since when it is listed below its parent no more.', null=True)),
                ('discovered_at', models.DateTimeField(editable=False, help_text='When it was last asked what stands below it.', null=True)),
                ('discovery_refused', models.TextField(blank=True, editable=False, help_text='Why that was not answered; empty: it was.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='Below which account it was found.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
            ],
            options={
                'verbose_name': 'historical account',
                'verbose_name_plural': 'historical accounts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalAccount_groups',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('accountgroup', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.accountgroup')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='accounts.historicalaccount')),
            ],
            options={
                'verbose_name': 'HistoricalAccount_groups',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalAccountGroup',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(db_index=True, max_length=100)),
                ('notes', models.TextField(blank=True)),
                ('changes_reviewed', models.BooleanField(default=False, help_text='For a scope such as PCI: each change stands in the change inbox until somebody says that it was expected, or questions it.', verbose_name='every change waits for a reviewer')),
                ('review_days', models.PositiveSmallIntegerField(default=7, help_text='Changes that wait longer are overdue, and named in the weekly report.', verbose_name='days until a change is to be reviewed')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical account group',
                'verbose_name_plural': 'historical account groups',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalGrant',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('group', models.ForeignKey(blank=True, db_constraint=False, help_text='Nothing chosen: all accounts.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.accountgroup', verbose_name='accounts')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('role', models.ForeignKey(blank=True, db_constraint=False, help_text='Viewer, reviewer, approver, rule editor, operator or auditor.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='auth.group')),
                ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical grant',
                'verbose_name_plural': 'historical grants',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalKnownNetwork',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('cidr', models.CharField(db_index=True, help_text='192.0.2.0/24', max_length=50, validators=[accounts.models.watched.check_network], verbose_name='network')),
                ('whose', models.CharField(choices=[('ours', 'ours'), ('third party', 'third party')], default='ours', max_length=20)),
                ('note', models.CharField(blank=True, help_text='Office London, VPN of Acme ...', max_length=200)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical known network',
                'verbose_name_plural': 'historical known networks',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(help_text='Its place in the chain.', unique=True)),
                ('at', models.DateTimeField(db_index=True)),
                ('who', models.CharField(help_text="The person's name as it was then.", max_length=200)),
                ('action', models.CharField(db_index=True, help_text='justified, changed ...', max_length=50)),
                ('thing', models.CharField(help_text='What kind: audits.issue.', max_length=100)),
                ('key', models.CharField(blank=True, help_text='Which one.', max_length=50)),
                ('name', models.TextField(blank=True, help_text='What it was called then.')),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('previous', models.CharField(help_text='The hash of the entry before.', max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('account', models.ForeignKey(db_constraint=False, help_text='Nothing: it is about all accounts, or none.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('person', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'ordering': ['-number'],
            },
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(fields=('type', 'identifier'), name='account_once'),
        ),
        migrations.AddConstraint(
            model_name='answered',
            constraint=models.UniqueConstraint(fields=('user', 'key'), name='answered_once'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(fields=('user', 'role', 'group'), name='grant_once'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(condition=models.Q(('group', None)), fields=('user', 'role'), name='grant_of_all_once'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['thing', 'key'], name='accounts_le_thing_8d6af8_idx'),
        ),
    ]
