"""What is answered from 400 on: a response for each status, with the codes that its problems can have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.api.openapi.described import Schema, ref
from apps.api.problems import CODES, CONTENT_TYPE

WITH_BODY = ("invalid_json", "bad_request", "too_large", "unsupported_media_type")
EVERY = ("internal_error", "unavailable")
WITH_KEY = (
    *("two_keys", "ambiguous_project", "unauthenticated", "malformed", "unknown", "revoked", "deleted", "expired"),
    *("suspended", "ip_denied", "missing_scope", "unknown_project", "rate_limited"),
)
OF_RESOURCE = ("unknown_resource", "method_not_allowed")
REPEATABLE = ("invalid_idempotency_key", "idempotency_running", "idempotency_reused")

NAMES: Mapping[int, str] = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "RateLimited",
    500: "InternalError",
    503: "Unavailable",
}

_SUMMARIES: Mapping[int, str] = {
    400: "The request cannot be read, or does not say enough.",
    401: "There is no good key or token.",
    403: "The key or user may not do this.",
    404: "There is no such thing, or none that this key or user may know of.",
    405: "The project's catalogue does not have this method here; `Allow` says what there is.",
    409: "It cannot be done in the present state.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What was sent breaks a rule; `errors` names each fault.",
    429: "Too many requests. Waiting as long as `Retry-After` says works.",
    500: "A fault of the server.",
    503: "A dependency does not answer. Try again after `Retry-After`.",
}

_MEMBERS: Mapping[int, Schema] = {
    403: {
        "required_scope": "contacts:write",
        "granted_scopes": ["contacts:read"],
    },
    422: {"errors": [{"pointer": "/email", "detail": "E-mail must be an e-mail address.", "code": "format"}]},
    429: {"retry_after": 17, "violated-policies": ["minute"]},
    503: {"retry_after": 2},
}

_HEADERS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def responses(codes: Iterable[str]) -> dict[str, Schema]:
    """The responses of an operation that these codes can happen to, by status."""
    statuses = sorted({CODES[code][0] for code in codes})
    return {str(status): {"$ref": f"#/components/responses/{NAMES[status]}"} for status in statuses}


def components(base_url: str) -> dict[str, Schema]:
    """A response for each status, by name."""
    return {name: _response(status, base_url) for status, name in NAMES.items()}


def _response(status: int, base_url: str) -> Schema:
    codes = [code for code, (of, _) in CODES.items() if of == status]
    told = "\n".join(f"- `{code}`: {CODES[code][1]}" for code in codes)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *_HEADERS.get(status, ()))}
    return {
        "description": f"{_SUMMARIES[status]}\n\n{told}",
        "headers": headers,
        "content": {CONTENT_TYPE: {"schema": ref("Problem"), "example": _example(status, codes[0], base_url)}},
        "x-codes": codes,
    }


def _example(status: int, code: str, base_url: str) -> Schema:
    return {
        "type": f"{base_url}/docs#{code}",
        "title": CODES[code][1],
        "status": status,
        "detail": _SUMMARIES[status],
        "instance": "/v1/contacts",
        "code": code,
        "request_id": "req_4fTq8Zc0aVb1Xy2Lm3Nk5P",
        **_MEMBERS.get(status, {}),
    }


def schema() -> Schema:
    """`Problem`: what all of them have in common, and what some have besides."""
    fault = {
        "type": "object",
        "required": ["pointer", "detail", "code"],
        "properties": {
            "pointer": {
                "type": "string",
                "description": "Where: a JSON pointer into the body, or `?name` of a parameter of the query.",
            },
            "detail": {"type": "string", "description": "A sentence for people."},
            "code": {"type": "string", "description": "A stable word for programs.", "pattern": "^[a-z0-9_]+$"},
        },
    }
    texts = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "title": "Problem",
        "description": "An error, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri", "description": "Where the code is explained."},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "A sentence for people: what is wrong, and what to do."},
            "instance": {"type": "string", "description": "The path that was asked for, without its query."},
            "code": {
                "type": "string",
                "pattern": "^[a-z0-9_]+$",
                "description": "A stable word for programs. More may be added.",
            },
            "request_id": {"type": "string", "description": "Quote it when you ask for help."},
            "errors": {"type": "array", "items": fault, "description": "Each fault (422)."},
            "required_scope": {
                "type": ["string", "null"],
                "description": "What the key would need (403); null: no key can do this.",
            },
            "granted_scopes": {**texts, "description": "What the key has (403)."},
            "retry_after": {"type": "integer", "minimum": 0, "description": "Seconds to wait (409, 429, 503)."},
            "violated-policies": {**texts, "description": "Which limit was met (429)."},
            "choices": {**texts, "description": "Projects to choose from by X-Project, at most 20 (400)."},
            "state": {"type": "string", "description": "The state that the record is in (409)."},
            "possible_operations": {**texts, "description": "What leads on from that state (409)."},
        },
    }
