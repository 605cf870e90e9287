"""Tags of records, messages of conversations, and what is reported of broadcasts."""
import apps.core.ids
import django.db.models.deletion
import functools
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Metrics',
            fields=[
                ('record', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='records.record')),
                ('counts', models.JSONField(default=dict, editable=False)),
                ('reason', models.TextField(blank=True, editable=False)),
                ('reported_at', models.DateTimeField(editable=False)),
            ],
        ),
        migrations.AddField(
            model_name='record',
            name='tags',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, editable=False),
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.CharField(default=functools.partial(apps.core.ids.new_id, *('mes',), **{}), editable=False, max_length=40, primary_key=True, serialize=False)),
                ('direction', models.CharField(editable=False, max_length=8)),
                ('text', models.TextField(editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('record', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='records.record')),
            ],
            options={
                'indexes': [models.Index(fields=['record', 'created_at', 'id'], name='message_created')],
                'constraints': [models.CheckConstraint(condition=models.Q(('direction__in', ('outbound', 'inbound'))), name='message_direction')],
            },
        ),
    ]
