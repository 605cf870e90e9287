"""/docs: how to call the API, for one catalogue. Public; who has signed in gets that of their project."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.core import problems
from apps.core.catalogue import Catalogue
from apps.dashboard.docs import examples, operations, reference
from apps.dashboard.docs.examples import Example
from apps.dashboard.keys import levels
from apps.projects import catalogues, queries
from apps.webhooks import events

SECTIONS: Mapping[str, str] = {
    "start": "Your first call",
    "authentication": "Authentication",
    "permissions": "Permissions",
    "records": "Records",
    "lists": "Lists and sync",
    "golden-rule": "The golden rule",
    "operations": "Operations",
    "idempotency": "Sending again",
    "limits": "Rate limits",
    "errors": "Errors",
    "developer-access": "Managing by the API",
    "webhooks": "Webhooks",
    "guard": "Guarding your own API",
    "security": "Security",
    "questions": "Questions",
}
"""What the page has, in order: the anchor, and the heading. None is the code of a problem, which is an anchor too.
Catalogues without operations have no section about them."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    known = catalogues.load()
    wanted = request.GET.get("catalogue") or _own(request)
    catalogue = known.get(wanted) or next(iter(known.values()))
    about = _context(catalogue)
    sections = [name for name in SECTIONS if name != "operations" or about["steps"] or about["others"]]
    context = {
        **about,
        "catalogues": known.values(),
        "unknown": wanted if wanted not in known else "",
        "sections": [(name, SECTIONS[name], f"docs/sections/{name}.html") for name in sections],
    }
    return render(request, "docs/page.html", context, status=404 if context["unknown"] else 200)


def _own(request: HttpRequest) -> str:
    """The catalogue of the user's first project; the first one that there is for somebody without."""
    user = request.user
    memberships = list(queries.projects_of(user)) if isinstance(user, User) else []
    own = (m.project.catalogue for m in memberships if m.project.catalogue in catalogues.load())
    return next(own, next(iter(catalogues.load())))


@cache
def _examples(slug: str, base_url: str) -> Mapping[str, Example]:
    """Rendered once: the page is for everybody, and most of its work would be theirs to cause."""
    catalogue = catalogues.get(slug)
    return examples.of(catalogue, examples.resource_of(catalogue), base_url)


def _context(catalogue: Catalogue) -> dict[str, object]:
    example = examples.resource_of(catalogue)
    return {
        "catalogue": catalogue,
        "groups": reference.groups(catalogue),
        "managed": reference.managed(catalogue),
        "writes_include_reading": reference.includes_others(catalogue),
        "has_levels": levels.has_levels(catalogue),
        "dynamic": [resource for resource in catalogue.resources.values() if resource.dynamic],
        "example": example,
        "examples": _examples(catalogue.slug, settings.BASE_URL),
        "steps": operations.steps(catalogue),
        "others": operations.others(catalogue),
        "events": events.offered(catalogue),
        "statuses": list(problems.by_status()),
        "base_url": settings.BASE_URL,
        "support_email": settings.SUPPORT_EMAIL,
    }
