"""/metrics: in Prometheus' text format, for those who may watch the installation."""

from __future__ import annotations

import ipaddress
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from apps.core.client import client_ip
from apps.dashboard.metrics.collector import Boltkeys

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")

_registry = CollectorRegistry()
_registry.register(Boltkeys())


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    if settings.METRICS_TOKEN:
        return _text() if _has_token(request) else _refused(401, "Send the METRICS_TOKEN: Authorization: Bearer ….")
    if _is_allowed(_address(request)):
        return _text()
    return _refused(403, "Metrics are shown to METRICS_ALLOWED, or to whoever has the METRICS_TOKEN.")


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())


def _address(request: HttpRequest) -> str | None:
    """Who asks. None: a proxy stands in between that `TRUSTED_PROXIES` does not know of, and who asked it is not known.

    Otherwise a proxy on this machine would make everybody a neighbour.
    """
    if any(header in request.META for header in FORWARDED):
        return client_ip(request.META, settings.TRUSTED_PROXIES) if settings.TRUSTED_PROXIES else None
    return client_ip(request.META)


def _is_allowed(address: str | None) -> bool:
    if address is None:
        return False
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(allowed) for allowed in settings.METRICS_ALLOWED)


def _text() -> HttpResponse:
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


def _refused(status: int, text: str) -> HttpResponse:
    headers = {"WWW-Authenticate": 'Bearer realm="metrics"'} if status == 401 else {}
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)
