"""A field is changed, moved, archived, restored."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from apps.core.errors import Conflict, Invalid
from apps.core.fields import TYPES
from apps.dashboard.fields.access import Opened, resource_for
from apps.dashboard.fields.forms import FieldForm, initial
from apps.dashboard.questions import existing, question
from apps.records import fields as service
from apps.records import queries
from apps.records.schema import Configured


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def edit(request: HttpRequest, slug: str, resource: str, key: str) -> HttpResponse:
    opened = resource_for(request, slug, resource)
    entry = opened.field(key)
    if request.method != "POST":
        return _form(request, opened, entry, FieldForm(initial=initial(entry.field)))
    form = FieldForm(request.POST)
    if form.is_valid():
        try:
            return _change(request, opened, key, form)
        except Invalid as invalid:
            form.refuse(invalid)
        except Conflict:
            return _changed_meanwhile(request, opened, key, form)
    return _form(request, opened, entry, form, HTTPStatus.UNPROCESSABLE_ENTITY, revision=_seen(request))


def _change(request: HttpRequest, opened: Opened, key: str, form: FieldForm) -> HttpResponse:
    definition, seen = form.definition(), _seen(request)
    changed = service.change_field(**opened.where, key=key, revision=seen, definition=definition)
    messages.success(request, f"The field “{changed.label}” is saved.")
    return opened.back()


def _changed_meanwhile(request: HttpRequest, opened: Opened, key: str, form: FieldForm) -> HttpResponse:
    """What was typed stays in the form, beside what somebody else has saved."""
    entry = opened.field(key)
    return _form(request, opened, entry, form, HTTPStatus.CONFLICT, is_stale=True, now_type=TYPES[entry.field.type])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def archive(request: HttpRequest, slug: str, resource: str, key: str) -> HttpResponse:
    opened = resource_for(request, slug, resource)
    entry = opened.field(key)
    if request.method != "POST":
        return _question(request, opened, entry)
    try:
        archived = service.archive_field(**opened.where, key=key)
        messages.success(request, f"The field “{archived.label}” is archived. Its values are kept.")
    except Conflict as refused:
        messages.error(request, refused.detail)
    return opened.back()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def restore(request: HttpRequest, slug: str, resource: str, key: str) -> HttpResponse:
    opened = resource_for(request, slug, resource)
    if request.method == "POST":
        try:
            restored = service.restore_field(**opened.where, key=key)
            messages.success(request, f"The field “{restored.label}” is in use again, with all its values.")
        except Conflict as refused:
            messages.error(request, refused.detail)
    return opened.back()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def move(request: HttpRequest, slug: str, resource: str, key: str) -> HttpResponse:
    opened = resource_for(request, slug, resource)
    to = request.POST.get("to", "")
    if request.method != "POST" or to not in ("up", "down"):
        return opened.back()
    service.move_field(**opened.where, key=key, up=to == "up")
    return opened.back(moved=key, to=to)


def _seen(request: HttpRequest) -> int:
    """The revision that the form was made from; -1, which no field has, when nobody gave it."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _form(
    request: HttpRequest, opened: Opened, entry: Configured, form: FieldForm, status: int = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    form.focus()
    context = {
        "form": form,
        "entry": entry,
        "revision": entry.revision,
        "is_built_in": opened.is_built_in(entry.field.key),
    }
    return render(request, "fields/edit.html", opened.context | context | more, status=status)


def _question(request: HttpRequest, opened: Opened, entry: Configured) -> HttpResponse:
    """The question before a field is archived, as a page or as a fragment for the dialog."""
    holding = queries.with_value(opened.access.project.id, opened.resource, entry.field.key).count()
    return question(request, "fields", "archive", opened.context | {"entry": entry, "holding": holding})
