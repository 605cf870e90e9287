"""The form of a new key of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.dashboard.forms import clean_by
from apps.keys import rules


class KeyForm(forms.Form):
    name = forms.CharField(
        label="Name",
        strip=False,
        help_text="Say where the key will live, such as “BI export”. 1 to 80 characters.",
        error_messages={"required": "Give the key a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.MultipleChoiceField(
        label="Permissions",
        required=False,
        error_messages={"invalid_choice": "%(value)s is nothing that you could give to a key."},
    )

    def __init__(self, offered: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = [(scope, scope) for scope in offered]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return clean_by(rules.clean_name, self.cleaned_data["name"])

    @property
    def chosen(self) -> frozenset[str]:
        """The permissions as they were ticked."""
        return frozenset(self["scope"].value() or ())
