"""The trivial view, guarded by each of the peers; with Django REST framework's throttle, and with a count."""

from __future__ import annotations

import time
from typing import Any

from django_redis import get_redis_connection
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView
from rest_framework_api_key.permissions import HasAPIKey
from rest_framework_simplejwt.authentication import JWTAuthentication, JWTStatelessUserAuthentication

from bench.site.views import PAYLOAD, Bare


class UserThrottle(SimpleRateThrottle):
    """It keeps a list with the time of each request of the last minute. No request of the bench is refused."""

    rate = "1000000/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"throttle_user_{request.user.pk}"


class ApiKeyThrottle(UserThrottle):
    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"throttle_key_{_key_prefix(request)}"


class DrfToken(Bare):
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)


class DrfTokenLimited(DrfToken):
    throttle_classes = (UserThrottle,)


class DrfTokenMetered(DrfTokenLimited):
    def get(self, request: Request) -> Response:
        _count(request.user.pk)
        return Response(PAYLOAD)


class Knox(Bare):
    authentication_classes = (KnoxAuthentication,)
    permission_classes = (IsAuthenticated,)


class ApiKey(Bare):
    permission_classes = (HasAPIKey,)


class ApiKeyLimited(ApiKey):
    throttle_classes = (ApiKeyThrottle,)


class ApiKeyMetered(ApiKeyLimited):
    def get(self, request: Request) -> Response:
        _count(_key_prefix(request))
        return Response(PAYLOAD)


class Jwt(Bare):
    authentication_classes = (JWTAuthentication,)
    permission_classes = (IsAuthenticated,)


class JwtStateless(Bare):
    """It asks nobody, so it cannot be revoked before it expires."""

    authentication_classes = (JWTStatelessUserAuthentication,)
    permission_classes = (IsAuthenticated,)


class JwtStatelessLimited(JwtStateless):
    throttle_classes = (UserThrottle,)


def _key_prefix(request: Request) -> str:
    return str(request.META["HTTP_AUTHORIZATION"]).partition(" ")[2].partition(".")[0]


def _count(who: Any) -> None:
    """What a user of these packages writes to know the usage: one HINCRBY into an hourly bucket."""
    get_redis_connection("default").hincrby(f"usage:{int(time.time()) // 3600}", str(who), 1)


VIEWS: dict[str, type[APIView]] = {
    "drf-token": DrfToken,
    "drf-token-limited": DrfTokenLimited,
    "drf-token-metered": DrfTokenMetered,
    "knox": Knox,
    "api-key": ApiKey,
    "api-key-limited": ApiKeyLimited,
    "api-key-metered": ApiKeyMetered,
    "jwt": Jwt,
    "jwt-stateless": JwtStateless,
    "jwt-stateless-limited": JwtStatelessLimited,
}
