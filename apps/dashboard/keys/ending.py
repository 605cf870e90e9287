"""What revoking and deleting a key have in common: the key, and the question that comes first."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from apps.dashboard import questions
from apps.dashboard.access import Access
from apps.dashboard.keys import words
from apps.keys import queries
from apps.keys.models import Key, Status
from apps.usage import queries as usage
from apps.usage import service as meter


def key_for(access: Access, key_id: str) -> Key:
    """The project's key with this ID, whatever its state; 404 if there is none."""
    key = queries.key_in(access.project, key_id)
    if key is None:
        raise Http404
    return key


def is_active(key: Key) -> bool:
    return key.status(timezone.now()) == Status.ACTIVE


def question(
    request: HttpRequest, access: Access, key: Key, name: str, status: int = 200, **context: Any
) -> HttpResponse:
    """What stops working, and how much the key is used."""
    meter.settle()
    context |= {
        "project": access.project,
        "key": key,
        "is_active": is_active(key),
        "permissions": words.permissions(access.catalogue, key.scopes),
        "usage": usage.total(key.id, timezone.now()),
    }
    return questions.question(request, "keys", name, context, status)
