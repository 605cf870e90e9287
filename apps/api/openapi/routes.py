"""Which methods of which paths a catalogue serves, read from the routes of Django's resolver."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

from apps.api import verifying
from apps.api.declared import OPTIONAL, PUBLIC, RESOURCE_IN_PATH
from apps.api.management import ManagementView
from apps.api.openapi.described import At
from apps.core.catalogue import Catalogue
from apps.core.fields import Field
from apps.core.resources import Resource
from apps.records.steps import MACHINES, machine_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROOT = "/v1/"

OPENAPI = "OpenApi"
VERIFY = "verify"
"""What stands for the view of /v1/verify, which is answered before Django sees the request."""

FieldsOf = Mapping[str, tuple[Field, ...]]
"""The fields that a project has instead of the catalogue's, by resource."""

_RESOURCE = "<resource:resource>"
_PARAMETER = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. `scope`: what a key needs; None: no scope is asked for.

    `keys`: whether a key can be let in at all, which in some catalogues is for administrators alone. `public`: nobody
    is asked for a key; `optional`: who has one may send it.
    """

    path: str
    method: str
    view: str
    at: At
    scope: str | None = None
    keys: bool = True
    public: bool = False
    optional: bool = False


def routes(catalogue: Catalogue, fields: FieldsOf, prefixes: Mapping[str, str]) -> Iterator[Route]:
    """All that the catalogue serves. `prefixes`: what the component schemas of each resource begin with."""
    for pattern in get_resolver("apps.api.urls").url_patterns:
        if isinstance(pattern, URLPattern) and isinstance(pattern.pattern, RoutePattern):
            for entry in _resources(pattern, catalogue):
                yield from _of(pattern, catalogue, entry, fields, prefixes)
    yield Route(verifying.PATH, "POST", VERIFY, At(catalogue))


def _resources(pattern: URLPattern, catalogue: Catalogue) -> list[Resource | None]:
    """The resources that the route is about; [None]: it is about none."""
    declared = _view(pattern).resource
    if declared is RESOURCE_IN_PATH:
        declared = (pattern.default_args or {}).get("resource")
    if isinstance(declared, str):
        return [catalogue.resources[declared]] if declared in catalogue.resources else []
    if declared is not None:
        return [None]
    return [entry for entry in catalogue.resources.values() if entry.kind != "management"]


def _of(
    pattern: URLPattern,
    catalogue: Catalogue,
    entry: Resource | None,
    fields: FieldsOf,
    prefixes: Mapping[str, str],
) -> Iterator[Route]:
    view, path = _view(pattern), _path(pattern, entry)
    for method in METHODS:
        operation = _operation(pattern, method)
        if not hasattr(view, method.lower()) or not _serves(entry, method, operation, path):
            continue
        at = At(catalogue)
        if entry:
            own = fields.get(entry.slug, entry.fields)
            at = At(catalogue, entry, own, operation or "", prefixes[entry.slug])
        is_managed = issubclass(view, ManagementView)
        guard = catalogue.guard(operation) if is_managed and operation else entry
        action = guard.action_for(method, operation) if guard else None
        yield Route(
            path=path,
            method=method,
            view=view.__name__,
            at=at,
            scope=f"{guard.slug}:{action.slug}" if guard and action else None,
            keys=not is_managed or guard is not None,
            public=view.resource is PUBLIC,
            optional=view.resource is OPTIONAL,
        )


def _serves(entry: Resource | None, method: str, operation: str | None, path: str) -> bool:
    if entry is None:
        return True
    if operation is None:
        return method in entry.methods and not (entry.kind == "analytics" and path.endswith("{record_id}"))
    return operation in entry.operations and (operation not in _stepped(entry) or machine_of(entry) is not None)


def _stepped(entry: Resource) -> frozenset[str]:
    machine = MACHINES.get(entry.slug)
    return frozenset(step.operation for step in machine.steps) if machine else frozenset()


def _operation(pattern: URLPattern, method: str) -> str | None:
    """What the request does, by the name that a catalogue has for it."""
    stepped = (pattern.default_args or {}).get("operation")
    return stepped or getattr(_view(pattern), "operations", {}).get(method)


def _path(pattern: URLPattern, entry: Resource | None) -> str:
    route = str(pattern.pattern)
    if entry is not None:
        route = route.replace(_RESOURCE, entry.slug)
    return ROOT + _PARAMETER.sub(r"{\1}", route)


def _view(pattern: URLPattern) -> Any:
    return pattern.callback.view_class  # type: ignore[attr-defined]
