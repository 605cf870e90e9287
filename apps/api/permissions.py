"""The second lock: a view is entered only with a verdict that was given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.api.declared import ANY_RESOURCE, OPTIONAL, PUBLIC, resource_of
from apps.core.verify import Verdict

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports the default permission classes: this file


class HasScope(BasePermission):
    """Whether the request was authenticated for the resource that the view declares. Closed in every other case.

    Which action of the resource the request needs, and whether the key has it, was judged by the gate.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        resource = resource_of(view)
        if resource is PUBLIC:
            return True
        verdict = request.auth
        if resource is OPTIONAL and verdict is None:
            return True
        if not isinstance(verdict, Verdict) or not verdict or verdict.judgement is None:
            return False
        return resource in {ANY_RESOURCE, OPTIONAL} or verdict.judgement.resource == resource
