"""GET /v1/me: who am I?"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.authentication import Principal, principal_of
from apps.api.declared import ANY_RESOURCE
from apps.api.views import ApiView, answer
from apps.core.records import OwnerRecord
from apps.keys import lineage
from apps.keys.models import Key
from apps.keys.shapes import key_json
from apps.projects.models import Project
from apps.usage import service as usage


class Me(ApiView):
    resource = ANY_RESOURCE

    def get(self, request: Request) -> Response:
        return answer(request, _me(principal_of(request)))


def _me(principal: Principal) -> dict[str, Any]:
    project = Project.objects.get(pk=principal.project.id)
    return {
        "type": principal.kind,
        "key": _key(principal) if principal.kind == "key" else None,
        "user": _user(principal.key.owner),
        "project": {"id": project.id, "slug": project.slug, "name": project.name},
        "scopes": principal.scopes,
    }


def _key(principal: Principal) -> dict[str, Any]:
    key = Key.objects.select_related("owner").prefetch_related("grants").get(pk=principal.key.key_id)
    now = timezone.now()
    line = lineage.of(key.pk, now)
    usage.settle(line.digests)  # so that the counts include this very request
    return key_json(key, now=now, usage=line.total(now))


def _user(owner: OwnerRecord | None) -> dict[str, str] | None:
    return {"id": owner.user_id, "email": owner.email} if owner else None
