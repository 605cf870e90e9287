"""The fields of a resource in their order, a form for another one, and those that are archived."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Conflict, Invalid
from apps.core.fields import TYPES
from apps.dashboard.fields.access import Opened, dynamic, resource_for
from apps.dashboard.fields.forms import FieldForm
from apps.records import fields as service
from apps.records.schema import Configured

OPTIONS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A field as the table shows it. `focus`: which of its buttons was just used, `up`, `down` or ""."""

    entry: Configured
    type: str
    is_owned: bool
    focus: str = ""

    @property
    def options(self) -> list[str]:
        return list(self.entry.field.options[:OPTIONS_SHOWN])

    @property
    def more(self) -> int:
        return len(self.entry.field.options) - len(self.options)


@login_required
@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, resource_for(request, slug, request.GET.get("resource")), FieldForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str, resource: str) -> HttpResponse:
    opened = resource_for(request, slug, resource)
    if request.method != "POST":
        return opened.back()
    form = FieldForm(request.POST)
    if form.is_valid():
        try:
            added = service.add_field(**opened.where, definition=form.definition())
        except (Invalid, Conflict) as refused:
            form.refuse(refused)
        else:
            messages.success(request, f"The field “{added.label}” is added. Programs can use it as {added.name}.")
            return opened.back()
    return show(request, opened, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def show(request: HttpRequest, opened: Opened, form: FieldForm, status: int = HTTPStatus.OK) -> HttpResponse:
    form.focus()
    entries = opened.fields
    moved = (request.GET.get("moved", ""), request.GET.get("to", ""))
    used = [_row(opened, entry, moved) for entry in entries if entry.archived_at is None]
    context = {
        "form": form,
        "rows": used,
        "archived": [_row(opened, entry, moved) for entry in entries if entry.archived_at],
        "resources": dynamic(opened.access.catalogue),
        "place": next((place for place, row in enumerate(used, start=1) if row.focus), None),
    }
    return render(request, "fields/fields.html", opened.context | context, status=status)


def _row(opened: Opened, entry: Configured, moved: tuple[str, str]) -> Row:
    key = entry.field.key
    return Row(
        entry=entry,
        type=TYPES[entry.field.type],
        is_owned=opened.is_owned(key),
        focus=moved[1] if moved[0] == key and moved[1] in ("up", "down") else "",
    )
