"""The document of a catalogue, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from apps.api.openapi import parameters, problems, records, shapes, values, webhooks
from apps.api.openapi.described import REGISTRY, Answer, At, Operation, Schema
from apps.api.openapi.operations import keys
from apps.api.openapi.routes import VERIFY, FieldsOf, Route, routes
from apps.api.problems import CODES
from apps.core.catalogue import Catalogue

VERSION = "3.1.0"

KEY, KEY_HEADER, TOKEN = "ApiKey", "ApiKeyHeader", "AccessToken"

_TAGS: Mapping[str, tuple[str, str]] = {
    "auth": ("Signing in", "Tokens for people."),
    "me": ("Who am I?", "What the key or user that asks is, and may do."),
    "verify": ("Who am I?", "What the key or user that asks is, and may do."),
    "openapi.json": ("This document", "What you read."),
    "api-keys": ("API keys", "Keys of the project, by administrators and keys that may."),
    "scopes": ("API keys", "Keys of the project, by administrators and keys that may."),
    "webhooks": ("Webhooks", "Subscriptions to events, and what was sent to them."),
    "members": ("Members", "The people of the project and their roles."),
}
"""What is no resource, by the part of the path that tells."""


def document(catalogue: Catalogue, fields: FieldsOf) -> dict[str, Any]:
    """The OpenAPI document of projects with this catalogue, and with these fields in place of those that it has."""
    prefixes = _prefixes(catalogue)
    served = list(routes(catalogue, fields, prefixes))
    paths: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    for route in served:
        description = REGISTRY.find(route.view, route.method)
        if description is None:
            continue  # a test says what to write
        name, told = _tag(route)
        tags.setdefault(name, told)
        item = paths.setdefault(route.path, _item(route.path))
        item[route.method.lower()] = _operation(route, description.at(route.at), name)
    _tell_apart(paths)
    made = {
        "openapi": VERSION,
        "info": _info(catalogue),
        "servers": [{"url": settings.BASE_URL, "description": "This installation."}],
        "security": [{KEY: []}, {KEY_HEADER: []}, {TOKEN: []}],
        "tags": [{"name": name, "description": told} for name, told in tags.items()],
        **_tag_groups(catalogue, tags),
        "paths": paths,
        "webhooks": webhooks.webhooks(catalogue),
        "components": _components(catalogue, _resource_components(served)),
    }
    _drop_unused(made)
    return made


def _drop_unused(made: dict[str, Any]) -> None:
    """Takes out the components that nothing refers to, such as messages in a catalogue without conversations."""
    components: dict[str, dict[str, Any]] = made["components"]
    kinds = ("schemas", "parameters", "headers", "responses")
    used: set[str] = set()
    waiting = [made["paths"], made["webhooks"]]
    while waiting:
        for name in _references(waiting.pop()) - used:
            used.add(name)
            kind, *key = name.split("/")[2:]
            waiting.append(components[kind][key[0]] if key else components[kind])
    for kind in kinds:
        components[kind] = {key: each for key, each in components[kind].items() if f"#/components/{kind}/{key}" in used}


def _references(part: Any) -> set[str]:
    if isinstance(part, Mapping):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(_references, part.values()))
    return set().union(*map(_references, part)) if isinstance(part, list) else set()


def _prefixes(catalogue: Catalogue) -> dict[str, str]:
    """`KnowledgeBase` by `knowledge_bases`; a name that boltkeys itself has gets `Record` behind it."""
    taken = {*shapes.components(catalogue), *records.common(), keys.RESTRICTED, keys.UNRESTRICTED, webhooks.EVENT}
    names = {r.slug: "".join(word.capitalize() for word in r.singular.split("_")) for r in catalogue.resources.values()}
    return {slug: f"{name}Record" if {name, f"{name}List"} & taken else name for slug, name in names.items()}


def _item(path: str) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return {"parameters": [parameters.in_path(name) for name in names]} if names else {}


def _operation(route: Route, operation: Operation, tag: str) -> dict[str, Any]:
    return {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": _told(route, operation),
        **({"x-idempotency-key": True} if _is_repeatable(route) else {}),
        "tags": [tag],
        **_security(route),
        **_parameters(route, operation),
        **_request_body(operation),
        "responses": _responses(route, operation),
    }


def _told(route: Route, operation: Operation) -> str:
    """What is to be said of it, and what it needs."""
    said = operation.description or f"{operation.summary}."
    if _is_repeatable(route):
        said += _REPEATABLE
    if route.scope:
        return f"{said}\n\nNeeds the scope `{route.scope}`{_or_administrator(route)}."
    return said if route.keys else f"{said}\n\nFor administrators of the project alone: no key can be let in."


_REPEATABLE = """

Takes an `Idempotency-Key`, 1 to 255 visible characters such as a UUID: the same key with the same body gets the same \
answer for 24 hours, without a second effect."""


def _or_administrator(route: Route) -> str:
    return "" if route.at.entry else ", or an administrator of the project"


def _security(route: Route) -> dict[str, Any]:
    of_keys: list[Schema] = [{KEY: []}] if route.keys else []
    of_people: list[Schema] = [{TOKEN: []}] if route.view != VERIFY else []
    if route.public:
        return {"security": []}
    if route.optional:
        return {"security": [{}, *of_keys, *of_people]}
    # X-API-Key stands for all operations, at the top: a client that sent all that one lists would send two keys.
    return {"security": [*of_keys, *of_people], "x-required-scope": route.scope}


def _parameters(route: Route, operation: Operation) -> dict[str, Any]:
    names = [] if route.public else ["X-Project"]
    if operation.body is not None or operation.query:
        names.append("Prefer")
    refs = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    listed = [*operation.query, *refs]
    return {"parameters": listed} if listed else {}


def _is_repeatable(route: Route) -> bool:
    return route.method == "POST" and not route.public and route.view != VERIFY


def _request_body(operation: Operation) -> dict[str, Any]:
    if operation.body is None:
        return {}
    example = {"example": operation.example} if operation.example is not None else {}
    content = {"application/json": {"schema": _as_json(operation.body), **example}}
    return {"requestBody": {"required": operation.is_body_needed, "content": content}}


def _as_json(body: Schema) -> Schema:
    """The body, inline: components have said of themselves already what all bodies have in common."""
    return body if body.keys() & {"$ref", "anyOf"} else {**body, **values.AS_JSON}


def _responses(route: Route, operation: Operation) -> dict[str, Any]:
    answers = {str(status): _answer(route, answer, status) for status, answer in operation.answers.items()}
    return {**answers, **problems.responses(_codes(route, operation))}


def _codes(route: Route, operation: Operation) -> Iterable[str]:
    yield from (code if code in CODES else "conflict" for code in operation.codes)
    yield from problems.EVERY
    if not route.public:
        yield from problems.WITH_KEY
    if route.at.entry:
        yield from problems.OF_RESOURCE
    if operation.body is not None:
        yield from problems.WITH_BODY
    if _is_repeatable(route):
        yield from problems.REPEATABLE


def _answer(route: Route, answer: Answer, status: int) -> dict[str, Any]:
    names = ["X-Request-Id", *([] if route.public else ["RateLimit-Policy", "RateLimit"])]
    names += ["Location"] if answer.location and "Location" in _sent_with(route) else []
    names += ["ETag"] if route.optional else []
    if route.at.entry is None and route.scope:
        names.append("Boltkeys-Notice")
    if answer.schema is not None and status < 300 and not route.optional:
        names += ["Boltkeys-Ignored-Fields", "Preference-Applied"]
    if _is_repeatable(route):
        names.append("Idempotency-Replayed")
    content = {"content": {"application/json": {"schema": answer.schema}}} if answer.schema is not None else {}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {"description": answer.description, "headers": headers, **content}


def _sent_with(route: Route) -> set[str]:
    return set() if route.path.endswith("/messages") else {"Location"}


def _tell_apart(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """Two operations of one name: a catalogue has a resource that is called as something of boltkeys itself."""
    seen: set[str] = set()
    for item in paths.values():
        for operation in (each for method, each in item.items() if method != "parameters"):
            if operation["operationId"] in seen:
                operation["operationId"] += "_record"
            seen.add(operation["operationId"])


def _tag(route: Route) -> tuple[str, str]:
    if route.at.entry:
        return route.at.entry.label, route.at.entry.description
    parts = route.path.removeprefix("/v1/").split("/")
    return next((_TAGS[part] for part in parts if part in _TAGS), ("Other", "What else there is."))


def _tag_groups(catalogue: Catalogue, tags: Mapping[str, str]) -> dict[str, Any]:
    """The catalogue's groups, for readers that know `x-tagGroups`, and all else beside them."""
    if not catalogue.groups:
        return {}
    grouped = {
        group.label: [r.label for r in catalogue.resources.values() if r.group == group.slug and r.label in tags]
        for group in catalogue.groups
    }
    rest = [name for name in tags if not any(name in names for names in grouped.values())]
    return {"x-tagGroups": [{"name": name, "tags": names} for name, names in {**grouped, "Project": rest}.items()]}


def _info(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "title": f"{catalogue.label} API",
        "version": "1",
        "summary": catalogue.description,
        "description": _ABOUT.format(base=settings.BASE_URL, prefix=catalogue.key_prefix),
        "contact": {"name": "Support", "email": settings.SUPPORT_EMAIL, "url": f"{settings.BASE_URL}/docs"},
        "license": {"name": "As agreed with the operator", "url": f"{settings.BASE_URL}/docs"},
        "x-catalogue": catalogue.slug,
    }


_ABOUT = """\
Send an API key as `Authorization: Bearer {prefix}_live_…` or `X-API-Key: {prefix}_live_…`, in one header, once, and \
never in a URL. People send an access token instead of a key.

Names count exactly, case and all. Those that are not known are ignored and listed in `Boltkeys-Ignored-Fields`; with \
`Prefer: handling=strict` they are a 422. Errors are `application/problem+json` (RFC 9457) with a stable `code`. Every \
POST with an `Idempotency-Key` can be sent again. The documentation is at {base}/docs.
"""


def _resource_components(served: Iterable[Route]) -> dict[str, Schema]:
    found: dict[str, At] = {}
    for route in served:
        if route.at.entry:
            found.setdefault(route.at.prefix, route.at)
    return {name: schema for at in found.values() for name, schema in records.components(at).items()}


def _components(catalogue: Catalogue, of_resources: Mapping[str, Schema]) -> dict[str, Any]:
    own = {**shapes.components(catalogue), **keys.new_keys(At(catalogue)), **records.common(), **webhooks.schemas()}
    schemas = {**own, **of_resources}
    return {
        "schemas": schemas,
        "parameters": parameters.headers(),
        "headers": parameters.answer_headers(),
        "responses": problems.components(settings.BASE_URL),
        "securitySchemes": _schemes(catalogue),
        values.IGNORED: values.ignored(),
    }


def _schemes(catalogue: Catalogue) -> dict[str, Schema]:
    key = f"{catalogue.key_prefix}_live_…"
    return {
        KEY: {"type": "http", "scheme": "bearer", "bearerFormat": key, "description": "An API key."},
        KEY_HEADER: {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
        TOKEN: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token from `/v1/auth/login`, for 15 minutes.",
        },
    }
