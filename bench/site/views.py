"""The trivial view: the floor, the floor with nothing but a round trip to Redis, and the view guarded by boltkeys."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api import problems
from apps.api.authentication import ApiKeyAuthentication
from apps.api.permissions import HasScope
from apps.gate import wire

PAYLOAD = {"id": 1, "name": "widget", "ok": True}
EMPTY = wire.Script("return 0")


class Bare(APIView):
    """The floor of every table: Django REST framework, and nothing that guards."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes: Sequence[type[BasePermission]] = ()

    def get(self, request: Request) -> Response:
        return Response(PAYLOAD)


class Guarded(Bare):
    """Everything on: version, expiry, scope, rolling limit, usage by hour, resource and outcome, last use."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope,)
    resource = "leads"

    def get_exception_handler(self) -> Any:
        return problems.exception_handler


class RoundTrip(BaseAuthentication):
    """One round trip and nothing else, on a socket without any library: what no design with one can go below."""

    command = wire.pack("PING")
    _local = threading.local()

    def authenticate(self, request: Request) -> None:
        if not hasattr(self._local, "socket"):
            self._local.socket = _connect(settings.REDIS_URL)
            self._local.socket.sendall(EMPTY.loading)
            self._local.socket.recv(64)
        self._local.socket.sendall(self.command)
        self._local.socket.recv(64)


class EmptyScript(RoundTrip):
    """The same with a script that does nothing, and is given as much as that of boltkeys."""

    command = EMPTY.command(["bk:{0}:k:0123456789012345678901"] * 4, [1_800_000_000_000] * 7)


class Ping(Bare):
    authentication_classes = (RoundTrip,)


class Scripted(Bare):
    authentication_classes = (EmptyScript,)


def _connect(url: str) -> socket.socket:
    place = urlsplit(url)
    if place.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(place.path)
        return connection
    connection = socket.create_connection((place.hostname or "", place.port or 6379))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
