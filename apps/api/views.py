"""What every view of the API has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api import bodies, preferences
from apps.api.authentication import ApiKeyAuthentication
from apps.api.declared import Declared, is_declared
from apps.api.permissions import HasScope
from apps.api.problems import Problem
from apps.api.users import UserAuthentication


class ApiView(APIView):
    """A view under /v1. A subclass that forgets to declare its `resource`, or a `post` that does its work twice when
    it is sent twice, fails at import.

    `operation` names what a request does with the resource where the HTTP method does not tell it.
    """

    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    authentication_classes: Sequence[type[BaseAuthentication]] = (ApiKeyAuthentication, UserAuthentication)
    permission_classes: Sequence[type[BasePermission]] = (HasScope,)
    resource: ClassVar[str | Declared]
    operation: str | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not is_declared(getattr(cls, "resource", None)):
            raise TypeError(f'{cls.__name__} names no resource: write resource = "leads".')
        post = getattr(cls, "post", None)
        if post is not None and not getattr(post, "is_idempotent", False):
            raise TypeError(f"{cls.__name__}.post has to be @idempotent.")

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: what the framework would put into `Allow` is what the view has, not what the catalogue allows."""
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("POST", "PUT", "PATCH"):
            bodies.settle(request._request)


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises what `StrictJSONParser` raises, and a 400 when there is none."""
    if request.stream is None:
        raise Problem("invalid_json", "The body is empty. Send a JSON object, such as {}.")
    return cast(dict[str, Any], request.data)


def answer(
    request: Request, data: Any, *, status: int = 200, ignored: Sequence[str] = (), location: str | None = None
) -> Response:
    headers = preferences.headers(request, ignored) | ({"Location": location} if location else {})
    return Response(data, status=status, headers=headers)
