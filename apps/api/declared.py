"""What a view says about itself: the resource it serves, by which a key is judged."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeGuard

from django.core.exceptions import ImproperlyConfigured


class Declared(Enum):
    ANY = "any"
    PUBLIC = "public"
    OPTIONAL = "optional"
    IN_PATH = "in_path"


ANY_RESOURCE = Declared.ANY
"""Any valid key may call the view."""

PUBLIC = Declared.PUBLIC
"""Anybody may call the view, and no key is looked at."""

OPTIONAL = Declared.OPTIONAL
"""Anybody may call the view; a key that is sent must be valid."""

RESOURCE_IN_PATH = Declared.IN_PATH
"""The resource is the argument `resource` of the route."""


def resource_of(view: Any) -> str | Declared:
    """The slug of the resource that a request to `view` is about, or `ANY_RESOURCE` or `PUBLIC`.

    Raises `ImproperlyConfigured` when the view declares nothing: it then serves nobody.
    """
    declared = getattr(view, "resource", None)
    if declared is RESOURCE_IN_PATH:
        declared = view.kwargs.get("resource")
    if is_declared(declared):
        return declared
    raise ImproperlyConfigured(f'{type(view).__name__} declares no resource: write resource = "leads".')


def is_declared(resource: object) -> TypeGuard[str | Declared]:
    return isinstance(resource, Declared) or (isinstance(resource, str) and resource != "")


def has_method(view: Any, method: str) -> bool:
    """Whether the view's route has the HTTP method, as `methods_of` lists them."""
    name = method.lower()
    return name in view.http_method_names and hasattr(view, name) and name != "options"


def methods_of(view: Any) -> list[str]:
    """The HTTP methods that the view's route has. OPTIONS is none of them: the documentation says what there is."""
    return [method for method in view.allowed_methods if method != "OPTIONS"]
