"""A key that was rotated leaves its name to its successor. The new indexes are built beside running requests."""

from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q


def _concurrently(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """PostgreSQL builds and drops an index without a lock on the table; SQLite has no need for that."""
    if schema_editor.connection.vendor == "postgresql":
        editor: Any = schema_editor
        plain = type(editor).sql_create_unique_index
        editor.sql_create_unique_index = plain.replace(" INDEX ", " INDEX CONCURRENTLY IF NOT EXISTS ", 1)
        editor.sql_delete_index = editor.sql_delete_index_concurrently


class AddConstraintConcurrently(migrations.AddConstraint):
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        _concurrently(schema_editor)
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class RemoveConstraintConcurrently(migrations.RemoveConstraint):
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        _concurrently(schema_editor)
        super().database_forwards(app_label, schema_editor, from_state, to_state)


CURRENT = Q(revoked_at=None, deleted_at=None, expiry_recorded_at=None, rotated_to=None)
PER_PROJECT = models.UniqueConstraint(
    fields=("project", "name"),
    condition=Q(revoked_at=None, deleted_at=None, expiry_recorded_at=None, rotated_to=None, owner=None),
    name="key_current_name_once_per_project",
)
PER_OWNER = models.UniqueConstraint(fields=("owner", "name"), condition=CURRENT, name="key_current_name_once_per_owner")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("keys", "0001_initial")]
    operations = [
        AddConstraintConcurrently(model_name="key", constraint=PER_PROJECT),
        AddConstraintConcurrently(model_name="key", constraint=PER_OWNER),
        RemoveConstraintConcurrently(model_name="key", name="key_name_once_per_project"),
        RemoveConstraintConcurrently(model_name="key", name="key_name_once_per_owner"),
    ]
