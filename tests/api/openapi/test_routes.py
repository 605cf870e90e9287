"""The paths of the document are the routes of the resolver: no more, no fewer, in each catalogue."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import URLPattern

from apps.accounts.models import User
from apps.api import lean, urls
from apps.api.openapi.described import REGISTRY
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from tests import make
from tests.api.call import call
from tests.api.openapi.documents import CATALOGUES, METHODS, fetched, operations

WRITE = """No description of {method} {route} ({view}).
Write in apps/api/openapi/operations/, and import a new file in its __init__.py:

@describes(views.{view}, "{method}")
def list_things(at: At) -> Operation:
    \"\"\"List things\"\"\"
    return Operation(returns(ref("ThingList"), "A page of things."), codes=["not_found"])

A schema that it refers to is added to apps/api/openapi/shapes.py (components)."""


def patterns() -> list[URLPattern]:
    return [
        pattern for pattern in urls.urlpatterns if isinstance(pattern, URLPattern) and pattern.name != "api_nowhere"
    ]


def methods_of(pattern: URLPattern) -> list[str]:
    view: Any = pattern.callback
    return [method.upper() for method in METHODS if hasattr(view.view_class, method)]


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: str(pattern.name))
def test_every_route_is_described(pattern: URLPattern) -> None:
    for method in methods_of(pattern):
        view: Any = pattern.callback
        name = view.view_class.__name__
        assert REGISTRY.find(name, method), WRITE.format(method=method, route=pattern.pattern, view=name)


def test_nothing_is_described_that_has_no_route() -> None:
    views = {p.callback.view_class.__name__: methods_of(p) for p in patterns()}  # type: ignore[attr-defined]
    assert {key for key in REGISTRY.by_method if key[1] not in views.get(key[0], [])} == {("verify", "POST")}
    assert lean.path_of("/v1/verify") is not None


@pytest.mark.django_db
@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_document_has_what_is_served(catalogue: str, alice: User) -> None:
    """Asked, one after the other, with a key that may do all: what is not served is a 404 for its path, or a 405."""
    project = make.project("Served", catalogue=catalogue, administrator=alice)
    key = good_for_all(project)
    records = a_record_each(project)
    served = {
        (path, method)
        for path in candidates(catalogue)
        for method in (each.upper() for each in METHODS)
        if is_served(key, path, method, records)
    }
    assert set(operations(fetched(catalogue))) == served | {("/v1/verify", "POST")}


def good_for_all(project: Project) -> str:
    catalogue = catalogues.get(project.catalogue)
    kind: dict[str, Any] = {"unrestricted": True} if catalogue.unrestricted else {"scopes": list(catalogue.scopes)}
    return make.new_key(project, rate_limit=1_000_000, **kind).secret


def a_record_each(project: Project) -> dict[str, str]:
    """The ID of a record, by resource; an analytics resource has none."""
    samples = {"text": "x", "phone": "+44 20 7946 0018"}
    made = {}
    for resource in catalogues.get(project.catalogue).resources.values():
        if resource.kind == "records":
            data = {field.name: samples[field.type] for field in resource.fields if field.required}
            written = service.create_record(actor=make.TESTER, project_id=project.id, resource=resource, data=data)
            made[resource.slug] = written.record.id
    return made


def candidates(catalogue: str) -> set[str]:
    """The path of every route, with each resource that it could stand for."""
    slugs = catalogues.get(catalogue).resources
    paths = ["/v1/" + re.sub(r"<str:([a-z_]+)>", r"{\1}", str(pattern.pattern)) for pattern in patterns()]
    return {path.replace("<resource:resource>", slug) for path in paths for slug in slugs}


def is_served(key: str, path: str, method: str, records: dict[str, str]) -> bool:
    slug = path.split("/")[2]
    if slug not in records and "{record_id}" in path:
        return False  # analytics: there is nothing that an ID could name
    asked = path.replace("{record_id}", f"rec_{'x' * 22}").replace("{", "").replace("}", "")
    if method == "GET" and "{record_id}" in path:
        asked = path.replace("{record_id}", records[slug])
    response = call(method, asked, key, body=None if method in {"GET", "DELETE"} else {})
    if response.status_code == 405:
        return False
    if response.status_code != 404:
        return True
    # "Nothing here" is also what is said of a thing that is not there: of a path without an ID it means the path.
    code = response.json()["code"]  # type: ignore[attr-defined]
    return bool("{" in path and code == "not_found")
