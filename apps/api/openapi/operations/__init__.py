"""What each method of each view is, view by view. Importing this registers all of them."""

from apps.api.openapi.operations import keys, members, people, records, steps, webhooks

__all__ = ["keys", "members", "people", "records", "steps", "webhooks"]
