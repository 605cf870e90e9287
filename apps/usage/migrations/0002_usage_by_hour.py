"""The index by which old counts are found, made while counts go on being written."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

DROP = 'DROP INDEX CONCURRENTLY IF EXISTS "usage_by_hour"'
CREATE = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS "usage_by_hour" ON "usage_keyusage" ("hour")'


class AddIndexBesideWriters(migrations.AddIndex):
    """As Django's AddIndexConcurrently, which knows no other database, and can be run again when it was cut short."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute(DROP)  # what was cut short has left an index that is never used
        schema_editor.execute(CREATE)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    atomic = False  # an index cannot be made concurrently within a transaction

    dependencies = [("usage", "0001_initial")]

    operations = [
        AddIndexBesideWriters("KeyUsage", models.Index(fields=("hour",), name="usage_by_hour")),
    ]
