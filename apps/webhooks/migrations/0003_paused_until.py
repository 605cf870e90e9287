"""Until when a disabled endpoint keeps what waits. Those that were disabled before have given it up already."""
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhooks', '0002_rotation_id'),
    ]

    operations = [
        migrations.AddField(
            model_name='endpoint',
            name='paused_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
