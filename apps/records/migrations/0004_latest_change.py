"""When a project's resource was last changed, which gives changes their order."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0001_initial'),
        ('records', '0003_fields'),
    ]

    operations = [
        migrations.CreateModel(
            name='LatestChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(editable=False, max_length=40)),
                ('at', models.DateTimeField(editable=False)),
                ('project', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='projects.project')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'resource'), name='latest_change_once')],
            },
        ),
    ]
