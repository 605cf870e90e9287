"""The link of an invitation: for somebody with an account, and for somebody without."""

from __future__ import annotations

from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import User
from apps.accounts.queries import user_with_email
from apps.core.errors import Conflict, Refused
from apps.dashboard.access import actor_of, visitor_of
from apps.dashboard.account.forms import JoinForm
from apps.projects import invitations, queries
from apps.projects.models import Invitation, Membership


@never_cache
@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    invitation = _open_invitation(token)
    if invitation is None:
        return _closed(request, token)
    if isinstance(request.user, User):
        return _show_to_user(request, invitation, request.user, token)
    if user_with_email(invitation.email):
        here = urlencode({"next": reverse("invitation", args=[token])})
        context = {"invitation": invitation, "sign_in_url": f"{reverse('account_login')}?{here}"}
        return render(request, "account/invitation_sign_in.html", context)
    return _show_join(request, invitation, JoinForm(email=invitation.email), token)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    invitation = _open_invitation(token)
    if request.method != "POST" or invitation is None or not isinstance(request.user, User):
        return redirect("invitation", token)
    user = request.user
    try:
        made = invitations.accept(actor=actor_of(request, user), invitation=invitation, user=user)
    except (Refused, Conflict):
        return redirect("invitation", token)  # which says what is the matter
    return _welcome(request, made)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    invitation = _open_invitation(token)
    if request.method != "POST" or invitation is None or request.user.is_authenticated:
        return redirect("invitation", token)
    form = JoinForm(request.POST, email=invitation.email)
    if not form.is_valid():
        return _show_join(request, invitation, form, token, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    visitor = visitor_of(request)
    try:
        made = invitations.accept_as_new_user(
            ip=visitor.ip, request_id=visitor.request_id, invitation=invitation, **form.cleaned_data
        )
    except Conflict:
        return redirect("invitation", token)
    get_adapter(request).login(request, made.user)
    return _welcome(request, made)


def _open_invitation(token: str) -> Invitation | None:
    invitation = queries.invitation_by_token(token)
    return invitation if invitation and invitation.state(timezone.now()) == "open" else None


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    invitation = queries.invitation_by_token(token)
    state = invitation.state(timezone.now()) if invitation else "unknown"
    status = HTTPStatus.GONE if invitation else HTTPStatus.NOT_FOUND
    context = {"invitation": invitation, "state": state, "support": settings.SUPPORT_EMAIL}
    return render(request, "account/invitation_closed.html", context, status=status)


def _show_to_user(request: HttpRequest, invitation: Invitation, user: User, token: str) -> HttpResponse:
    template = "accept" if user.email == invitation.email else "other_account"
    context = {"invitation": invitation, "token": token, "here": reverse("invitation", args=[token])}
    return render(request, f"account/invitation_{template}.html", context)


def _show_join(
    request: HttpRequest, invitation: Invitation, form: JoinForm, token: str, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {"invitation": invitation, "form": form, "token": token}
    return render(request, "account/invitation_join.html", context, status=status)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    project = membership.project
    messages.success(request, f"Welcome to {project.name}. You are {membership.get_role_display().lower()} here.")
    return redirect("project", project.slug)
