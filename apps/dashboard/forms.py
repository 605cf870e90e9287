"""What forms have in common: broken rules come from the services and stand beside their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.core.exceptions import ValidationError

from apps.core.errors import BoltkeysError, Invalid

T = TypeVar("T")


def clean_by(rule: Callable[[str], T], value: str) -> T:
    """`rule(value)`, with what it raises turned into the error of a form field."""
    try:
        return rule(value)
    except Invalid as error:
        raise ValidationError([ValidationError(e.detail, code=e.code) for e in error.errors]) from error


def add_errors(form: forms.BaseForm, error: BoltkeysError, *, field: str | None = None) -> None:
    """Puts what a service refused into the form: beside the field it is about, else beside `field` or above all."""
    if not isinstance(error, Invalid):
        form.add_error(field, error.detail)
        return
    for fault in error.errors:
        about = fault.pointer.split("/")[1]
        form.add_error(about if about in form.fields else field, fault.detail)
