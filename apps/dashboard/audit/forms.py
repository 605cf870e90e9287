"""The filters of the audit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

PERIODS = {
    "": ("All time", None),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
}
SUBJECTS = {
    "": "Everything",
    "key": "API keys",
    "member": "Members",
    "invitation": "Invitations",
    "record": "Records",
    "webhook": "Webhooks",
    "field": "Fields",
    "project": "The project",
}
WORDS_MAX = 100


class AuditFilter(forms.Form):
    """Nothing here can be wrong: what is no choice counts as none."""

    subject = forms.ChoiceField(label="What", choices=list(SUBJECTS.items()), required=False)
    actor = forms.CharField(label="Who", required=False)
    about = forms.CharField(label="About", required=False)
    period = forms.ChoiceField(label="Period", choices=[(k, v[0]) for k, v in PERIODS.items()], required=False)

    def is_active(self) -> bool:
        return any(self._words(name) for name in self.fields)

    def filters(self, now: datetime) -> dict[str, Any]:
        """Arguments for `audit.queries.events_of`."""
        subject, age = self._words("subject"), PERIODS.get(self._words("period"), PERIODS[""])[1]
        return {
            "subject": subject if subject in SUBJECTS else "",
            "actor": self._words("actor"),
            "about": self._words("about"),
            "since": now - age if age else None,
        }

    def _words(self, name: str) -> str:
        """Without characters that no label has; some of them a database would refuse."""
        typed = str(self.data.get(name, ""))[:WORDS_MAX]
        return "".join(char for char in typed if char.isprintable()).strip()
