"""Endpoints of the product itself: keys, webhooks, people. Who may come in is said once, here.

A key needs what guards the operation in its project's catalogue (a resource of the kind `management`): the gate judges
and counts it like every other call. A user needs a right of the dashboard's policy, in the project addressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.api.authentication import Principal, principal_of
from apps.api.declared import ANY_RESOURCE
from apps.api.permissions import HasScope
from apps.api.problems import CHALLENGE, Problem
from apps.api.views import ApiView
from apps.core.resources import MANAGEMENT_OPERATIONS
from apps.core.verify import Verdict
from apps.projects import policy
from apps.projects.models import Project, Role
from apps.projects.policy import Right


class MayManage(BasePermission):
    """Whether the principal may do the view's `operation`. Closed in every case that is not spelled out."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.operation is None:
            return True  # the route does not have the method: a 405 follows
        principal = principal_of(request)
        if principal.kind == "user":
            _require_right(principal, view.right)
            return True
        guard = principal.catalogue.guard(view.operation)
        judgement = request.auth.judgement if isinstance(request.auth, Verdict) else None
        return guard is not None and judgement is not None and judgement.resource == guard.slug


class ManagementView(ApiView):
    """A view for those who manage the project.

    `operations` has one of `MANAGEMENT_OPERATIONS` for each method of the view, such as `{"GET": "keys.list"}`; a
    method without one, or one that is no operation, fails at import. `right` is what a user needs.
    """

    resource = ANY_RESOURCE
    permission_classes = (HasScope, MayManage)
    operations: ClassVar[Mapping[str, str]] = {}
    right: ClassVar[Right] = Right.KEYS_MANAGE

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        methods = {name.upper() for name in cls.http_method_names if name != "head" and hasattr(cls, name)}
        if methods != set(cls.operations) or not set(cls.operations.values()) <= set(MANAGEMENT_OPERATIONS):
            raise TypeError(
                f'{cls.__name__} names no operation for a method: write operations = {{"GET": "keys.list"}}.'
            )

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.operation = self.operations.get("GET" if request.method == "HEAD" else request.method)

    @property
    def principal(self) -> Principal:
        return principal_of(self.request)

    @property
    def project(self) -> Project:
        """The project that the request is about, as it is now."""
        return Project.objects.get(pk=self.principal.project.id)


def _require_right(principal: Principal, right: Right) -> None:
    if not policy.may(_role(principal), right):
        detail = "Only an administrator of the project can do this."
        raise Problem("forbidden", detail, {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"'})


def _role(principal: Principal) -> str:
    """The role of a user in the project, as far as it decides: who is no administrator has the least."""
    memberships = principal.key.owner.memberships if principal.key.owner else ()
    administrator = any(m.administrator for m in memberships if m.project.id == principal.project.id)
    return Role.ADMINISTRATOR if administrator else Role.PARTNER
