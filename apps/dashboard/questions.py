"""A question before an act: a page of its own, or a fragment for the dialog of the page that asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.core.errors import Missing

View = Callable[..., HttpResponse]


def existing(view: View) -> View:
    """Answers 404 when what the address names is not there, or was deleted a moment before the view acted on it."""

    @wraps(view)
    def found(*args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except Missing as missing:
            raise Http404 from missing

    return found


def question(
    request: HttpRequest, folder: str, name: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """`<folder>/<name>.html`, or its fragment `<folder>/_<name>.html` for htmx."""
    template = f"{folder}/_{name}.html" if request.headers.get("HX-Request") else f"{folder}/{name}.html"
    response = render(request, template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
