"""What the lists can be searched and filtered by, and why a key is revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from apps.core import secret
from apps.core.errors import Invalid
from apps.keys import queries, rules
from apps.keys.models import Reason

DEFAULT_ORDER = "-created_at"
WORDS_MAX = 80

CAUSES = [("", "Revoked and expired"), *((cause, cause.capitalize()) for cause in queries.CAUSES)]
PERIODS = {
    "": ("All time", None),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
}
OTHER = Reason.OTHER.value


def searchable(words: str) -> str:
    """What to look for: one printable line, and of a whole secret that somebody pasted only its mask."""
    line = " ".join("".join(char for char in words[:400] if char.isprintable()).split())[:WORDS_MAX]
    return secret.mask(line) if secret.is_well_formed(line) else secret.redact(line)


def holds_secret(words: str) -> bool:
    return secret.redact(words) != words


def ordering(asked: str) -> str:
    """The order that the address asks for; what is none, is the default."""
    return asked if asked.removeprefix("-") in queries.ORDERS else DEFAULT_ORDER


class EndedFilter(forms.Form):
    """The filters of Revoked / Expired."""

    q = forms.CharField(label="Search by name, mask or ID", required=False)
    cause = forms.ChoiceField(label="Cause", choices=CAUSES, required=False)
    period = forms.ChoiceField(label="Period", choices=[(k, v[0]) for k, v in PERIODS.items()], required=False)

    def words(self) -> str:
        return searchable(self.data.get("q", ""))

    def filters(self, now: datetime) -> dict[str, Any]:
        """Arguments for `queries.ended_keys`."""
        cause = self.data.get("cause", "")
        age = PERIODS.get(self.data.get("period", ""), PERIODS[""])[1]
        return {
            "search": self.words(),
            "cause": cause if cause in queries.CAUSES else "",
            "since": now - age if age else None,
        }


class RevokeForm(forms.Form):
    """Why: one of the fixed reasons with an optional note, or other with the note that says it."""

    use_required_attribute = False

    reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose a reason…"), *Reason.choices],
        error_messages={"required": "Choose a reason.", "invalid_choice": "Choose one of the reasons."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        strip=True,
        help_text="Needed for “Other”. Kept on the Revoked / Expired page and in the audit.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        reason, note = cleaned.get("reason", ""), cleaned.get("note", "")
        if reason == OTHER and not note and "note" not in self.errors:
            self.add_error("note", "Say in a few words why the key is revoked.")
        elif reason:
            text = note if reason == OTHER else f"{reason}: {note}" if note else reason
            self._keep(cleaned, text)
        return cleaned

    def _keep(self, cleaned: dict[str, Any], text: str) -> None:
        try:
            cleaned["text"] = rules.clean_reason(text)
        except Invalid as error:
            for each in error.errors:
                self.add_error("note", each.detail)
