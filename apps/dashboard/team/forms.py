"""The forms of the Team page."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.rules import EMAIL_MAX, clean_email
from apps.dashboard.forms import clean_by
from apps.dashboard.team import words
from apps.projects.models import Role


class InviteForm(forms.Form):
    email = forms.CharField(
        label="Email",
        max_length=EMAIL_MAX,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "name@example.com"}),
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.MEMBER)

    def clean_email(self) -> str:
        return clean_by(clean_email, self.cleaned_data["email"])


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices, widget=forms.RadioSelect)

    def options(self) -> list[dict[str, Any]]:
        """For the template: each role with its words."""
        chosen = self["role"].value()
        return [{"words": role, "is_chosen": role.slug == chosen} for role in words.roles()]
