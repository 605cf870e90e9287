"""`Idempotency-Key`: a POST that is sent again does its work once (draft-ietf-httpapi-idempotency-key-header-07).

A key is remembered for 24 hours together with who sent it, where to, and what. While the first request runs, others get
a 409; afterwards the same request gets the same answer, and another one a 422. Only successes are kept: what was
refused has changed nothing and may be tried again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.authentication import principal_of
from apps.api.models import KeptAnswer
from apps.api.problems import Problem, as_problem
from apps.core.ids import LENGTH, new_id, random_text

KEPT = timedelta(hours=24)

STALE = timedelta(seconds=60)
"""A request that has run for so long has been cut off: the next one takes over, with the same reserved ID."""

REPLAYED_HEADER = "Idempotency-Replayed"
KEPT_HEADERS = ("Location", "Boltkeys-Ignored-Fields", "Preference-Applied")

SECRETS = frozenset({"secret_key", "secret"})
"""Members of an answer that are given once: the kept answer has null in their place, unless the view says by its
`given_once` that in its answers they are something else."""

SWEPT_AT_ONCE = 100
SWEPT_EVERY = 300

_KEY = re.compile(r'"?[!#-\[\]-~]{1,255}"?')

Handler = TypeVar("Handler", bound=Callable[..., HttpResponse])


def idempotent(handler: Handler) -> Handler:
    """Makes the `post` of a view honour `Idempotency-Key`. Every view's `post` is made so, or the import fails."""

    @wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return handler(view, request, *args, **kwargs)
        row = _claim(_digest(request, _checked(key)), _fingerprint(request), timezone.now())
        if row.status is not None:
            return _replay(row)
        request.META[_RESERVED] = row.reserved
        return _first(row, lambda: handler(view, request, *args, **kwargs), getattr(view, "given_once", SECRETS))

    post.is_idempotent = True  # type: ignore[attr-defined]
    return post  # type: ignore[return-value]


def repeatable(handler: Handler) -> Handler:
    """Says of the `post` of a view that it has no use for `Idempotency-Key`, and that nothing of it may be kept."""
    handler.is_idempotent = True  # type: ignore[attr-defined]
    return handler


_RESERVED = "boltkeys.reserved_id"


def reserved_id(request: Request, prefix: str) -> str:
    """The ID for what this request makes: the same one when it is sent again, after being cut off."""
    reserved = request.META.get(_RESERVED)
    return f"{prefix}_{reserved}" if reserved else new_id(prefix)


def every(clock: Callable[[int, Callable[[datetime], object]], None]) -> None:
    """Says how often it is to be called: `clock(seconds, tick)`. Answers hold what records say, and that is forgotten
    in time even if nobody sends an `Idempotency-Key` any more."""
    clock(SWEPT_EVERY, sweep_all)


def sweep_all(now: datetime) -> None:
    """Forgets all answers whose time is over."""
    while sweep(now):
        pass


def sweep(now: datetime) -> int:
    """Forgets some of the answers whose time is over. Returns how many."""
    with transaction.atomic(durable=True):
        old = KeptAnswer.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
        mine = old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SWEPT_AT_ONCE]
        return KeptAnswer.objects.filter(pk__in=list(mine)).delete()[0]


def _checked(key: str) -> str:
    """The key without the quotes that the draft has around it (RFC 8941 string) and many clients leave out."""
    if not _KEY.fullmatch(key) or (key.startswith('"') != key.endswith('"')):
        detail = "An Idempotency-Key has 1 to 255 visible ASCII characters, such as a UUID."
        raise Problem("invalid_idempotency_key", detail)
    return key.strip('"')


def _digest(request: Request, key: str) -> str:
    principal = principal_of(request) if request.user else None
    who = [principal.kind, principal.key.key_id, principal.project.id] if principal else []
    return _hash([who, request.path, key])


def _fingerprint(request: Request) -> str:
    """Of what the request says, not of how it is written: neither white space nor the order of members counts."""
    body = None if request.stream is None else request.data
    return _hash([request.META.get("QUERY_STRING", ""), request.META.get("HTTP_PREFER", ""), body])


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()


def _claim(digest: str, fingerprint: str, now: datetime) -> KeptAnswer:
    """The row with the answer, or a row without one, which is then ours to fill. Raises 409 and 422."""
    sweep(now)
    KeptAnswer.objects.filter(digest=digest, created_at__lt=now - KEPT).delete()
    row = KeptAnswer(
        digest=digest, fingerprint=fingerprint, reserved=random_text(LENGTH), created_at=now, started_at=now
    )
    try:
        with transaction.atomic(durable=True):
            row.save(force_insert=True)
    except IntegrityError:
        return _existing(digest, fingerprint, now)
    return row


def _existing(digest: str, fingerprint: str, now: datetime) -> KeptAnswer:
    row = KeptAnswer.objects.filter(digest=digest).first()
    if row is None:  # refused and forgotten a moment ago
        raise _running()
    if row.fingerprint != fingerprint:
        detail = "This Idempotency-Key came with another request before. Take a new one for each request."
        raise Problem("idempotency_reused", detail)
    if row.status is None and not _take_over(row, now):
        raise _running()
    return row


def _take_over(row: KeptAnswer, now: datetime) -> bool:
    mine = KeptAnswer.objects.filter(digest=row.digest, status=None, started_at=row.started_at)
    return row.started_at < now - STALE and mine.update(started_at=now) == 1


def _running() -> Problem:
    detail = "The first request with this Idempotency-Key is still running. Try again in a moment."
    return Problem("idempotency_running", detail, {"Retry-After": "1"}, {"retry_after": 1})


def _first(row: KeptAnswer, handle: Callable[[], HttpResponse], given_once: Collection[str]) -> HttpResponse:
    """The answer, kept when it is a success. What was refused may be tried again as if for the first time; after a
    failure in the middle the next one takes over, with the ID that may be in use already."""
    kept = KeptAnswer.objects.filter(digest=row.digest, reserved=row.reserved, status=None)
    try:
        response = handle()
    except Exception as exc:
        if as_problem(exc).status_code < 500:
            kept.delete()
        else:
            kept.update(started_at=row.started_at - 2 * STALE)
        raise
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    kept.update(status=response.status_code, headers=headers, body=_body(response, given_once))
    return response


def _body(response: HttpResponse, given_once: Collection[str]) -> str:
    return JSONRenderer().render(_without(given_once, response.data)).decode() if isinstance(response, Response) else ""


def _without(given_once: Collection[str], data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    return {name: None if name in given_once else value for name, value in data.items()}


def _replay(row: KeptAnswer) -> HttpResponse:
    headers = {**row.headers, REPLAYED_HEADER: "true"}
    return HttpResponse(row.body, status=row.status, content_type="application/json", headers=headers)
