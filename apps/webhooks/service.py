"""The life of an endpoint: created, changed, tested, its secret rotated, deleted. Page and API call these.

Each function is one transaction with its audit event. Names are looked up, and addresses judged, before it begins;
the address that an attempt dials is judged again, at each attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit.events import EventType
from apps.core.actor import Actor
from apps.core.catalogue import Catalogue
from apps.core.errors import Conflict, FieldError, Invalid, Missing, invalid
from apps.core.ids import new_id
from apps.projects.models import Project
from apps.webhooks import addresses, ending, queries, queueing, rules, signing, vault
from apps.webhooks.models import Delivery, DeliveryStatus, Endpoint, EndpointStatus

ENDPOINTS_MAX = 50
"""Per project: each change of a record asks all of them."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint and the secret that was made for it, to be shown once; None when an earlier call has shown it."""

    endpoint: Endpoint
    secret: str | None

    def __repr__(self) -> str:
        return f"NewSecret({self.endpoint.id})"


def create_endpoint(
    *,
    actor: Actor,
    project_id: str,
    catalogue: Catalogue,
    url: object,
    events: object,
    endpoint_id: str | None = None,
) -> NewSecret:
    """A new endpoint that gets these events of the project. Raises `Invalid`, and `Conflict` when there are too many.

    With an `endpoint_id` that was reserved before, a second call returns what the first one made, without its secret.
    """
    given = _cleaned({"url": partial(clean_url, url), "events": partial(rules.clean_events, catalogue, events)})
    secret = signing.new_secret()
    endpoint = Endpoint(
        id=endpoint_id or new_id("whk"),
        project_id=project_id,
        **given,
        created_at=timezone.now(),
        created_by=actor.label[:254],
    )
    endpoint.secret = vault.seal(secret, endpoint.id)
    with transaction.atomic(durable=True):
        if not _insert(endpoint):
            return NewSecret(queries.endpoint_in(project_id, endpoint.id), None)
        ending.record(EventType.WEBHOOK_CREATED, actor, endpoint, {"events": endpoint.events})
    return NewSecret(endpoint, secret)


def update_endpoint(
    *,
    actor: Actor,
    project_id: str,
    catalogue: Catalogue,
    endpoint_id: str,
    url: object = None,
    events: object = None,
    status: object = None,
) -> Endpoint:
    """The endpoint with what is given changed; None leaves as it is. Raises `Invalid`, `Missing`.

    What waits for a disabled one is kept for `ending.PAUSE`, and goes on when it is enabled within that time. What
    happens meanwhile is not sent: an enabled one gets the events from then on.
    """
    checks: dict[str, Callable[[], Any]] = {
        "url": partial(clean_url, url),
        "events": partial(rules.clean_events, catalogue, events),
        "status": partial(_clean_status, status),
    }
    given = {"url": url, "events": events, "status": status}
    changes = _cleaned({name: check for name, check in checks.items() if given[name] is not None})
    with transaction.atomic(durable=True):
        row = _locked(project_id, endpoint_id)
        changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
        if changed:
            _change(actor, row, changed)
    return row


def rotate_secret(*, actor: Actor, project_id: str, endpoint_id: str, rotation_id: str = "") -> NewSecret:
    """The endpoint with a new secret. For 24 hours the one before signs as well, so that receivers can change over.

    With the `rotation_id` of the latest rotation, it is returned as that has left it, without its secret: a second one
    would take away the secret that receivers have.
    """
    secret = signing.new_secret()
    with transaction.atomic(durable=True):
        row = _locked(project_id, endpoint_id)
        if rotation_id and row.rotation_id == rotation_id:
            return NewSecret(row, None)
        row.old_secret, row.old_secret_until = row.secret, timezone.now() + signing.OVERLAP
        row.secret, row.rotation_id = vault.seal(secret, row.id), rotation_id
        row.save(update_fields=["secret", "rotation_id", "old_secret", "old_secret_until"])
        ending.record(EventType.WEBHOOK_ROTATED, actor, row, {})
    return NewSecret(row, secret)


def delete_endpoint(*, actor: Actor, project_id: str, endpoint_id: str) -> Endpoint:
    """The endpoint, off every list, with its secrets gone; nothing is sent to it any more. Raises `Missing`."""
    with transaction.atomic(durable=True):
        row = _locked(project_id, endpoint_id)
        row.deleted_at, row.secret, row.old_secret, row.old_secret_until = timezone.now(), "", "", None
        row.save(update_fields=["deleted_at", "secret", "old_secret", "old_secret_until"])
        ending.give_up_waiting(row)
        ending.record(EventType.WEBHOOK_DELETED, actor, row, {"events": row.events})
    return row


def send_test(*, actor: Actor, project_id: str, endpoint_id: str) -> Delivery:
    """A delivery of the event `webhook.test`, due at once. Raises `Invalid` for an address that is not public now,
    `Conflict` for a disabled endpoint, `Missing`."""
    _judge_again(project_id, endpoint_id)
    with transaction.atomic(durable=True):
        row = _enabled(project_id, endpoint_id)
        delivery = queueing.add_test(row)
        ending.record(EventType.WEBHOOK_TESTED, actor, row, {"delivery": delivery.id})
    return delivery


def send_again(*, actor: Actor, project_id: str, endpoint_id: str, delivery_id: str) -> Delivery:
    """The delivery, due at once and with its schedule anew, under the same `webhook-id`. Raises as `send_test`."""
    _judge_again(project_id, endpoint_id)
    with transaction.atomic(durable=True):
        endpoint, now = _enabled(project_id, endpoint_id), timezone.now()
        row = queries.deliveries_with(endpoint, delivery_id).select_for_update().first()
        if row is None:
            raise Missing(queries.NO_DELIVERY)
        _make_due(row, now)
        queueing.wake(row)
        ending.record(EventType.WEBHOOK_RESENT, actor, endpoint, {"delivery": row.id, "event": row.event})
    return row


def clean_url(url: object) -> str:
    """The URL, which leads to the public Internet as far as can be told now. Raises `Invalid`.

    A name without an address is let through: it is judged whenever it is dialled.
    """
    target = rules.target(url, settings.WEBHOOK_ALLOWED_HOSTS)
    try:
        addresses.dialable(target.host, target.port, is_allowed=target.is_allowed)
    except addresses.Unresolved:
        pass
    except addresses.Private as private:
        detail = f"The URL leads to {private}, which is not an address of the public Internet."
        raise invalid("/url", detail, "private_address") from None
    return str(url)


def _cleaned(checks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each check returns. Raises one `Invalid` with the faults of all."""
    values: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name, check in checks.items():
        try:
            values[name] = check()
        except Invalid as fault:
            faults.extend(fault.errors)
    if faults:
        raise Invalid(faults)
    return values


def _clean_status(status: object) -> str:
    if status not in EndpointStatus.values:
        raise invalid("/status", f"Give one of: {', '.join(EndpointStatus.values)}.", "choice")
    return str(status)


def _insert(endpoint: Endpoint) -> bool:
    """False when its ID is taken: the same request has made it before."""
    # The project's row is locked, so that two do not count the endpoints at the same time.
    Project.objects.select_for_update().get(pk=endpoint.project_id)
    if Endpoint.objects.filter(pk=endpoint.pk).exists():
        return False
    if Endpoint.objects.filter(project_id=endpoint.project_id, deleted_at=None).count() >= ENDPOINTS_MAX:
        raise Conflict(f"A project has at most {ENDPOINTS_MAX} webhooks. Delete one first.", "too_many_webhooks")
    endpoint.save(force_insert=True)
    return True


def _change(actor: Actor, row: Endpoint, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        setattr(row, name, value)
    if "status" in changed:
        _switch(row, timezone.now())
    row.save(update_fields=[*changed, "is_gone", "paused_until"])
    ending.record(EventType.WEBHOOK_UPDATED, actor, row, {k: v for k, v in changed.items() if k != "url"})


def _switch(row: Endpoint, now: datetime) -> None:
    if row.is_active:
        row.is_gone = False
        ending.go_on(row, now)
    else:
        ending.pause(row, now)


def _locked(project_id: str, endpoint_id: str) -> Endpoint:
    row = queries.endpoints_with(project_id, endpoint_id).select_for_update().first()
    if row is None:
        raise Missing(queries.NO_ENDPOINT)
    return row


def _enabled(project_id: str, endpoint_id: str) -> Endpoint:
    row = _locked(project_id, endpoint_id)
    if not row.is_active:
        raise Conflict("The webhook is disabled. Enable it first.", "webhook_disabled")
    return row


def _judge_again(project_id: str, endpoint_id: str) -> None:
    """Says at once what the attempt would find a moment later."""
    clean_url(queries.endpoint_in(project_id, endpoint_id).url)


def _make_due(row: Delivery, now: datetime) -> None:
    row.status, row.next_attempt_at, row.tries = DeliveryStatus.PENDING, now, 0
    row.claim, row.claimed_until = "", None
    row.save(update_fields=["status", "next_attempt_at", "tries", "claim", "claimed_until"])
