"""The row of a user who was deleted stays, and says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_tokens")]
    operations = [
        migrations.AddField(
            model_name="user", name="deleted_at", field=models.DateTimeField(editable=False, null=True)
        ),
    ]
