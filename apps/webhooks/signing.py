"""Standard Webhooks: the secret, and the headers of an attempt (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from apps.webhooks import vault
from apps.webhooks.models import Delivery, Endpoint

SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""For how long a rotated secret still signs, beside its successor."""


def new_secret() -> str:
    """`whsec_` and the base64 of 32 bytes from the system's CSPRNG; the standard asks for 24 to 64."""
    return "whsec_" + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first. Raises `vault.Unreadable`."""
    sealed = [endpoint.secret]
    if endpoint.old_secret_until and endpoint.old_secret_until > now:
        sealed.append(endpoint.old_secret)
    return [vault.unseal(each, endpoint.id) for each in sealed if each]


def headers(delivery: Delivery, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """`webhook-id`, the same at each attempt; `webhook-timestamp` in Unix seconds; a signature by each secret."""
    at = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(delivery.id, at, delivery.payload) for secret in secrets]
    return {
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
