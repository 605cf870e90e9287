"""What was changed in a project, when and by whom."""

from __future__ import annotations

from functools import cached_property

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from apps.audit import queries
from apps.audit.models import Event
from apps.dashboard.access import project_for
from apps.dashboard.audit import words
from apps.dashboard.audit.forms import AuditFilter
from apps.projects.policy import Right

PAGE_SIZE = 50
COUNTED = 10_000


class EventPaginator(Paginator[Event]):
    """Counts no further than a person pages: who looks for older events, filters."""

    object_list: QuerySet[Event]

    @cached_property
    def count(self) -> int:
        return self.object_list[:COUNTED].count()


@login_required
@require_safe
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.AUDIT_VIEW)
    form = AuditFilter(request.GET)
    events = queries.events_of(access.project.id, **form.filters(timezone.now()))
    page = EventPaginator(events, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "project": access.project,
        "form": form,
        "page": page,
        "lines": [words.line(event) for event in page],
        "is_cut": page.paginator.count == COUNTED,
    }
    template = "audit/_list.html" if request.headers.get("HX-Request") else "audit/audit.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
