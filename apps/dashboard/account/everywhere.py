"""Signing out on all devices at once."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.dashboard.access import actor_of


@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("account_logout")
    user = cast(User, request.user)
    accounts.end_sessions(actor=actor_of(request, user), user=user)
    logout(request)
    messages.success(request, "You are signed out everywhere.")
    return redirect("account_login")
