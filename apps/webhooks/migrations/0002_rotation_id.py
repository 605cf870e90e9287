"""Which request rotated the secret of an endpoint last, so that it does so once."""
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhooks', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='endpoint',
            name='rotation_id',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
    ]
