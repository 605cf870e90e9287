"""The form of a field, new or there already."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from apps.core.errors import BoltkeysError, FieldError, Invalid
from apps.core.fields import CHOICES, OPTIONS_MAX, TYPES, Field
from apps.dashboard.forms import add_errors
from apps.records.fields import Definition


class FieldForm(forms.Form):
    """Everything but the kind of the values is judged by the service."""

    use_required_attribute = False

    name = forms.CharField(
        required=False,
        help_text="What programs send and get: a-z, 0-9 and _, such as annual_budget.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    label = forms.CharField(
        required=False,
        help_text="What people read, such as Annual budget.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    type = forms.ChoiceField(
        required=False,
        choices=list(TYPES.items()),
        error_messages={"invalid_choice": "There is no such type. Choose one of the list."},
        widget=forms.Select(attrs={"data-type": " ".join(sorted(CHOICES))}),
    )
    required = forms.BooleanField(required=False, help_text="No record can be created without it.")
    options = forms.CharField(
        required=False,
        help_text=f"Of a choice: 1 to {OPTIONS_MAX}, one on each line.",
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    description = forms.CharField(
        required=False,
        help_text="Optional. Shown to who reads the schema.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, fixed_type: str = "", **kwargs: Any) -> None:
        """`fixed_type`: the type that the field keeps, whatever is sent."""
        super().__init__(*args, **kwargs)
        if fixed_type:
            type_ = self.fields["type"]
            type_.initial = self.initial["type"] = fixed_type
            type_.disabled = True
            type_.widget = forms.HiddenInput(attrs=type_.widget.attrs)

    @property
    def type_in_words(self) -> str:
        """The type that the field keeps; "" where one can be chosen."""
        type_ = self.fields["type"]
        return TYPES[self.initial["type"]] if type_.disabled else ""

    def definition(self) -> Definition:
        data: dict[str, Any] = self.cleaned_data
        lines = [line.strip() for line in re.split(r"\r\n|\r|\n", data["options"])]
        return Definition(**data | {"options": tuple(line for line in lines if line)})

    def refuse(self, error: BoltkeysError) -> None:
        """Puts what the service refused beside the fields, and says which option is meant."""
        if isinstance(error, Invalid):
            error = Invalid([_with_place(fault) for fault in error.errors])
        add_errors(self, error)

    def focus(self) -> None:
        """Has the first field that is wrong focused when the page is shown: it may be far down."""
        wrong = [name for name in self.fields if name in self.errors]
        if self.errors:
            self.fields[[*wrong, "name"][0]].widget.attrs["autofocus"] = True


def initial(field: Field) -> dict[str, Any]:
    """The form's values for a field that is there."""
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "required": field.required,
        "options": "\n".join(field.options),
        "description": field.description,
    }


def _with_place(fault: FieldError) -> FieldError:
    _, about, *place = fault.pointer.split("/")
    if about == "options" and place:
        return FieldError("/options", f"Option {int(place[0]) + 1}: {fault.detail}", fault.code)
    return fault
