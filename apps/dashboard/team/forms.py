"""The forms of the Team page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from apps.accounts.rules import EMAIL_MAX, clean_email
from apps.core.catalogue import Catalogue
from apps.dashboard.forms import clean_by
from apps.dashboard.team import words
from apps.projects.models import Role

CHOOSE_ROLE = "Choose one of the roles: administrator, member or partner."


class InviteForm(forms.Form):
    """`scope` is judged by the service, as that of the API."""

    email = forms.CharField(
        label="Email",
        max_length=EMAIL_MAX,
        error_messages={"required": "Give the address of the person to invite."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "name@example.com"}),
    )
    role = forms.ChoiceField(
        label="Role",
        choices=Role.choices,
        initial=Role.MEMBER,
        error_messages={"required": CHOOSE_ROLE, "invalid_choice": CHOOSE_ROLE},
    )

    def clean_email(self) -> str:
        return clean_by(clean_email, self.cleaned_data["email"])

    @property
    def chosen(self) -> list[str]:
        """The scopes as they were sent."""
        return list(self.data.getlist("scope")) if isinstance(self.data, QueryDict) else []

    @property
    def grants(self) -> list[str] | None:
        """Those for the service: None, which keeps what an earlier invitation grants, where nothing was chosen. An
        administrator may do everything, and is granted nothing."""
        return None if self.cleaned_data["role"] == Role.ADMINISTRATOR else self.chosen or None


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label="Role",
        choices=Role.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ROLE, "invalid_choice": CHOOSE_ROLE},
    )

    def __init__(self, catalogue: Catalogue, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._catalogue = catalogue

    def options(self) -> list[dict[str, Any]]:
        """For the template: each role with its words in a project of the catalogue."""
        chosen = self["role"].value()
        return [{"words": role, "is_chosen": role.slug == chosen} for role in words.roles(self._catalogue)]
