"""What rotating asks, of a project's keys and of one's own: for how long the old key works beside its successor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.accounts.models import User
from apps.keys import rules
from apps.keys.models import Key, Status
from apps.usage import queries as usage
from apps.usage import service as meter

HOUR = 3600
GRACES: Mapping[int, str] = {
    0: "None",
    HOUR: "1 hour",
    24 * HOUR: "24 hours",
    7 * 24 * HOUR: "7 days",
    rules.GRACE_MAX: "30 days",
}

OWNER, ROTATED, ENDED = "owner", "rotated", "ended"


@dataclass(frozen=True, slots=True)
class Choice:
    """`ends`: when the old key would stop."""

    seconds: int
    label: str
    ends: datetime
    is_chosen: bool


class RotateForm(forms.Form):
    grace = forms.TypedChoiceField(
        label="Grace period",
        choices=list(GRACES.items()),
        coerce=int,
        initial=rules.GRACE_DEFAULT,
        error_messages={
            "required": "Choose for how long the old key goes on working.",
            "invalid_choice": "Choose one of the grace periods.",
        },
    )

    def graces(self, key: Key, now: datetime) -> list[Choice]:
        """What can be chosen; no grace is longer than the key itself."""
        chosen = str(self["grace"].value())
        return [
            Choice(seconds, label, min(ends, key.expires_at or ends), is_chosen=str(seconds) == chosen)
            for seconds, label in GRACES.items()
            for ends in [now + timedelta(seconds=seconds)]
        ]


def obstacle(key: Key, user: User, now: datetime) -> str:
    """Why the user cannot rotate the key, as the service judges it; "" if nothing is in the way."""
    if key.owner_id not in (None, user.pk):
        return OWNER
    if key.rotated_to_id:
        return ROTATED
    return "" if key.status(now) == Status.ACTIVE else ENDED


def context(key: Key, user: User, form: RotateForm) -> dict[str, Any]:
    """What `keys/_rotation.html` shows."""
    meter.settle()
    now = timezone.now()
    return {
        "key": key,
        "form": form,
        "graces": form.graces(key, now),
        "obstacle": obstacle(key, user, now),
        "usage": usage.total(key.id, now),
    }
