"""The examples of the documentation: one template per language, filled in for a resource of the catalogue.

They run as they stand, given a key in the environment; tests take them off the page and run them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from apps.core.catalogue import Catalogue, Resource
from apps.core.fields import Field

LANGUAGES: Mapping[str, str] = {"curl": "curl", "python": "Python", "javascript": "JavaScript"}

NAMES: Mapping[str, str] = {
    "first": "List two records",
    "sign_in": "Sign in, refresh, sign out",
    "create": "Create a record",
    "sync": "Read all that has changed",
    "wait": "Wait when told to",
    "verify": "Ask about a key",
}

_TEXTS: Mapping[str, str] = {"name": "Maya Lindqvist", "title": "Website for Lindqvist & Co"}

_VALUES: Mapping[str, Any] = {
    "text": "An example",
    "long_text": "An example",
    "number": 1250.5,
    "integer": 3,
    "boolean": True,
    "date": "2026-03-31",
    "date_time": "2026-03-31T09:30:00Z",
    "email": "maya@example.com",
    "phone": "+49 30 5550142",
    "url": "https://example.com/",
}


@dataclass(frozen=True, slots=True)
class Snippet:
    language: str
    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    title: str
    snippets: Sequence[Snippet]


def resource_of(catalogue: Catalogue) -> Resource:
    """The resource that examples are about: its records can be listed and created, best with a plain name."""
    return max(catalogue.resources.values(), key=lambda r: (r.kind == "records", _may_create(r), _has_a_name(r)))


def sample(resource: Resource) -> dict[str, Any]:
    """A body with which a record of the resource can be created."""
    required = [field for field in resource.fields if field.required]
    others = [field for field in resource.fields if field.type in ("email", "phone", "number") and not field.required]
    return {field.name: _value(field) for field in (required + others[:2] or resource.fields[:1])}


def of(catalogue: Catalogue, resource: Resource, base_url: str) -> dict[str, Example]:
    """All examples by name."""
    action = resource.action_for("GET")
    body = sample(resource)
    as_json = json.dumps(body, ensure_ascii=False)
    context = {
        "base_url": base_url,
        "resource": resource,
        "action": action.slug if action else resource.actions[0].slug,
        "body": as_json,
        "shell_body": as_json.replace("'", r"'\''"),  # it stands between single quotes
        "python_body": repr(body),
    }
    return {name: Example(name, title, _snippets(name, context)) for name, title in NAMES.items()}


def _snippets(name: str, context: Mapping[str, Any]) -> list[Snippet]:
    return [
        Snippet(language, label, render_to_string(f"docs/examples/{name}.{language}.txt", dict(context)).strip())
        for language, label in LANGUAGES.items()
    ]


def _may_create(resource: Resource) -> bool:
    return {"GET", "POST"} <= resource.methods


def _has_a_name(resource: Resource) -> bool:
    return any(field.required and field.name in _TEXTS for field in resource.fields)


def _value(field: Field) -> Any:
    if field.type == "single_choice":
        return field.options[0]
    if field.type == "multiple_choice":
        return [field.options[0]]
    return _TEXTS.get(field.name, _VALUES[field.type])
