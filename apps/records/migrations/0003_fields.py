"""Fields that administrators configure in projects."""

import apps.core.ids
import django.db.models.deletion
import django.utils.timezone
import functools
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0001_initial'),
        ('records', '0002_operations'),
    ]

    operations = [
        migrations.CreateModel(
            name='Field',
            fields=[
                ('id', models.CharField(default=functools.partial(apps.core.ids.new_id, *('fld',), **{}), editable=False, max_length=40, primary_key=True, serialize=False)),
                ('resource', models.CharField(editable=False, max_length=40)),
                ('key', models.CharField(editable=False, max_length=63)),
                ('name', models.CharField(max_length=63)),
                ('label', models.CharField(max_length=80)),
                ('type', models.CharField(max_length=20)),
                ('required', models.BooleanField(default=False)),
                ('options', models.JSONField(default=list)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('order', models.PositiveIntegerField()),
                ('revision', models.PositiveIntegerField(default=0, editable=False)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('project', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='fields', to='projects.project')),
            ],
            options={
                'indexes': [models.Index(fields=['project', 'resource', 'order', 'id'], name='field_order')],
                'constraints': [models.UniqueConstraint(fields=('project', 'resource', 'name'), name='field_name_once'), models.UniqueConstraint(fields=('project', 'resource', 'key'), name='field_key_once'), models.CheckConstraint(condition=models.Q(('type__in', ['boolean', 'date', 'date_time', 'email', 'integer', 'long_text', 'multiple_choice', 'number', 'phone', 'single_choice', 'text', 'url'])), name='field_type')],
            },
        ),
    ]
