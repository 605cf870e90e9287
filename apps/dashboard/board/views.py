"""The board of a resource, and moving its cards."""

from __future__ import annotations

import json
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import BoltkeysError, Conflict, Invalid, Missing, invalid
from apps.core.fields import Field
from apps.dashboard.board import page
from apps.dashboard.board.access import MOVE, Opened, board_for
from apps.dashboard.board.cards import as_words, title
from apps.records import queries, service
from apps.records.models import Record


@login_required
@require_safe
def board(request: HttpRequest, slug: str, resource: str) -> HttpResponse:
    return page.show(request, board_for(request, slug, resource))


@login_required
@require_safe
def record(request: HttpRequest, slug: str, resource: str, record_id: str) -> HttpResponse:
    opened = board_for(request, slug, resource)
    found = queries.record_in(opened.access.project.id, opened.resource, record_id)
    if found is None:
        raise Http404
    return page.show_record(request, opened, found)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, slug: str, resource: str, record_id: str) -> HttpResponse:
    opened = board_for(request, slug, resource, MOVE)
    back = reverse("board", args=[slug, resource]) + page.query_of(request)
    if request.method != "POST":
        return redirect(back)
    if opened.stages is None:
        return page.show(request, opened, error="The card was not moved.", status=HTTPStatus.CONFLICT)
    try:
        moved = _move(request, opened, opened.stages, record_id)
    except (Missing, Conflict, Invalid) as fault:
        return _not_moved(request, opened, record_id, fault)
    said = f"“{title(moved, opened)}” is now in {_stage(moved, opened.stages)}."
    if request.headers.get("HX-Request"):
        return page.show(request, opened, said=said)
    messages.success(request, said)
    return redirect(f"{back}#{moved.id}")


def _move(request: HttpRequest, opened: Opened, stages: Field, record_id: str) -> Record:
    return service.update_record(
        actor=opened.access.actor,
        project_id=opened.access.project.id,
        resource=opened.resource,
        record_id=record_id,
        data={stages.name: request.POST.get("to") or None},
        strict=True,
        seen={stages.name: _seen(request)},
    ).record


def _seen(request: HttpRequest) -> object:
    try:
        return json.loads(request.POST.get("seen", ""))
    except (ValueError, RecursionError):
        raise invalid("/seen", "The page did not say which stage the card was in. Try again.", "format") from None


def _not_moved(request: HttpRequest, opened: Opened, record_id: str, fault: BoltkeysError) -> HttpResponse:
    """The board as it is now, which may be another one: what was wrong is often that the page was old."""
    now = board_for(request, opened.access.project.slug, opened.resource.slug)
    found = queries.record_in(now.access.project.id, now.resource, record_id)
    if isinstance(fault, Invalid):
        return page.show(request, now, error=f"The card was not moved. {fault.detail}", status=422)
    if isinstance(fault, Conflict) and fault.code != "changed_meanwhile":
        return page.show(request, now, error=f"The card was not moved. {fault.detail}", status=HTTPStatus.CONFLICT)
    if found is None:
        error = f"The card was not moved: this {now.one} is not there any more. Somebody has deleted it."
        return page.show(request, now, error=error, status=HTTPStatus.NOT_FOUND)
    return page.show(request, now, error=_moved_by_another(found, now), status=HTTPStatus.CONFLICT)


def _moved_by_another(record: Record, opened: Opened) -> str:
    where = f"it is in {_stage(record, opened.stages)} now" if opened.stages else "and there are no columns any more"
    return f"Somebody else has moved “{title(record, opened)}” meanwhile: {where}, and was left there."


def _stage(record: Record, stages: Field) -> str:
    value = record.data.get(stages.key)
    return f"no {stages.label.lower()}" if value is None else f"“{as_words(str(value))}”"
