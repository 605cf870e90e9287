"""The sign-in page: allauth's, which says of too many attempts what HTTP has a word for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.views import LoginView
from django.http import HttpResponse


class SignIn(LoginView):  # type: ignore[misc]  # allauth has no types
    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        for error in form.non_field_errors().as_data():
            if error.code == "too_many_login_attempts":
                response.status_code = HTTPStatus.TOO_MANY_REQUESTS
                response["Retry-After"] = str((error.params or {}).get("seconds", 60))
        return response
