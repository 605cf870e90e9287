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
from apps.core.fields import CHOICES, TYPES, Field
from apps.dashboard.board import cards
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
    fixed = entry.field.type if opened.is_built_in(key) else ""
    if request.method != "POST":
        return _form(request, opened, entry, FieldForm(initial=initial(entry.field), fixed_type=fixed))
    form = FieldForm(request.POST, fixed_type=fixed)
    if form.is_valid():
        if held := _held(request, opened, entry, form):
            return _form(request, opened, entry, form, held=held, gone="\n".join(held))
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


def _held(request: HttpRequest, opened: Opened, entry: Configured, form: FieldForm) -> dict[str, int]:
    """The options that would go and how many records hold each, unless it was agreed to just these. Who has seen an
    older revision is told of that first."""
    to, field = form.definition(), entry.field
    if not {field.type, to.type} <= CHOICES or _seen(request) != entry.revision:
        return {}
    removed = [option for option in field.options if option not in to.options]
    held = queries.holders(opened.access.project.id, opened.resource, field, removed)
    return {} if set(held) <= set(request.POST.get("gone", "").splitlines()) else held


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
    context = {"entry": entry, "holding": holding, "called": _called(opened, entry.field)}
    return question(request, "fields", "archive", opened.context | context)


def _called(opened: Opened, field: Field) -> str:
    """What the cards of the board are called by without the field; "" where nothing changes."""
    used = [entry.field for entry in opened.fields if entry.archived_at is None]
    if not opened.resource.board or cards.heading(used) != field:
        return ""
    instead = cards.heading([other for other in used if other != field])
    untitled = f"“Untitled {opened.one}”"
    if instead is None:
        return f"Every card on the board is called {untitled} until you restore it."
    return f"Cards on the board are called by their {instead.label} instead, and {untitled} where that is empty."
