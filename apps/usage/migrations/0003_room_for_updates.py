"""Room in each page of PostgreSQL for the next version of its rows.

A row whose next version lies in the same page needs no new entry in any index. Rows of counts are raised again and again
for an hour, and those of last uses for ever: without room, a count cost twice the time and three times the log.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class OnPostgreSQL(migrations.RunSQL):
    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_usage_by_hour")]

    operations = [
        OnPostgreSQL(
            'ALTER TABLE "usage_keyusage" SET (fillfactor = 80)', 'ALTER TABLE "usage_keyusage" RESET (fillfactor)'
        ),
        OnPostgreSQL(
            'ALTER TABLE "usage_keyseen" SET (fillfactor = 50)', 'ALTER TABLE "usage_keyseen" RESET (fillfactor)'
        ),
    ]
