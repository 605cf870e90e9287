"""The navigation of every page: read only when a template asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import User
from apps.dashboard.board import access as boards
from apps.projects import catalogues, policy, queries
from apps.projects.models import Membership, Project, Role
from apps.projects.policy import Right


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    icon: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Links under a heading: first `title`, then `subtitle`, both may be empty."""

    links: Sequence[Link]
    title: str = ""
    subtitle: str = ""


_OVERVIEW = (
    ("Overview", "project", "layout-dashboard", Right.PROJECT_VIEW),
    ("Team", "team", "users", Right.TEAM_VIEW),
)
_DEVELOPER_ACCESS = (
    ("API Keys", "keys", "key", Right.KEYS_MANAGE),
    ("Revoked / Expired", "keys_ended", "archive", Right.KEYS_MANAGE),
    ("Fields", "fields", "forms", Right.FIELDS_MANAGE),
    ("Webhooks", "webhooks", "webhook", Right.WEBHOOKS_MANAGE),
    ("Audit", "audit", "history", Right.AUDIT_VIEW),
)

_OWN = (
    ("My keys", "my_keys", "user-key"),
    ("Partner area", "partner", "briefcase"),
)

_WEBHOOK_PAGES = ("webhook", "webhook_new", "webhook_edit", "webhook_rotate", "webhook_delete", "delivery")

_PARENTS = {
    "key": "keys",
    "key_new": "keys",
    "key_create": "keys",
    "key_revoke": "keys",
    "key_revoke_now": "keys",
    "key_rotate": "keys",
    "key_rotate_now": "keys",
    "key_delete": "keys",
    "key_delete_now": "keys",
} | dict.fromkeys(("team_invite", "member_role", "member_grants", "member_remove"), "team")
_PARENTS |= dict.fromkeys(_WEBHOOK_PAGES, "webhooks")
_PARENTS |= dict.fromkeys(("field_add", "field_edit", "field_archive"), "fields")
_PARENTS |= dict.fromkeys(("board_move", "board_record"), "board")
_PARENTS |= dict.fromkeys(("my_key_generate", "my_key_rotate", "my_key_delete"), "my_keys")
"""Pages that have no entry of their own, and the one that is current while they are open."""


class Navigation:
    """What the signed-in user may reach from this page. One query, made at the first look."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def _memberships(self) -> list[Membership]:
        user = self._request.user
        return list(queries.projects_of(user)) if isinstance(user, User) else []

    @cached_property
    def _membership(self) -> Membership | None:
        """That in the project of the address; on pages without a project, the only one there is."""
        match = self._request.resolver_match
        slug = match.kwargs.get("slug") if match else None
        if slug is None:
            return self._memberships[0] if len(self._memberships) == 1 else None
        return next((m for m in self._memberships if m.project.slug == slug), None)

    @property
    def project(self) -> Project | None:
        return self._membership.project if self._membership else None

    @property
    def others(self) -> list[Project]:
        return [m.project for m in self._memberships if m is not self._membership]

    @property
    def sections(self) -> list[Section]:
        if self._membership is None:
            return [Section([Link("Projects", "/", "folders", is_current=self._request.path == "/")]), self._own]
        developer_access = self._links(_DEVELOPER_ACCESS)
        overview, *others = self._links(_OVERVIEW)
        sections = [Section([overview, *self._boards(self._membership), *others])]
        if developer_access:
            sections.append(Section([*developer_access, self._documentation], "Settings", "Developer access"))
        return [*sections, self._own]

    def _boards(self, membership: Membership) -> list[Link]:
        """The boards that the member may see; whose catalogue has none costs no query."""
        catalogue = catalogues.load().get(membership.project.catalogue)
        if catalogue is None:
            return []
        kwargs = getattr(self._request.resolver_match, "kwargs", {})
        return [
            Link(
                resource.label,
                reverse("board", args=[membership.project.slug, slug]),
                "layout-kanban",
                is_current=self._current == "board" and kwargs.get("resource") == slug,
            )
            for slug, resource in catalogue.resources.items()
            if resource.board and boards.may(membership, catalogue, resource, boards.SEE)
        ]

    @property
    def _documentation(self) -> Link:
        catalogue = f"?catalogue={self.project.catalogue}" if self.project else ""
        return Link("API documentation", reverse("docs") + catalogue, "book")

    @property
    def _own(self) -> Section:
        """What belongs to the user, in whatever project; the partner area is for those who are a partner somewhere."""
        is_partner = any(m.role == Role.PARTNER for m in self._memberships)
        links = [
            Link(label, reverse(view), icon, is_current=view == self._current)
            for label, view, icon in _OWN
            if view != "partner" or is_partner
        ]
        return Section(links, "Account")

    @property
    def account(self) -> list[Link]:
        links = [
            Link("Change password", reverse("account_change_password"), "lock"),
            self._documentation,
        ]
        if getattr(self._request.user, "is_staff", False):
            links.append(Link("Operator site", reverse("admin:index"), "server-cog"))
        return links

    @property
    def _current(self) -> str:
        match = self._request.resolver_match
        name = (match.url_name or "") if match else ""
        return _PARENTS.get(name, name)

    def _links(self, entries: Sequence[tuple[str, str, str, Right]]) -> list[Link]:
        if self._membership is None:
            return []
        slug, role = self._membership.project.slug, self._membership.role
        return [
            Link(label, reverse(view, args=[slug]), icon, is_current=view == self._current)
            for label, view, icon, right in entries
            if policy.may(role, right) and self._has(view)
        ]

    def _has(self, view: str) -> bool:
        """Whether the project's catalogue has what the page is about."""
        catalogue = catalogues.load().get(self._membership.project.catalogue) if self._membership else None
        return view != "fields" or (catalogue is not None and any(r.dynamic for r in catalogue.resources.values()))


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation` for shell.html."""
    return {"navigation": Navigation(request)}
