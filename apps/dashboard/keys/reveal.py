"""The one page that shows a secret: of a key that was created, or of the successor of one that was rotated."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apps.dashboard.access import Access
from apps.dashboard.keys import words
from apps.keys import queries
from apps.keys.models import Key, Status
from apps.keys.service import NewKey


@sensitive_variables()
def reveal(request: HttpRequest, access: Access, new: NewKey) -> HttpResponse:
    """The one answer with the secret in it: kept by no cache, and by no part of this server."""
    readable = words.readable(access.catalogue, new.key.scopes, unrestricted=new.key.unrestricted)
    context = {
        "project": access.project,
        "key": new.key,
        "secret": new.secret,
        "url": f"{settings.BASE_URL}/v1/{readable or 'me'}",
        "permissions": words.permissions(access.catalogue, new.key.scopes),
        **predecessor(new.key),
    }
    return unkept(render(request, "keys/reveal.html", context))


def predecessor(key: Key) -> dict[str, Any]:
    """The key whose place this one has taken, if there is one, and whether it works still."""
    old = queries.rotated_from(key)
    return {"old": old, "old_works": old is not None and old.status(timezone.now()) == Status.ACTIVE}


def unkept(response: HttpResponse) -> HttpResponse:
    """Kept by no cache."""
    response["Cache-Control"] = "no-store, private"
    response["Pragma"] = "no-cache"
    return response
