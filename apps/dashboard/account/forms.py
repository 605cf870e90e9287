"""The forms of allauth's pages, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.accounts.passwords import PASSWORD_MAX
from apps.accounts.rules import EMAIL_MAX, clean_email, clean_password
from apps.core import text
from apps.dashboard.forms import clean_by

PASSWORD_HINT = "At least 12 characters. A few unrelated words make a good one."  # noqa: S105


class SignInForm(allauth.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self)
        self.fields["login"] = _email_field()
        self.fields["login"].widget.attrs["autofocus"] = True
        self.order_fields(["login", "password"])
        self.fields["password"].help_text = ""

    def clean_login(self) -> str:
        return clean_by(clean_email, self.cleaned_data["login"])


class ResetPasswordForm(allauth.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _email_field()

    def clean_email(self) -> str:
        return clean_by(clean_email, self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Queues the mail; whether somebody has the address is found out by the worker, not while the page waits."""
        email: str = self.cleaned_data["email"]
        accounts.request_password_reset(email=email)
        return email


class NewPasswordForm(allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self)


class ChangePasswordForm(allauth.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self)
        self.fields["oldpassword"].label = "Present password"


class JoinForm(forms.Form):
    """Somebody who was invited and has no account yet."""

    name = forms.CharField(
        label="Your name",
        required=False,
        max_length=text.NAME_MAX,
        help_text="How others see you. You may leave it out.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = User(email=email)

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        return clean_by(text.clean_name, name) if name else ""

    def clean_password(self) -> str:
        return clean_by(lambda value: clean_password(value, user=self._user), self.cleaned_data["password"])


def _email_field() -> forms.EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"})
    return forms.EmailField(label="Email", max_length=EMAIL_MAX, widget=widget)


def _tidy(form: forms.Form) -> None:
    labels = {"password1": "New password", "password2": "New password, again", "password": "Password"}
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.label = labels.get(name, field.label)
        field.help_text = PASSWORD_HINT if name == "password1" else ""
        if isinstance(field.widget, forms.PasswordInput) and isinstance(field, forms.CharField):
            # An end to what a stranger can have us hash; the browser gets no maxlength, which would cut silently.
            field.validators.append(MaxLengthValidator(PASSWORD_MAX))
