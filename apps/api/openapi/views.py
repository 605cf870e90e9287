"""GET /v1/openapi.json: the document of the project that asks, or of a catalogue, for everybody."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import cast

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from rest_framework.request import Request

from apps.api.authentication import Principal
from apps.api.declared import OPTIONAL
from apps.api.openapi.document import document
from apps.api.views import ApiView
from apps.core.errors import invalid
from apps.core.fields import Field
from apps.projects import catalogues
from apps.records import schema

KEPT = 32
"""Documents kept ready, up to half a megabyte each: one for every set of fields that projects have."""

MAX_AGE = 300
"""Seconds for which a document of a catalogue is good unasked."""

Fields = tuple[tuple[str, tuple[Field, ...]], ...]
"""By resource, for those whose fields each project makes its own."""


class OpenApi(ApiView):
    resource = OPTIONAL

    def get(self, request: Request) -> HttpResponseBase:
        asked = request.query_params.get("catalogue")
        principal = cast(Principal | None, request.user) if asked is None else None
        slug = asked if asked is not None else _catalogue(principal)
        if slug not in catalogues.load():
            raise invalid("?catalogue", f"Give one of: {', '.join(sorted(catalogues.load()))}.", "choice")
        body, tag = written(slug, _fields(principal))
        answer = HttpResponse(body, content_type="application/json", headers={"ETag": tag})
        if request.user:
            patch_cache_control(answer, private=True, no_cache=True)
        else:
            patch_cache_control(answer, public=True, max_age=MAX_AGE)
        return get_conditional_response(request._request, etag=tag, response=answer) or answer


@lru_cache(maxsize=KEPT)
def written(slug: str, fields: Fields) -> tuple[bytes, str]:
    """The document and its ETag. Everything that decides it is in the arguments, or stays while the process runs."""
    body = json.dumps(document(catalogues.get(slug), dict(fields)), ensure_ascii=False).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _catalogue(principal: Principal | None) -> str:
    return principal.catalogue.slug if principal else next(iter(sorted(catalogues.load())))


def _fields(principal: Principal | None) -> Fields:
    if principal is None:
        return ()
    dynamic = [entry for entry in principal.catalogue.resources.values() if entry.dynamic]
    return tuple((entry.slug, schema.fields_of(principal.project.id, entry)) for entry in dynamic)
