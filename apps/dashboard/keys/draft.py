"""A key that is being made: what has been answered so far, kept in the address, and whether it can be accepted.

Every step is a form that asks by GET and carries the answers of the other steps, so that Back and Forward work by
themselves, a link can fill the form in, and nothing is kept on the server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from apps.core.errors import Invalid, invalid
from apps.core.times import parse_moment, rfc3339
from apps.dashboard import times
from apps.keys import rules
from apps.projects.models import Project

STEPS: Mapping[str, str] = {"name": "Name", "expiry": "Expiry", "permissions": "Permissions", "review": "Review"}

NEVER, CUSTOM = "never", "custom"
LIVES: Mapping[str, tuple[str, timedelta]] = {
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
    "1y": ("1 year", timedelta(days=365)),
}

RESTRICTED, UNRESTRICTED = "restricted", "unrestricted"

LEVEL = "scope-"
"""Begins the parameter of a resource of which one level is chosen: `scope-calls=calls:write`, or `scope-calls=`."""

_ANSWERS: Mapping[str, frozenset[str]] = {
    "name": frozenset({"name"}),
    "expiry": frozenset({"expiry", "expires", "zone"}),
    "permissions": frozenset({"scope", "access"}),
    "review": frozenset(),
}
"""The parameters that each step's own controls send."""

_STEP_OF: Mapping[str, str] = {"expires_at": "expiry", "scopes": "permissions", "unrestricted": "permissions"}
"""The step that asks for a field of the service; what no step asks for is told at the first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers as they were typed. `expires` is a date and time in `zone`; `exact` is the moment of the review."""

    name: str = ""
    expiry: str = NEVER
    expires: str = ""
    zone: str = ""
    scopes: tuple[str, ...] = ()
    access: str = RESTRICTED
    exact: str = ""

    @classmethod
    def of(cls, data: QueryDict) -> Draft:
        return cls(
            name=data.get("name", ""),
            expiry=data.get("expiry") or NEVER,
            expires=data.get("expires", ""),
            zone=data.get("zone", ""),
            scopes=_scopes(data),
            access=data.get("access") or RESTRICTED,
            exact=data.get("expires_at", ""),
        )

    @property
    def is_unrestricted(self) -> bool:
        return self.access == UNRESTRICTED

    @property
    def granted(self) -> tuple[str, ...]:
        return () if self.is_unrestricted else self.scopes

    def parameters(self) -> list[tuple[str, str]]:
        """All answers, as the query of a link or the hidden inputs of a form."""
        single = [("name", self.name), ("expiry", self.expiry), ("access", self.access)]
        if self.expiry == CUSTOM or self.expires:
            single += [("expires", self.expires), ("zone", self.zone)]
        return single + [("scope", scope) for scope in self.scopes]

    def carried(self, step: str) -> list[tuple[str, str]]:
        """The answers that the step's own controls do not send."""
        return [(name, value) for name, value in self.parameters() if name not in _ANSWERS[step]]

    def query(self, step: str) -> str:
        return urlencode([("step", step), *self.parameters()])

    def expires_at(self, now: datetime) -> datetime | None:
        """The moment at which the key would expire. Raises `Invalid` for what is no moment; judges nothing else."""
        if self.exact:
            return parse_moment(self.exact, pointer="/expires_at")
        if self.expiry == NEVER:
            return None
        if self.expiry in LIVES:
            return now + LIVES[self.expiry][1]
        if self.expiry == CUSTOM:
            return self._typed_moment()
        raise invalid("/expires_at", "Choose when the key expires.", "choice")

    def typed_here(self) -> str:
        """What was typed as date and time, told in the reader's zone, if it can be read."""
        try:
            return timezone.localtime(self._typed_moment()).replace(tzinfo=None).isoformat(timespec="minutes")
        except (Invalid, OverflowError):
            return self.expires

    def _typed_moment(self) -> datetime:
        if not self.expires.strip():
            raise invalid("/expires_at", "Give the date and time at which the key expires.", "required")
        try:
            typed = datetime.fromisoformat(self.expires.strip())
            here = times.zone(self.zone) or timezone.get_current_timezone()
            moment = typed if typed.tzinfo else typed.replace(tzinfo=here)
            return parse_moment(rfc3339(moment), pointer="/expires_at")
        except (ValueError, OverflowError) as error:
            detail = "This is not a date and time. Write it like 2027-01-31T12:00."
            raise invalid("/expires_at", detail, "format") from error


def _scopes(data: QueryDict) -> tuple[str, ...]:
    """The scopes that were chosen, each once, whether by checkboxes, by levels or by a link."""
    levels = [scope for name, scope in data.items() if name.startswith(LEVEL) and isinstance(scope, str) and scope]
    return tuple(dict.fromkeys([*data.getlist("scope"), *levels]))


@dataclass(frozen=True, slots=True)
class Fault:
    """The first step with something wrong, and what it is."""

    step: str
    messages: tuple[str, ...]


def first_fault(draft: Draft, project: Project, now: datetime, *, before: str) -> Fault | None:
    """What is wrong in the steps that come before the step `before`, looked at in their order."""
    checks: Mapping[str, Callable[[], object]] = {
        "name": lambda: rules.clean_free_name(project, draft.name),
        "expiry": lambda: rules.clean_expiry(draft.expires_at(now), now),
        "permissions": lambda: _check_access(draft, project),
    }
    for step in STEPS:
        if step == before:
            return None
        try:
            checks[step]()
        except Invalid as error:
            return fault(error)
    return None


def fault(error: Invalid) -> Fault:
    """The step that a refusal belongs to."""
    step = _STEP_OF.get(error.errors[0].pointer.split("/")[1], "name")
    return Fault(step, tuple(dict.fromkeys(each.detail for each in error.errors)))


def _check_access(draft: Draft, project: Project) -> None:
    if draft.access not in (RESTRICTED, UNRESTRICTED):
        raise invalid("/unrestricted", "Choose whether the key is restricted.", "choice")
    rules.clean_scopes(project, draft.granted, unrestricted=draft.is_unrestricted, for_owner=False)
