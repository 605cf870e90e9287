"""One HTTP request to an endpoint: bounded in time and size, to an address that was judged, and no further."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import Event, Timer

from apps.webhooks import addresses
from apps.webhooks.rules import Target

TOTAL_SECONDS = 15.0
"""From the look-up of the name to the last byte read; the standard recommends 15 to 30."""

CONNECT_SECONDS = 5.0
ADDRESSES_MAX = 4
READ_MAX = 4096
"""Bytes of the answer's body that are read. The connection is closed whatever else would come."""

KEPT_MAX = 1000
"""Characters of it that are kept, for the page."""

ERRORS: Mapping[str, str] = {
    "dns": "The name of the host has no address.",
    "private_address": "The name leads to an address that is not of the public Internet.",
    "connect": "Nobody answered at this address.",
    "tls": "The certificate is not valid for this host.",
    "timeout": f"There was no answer within {TOTAL_SECONDS:.0f} seconds.",
    "connection": "The connection was cut before there was an answer.",
    "protocol": "What came back was not HTTP.",
    "url": "The URL is not allowed any more.",
    "secret": "The signing secret cannot be read: the server's encryption key was changed. Rotate the secret.",
}
"""Why there was no answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the `status` of the answer, else an `error`. `retry_after` as it was sent."""

    status: int | None = None
    error: str = ""
    address: str = ""
    response: str = ""
    retry_after: str | None = None
    duration_ms: int = 0


class _Failed(Exception):
    """No answer, for a reason that `ERRORS` has."""


def post(target: Target, headers: Mapping[str, str], body: bytes, *, seconds: float = TOTAL_SECONDS) -> Outcome:
    """Sends the request once. Never raises for what the receiver or the network does; follows no redirect."""
    started, address = time.monotonic(), ""
    until = started + seconds
    try:
        dialable = addresses.dialable(target.host, target.port, is_allowed=target.is_allowed)
        with _connected(dialable, target.port, until) as sock:
            address = str(sock.getpeername()[0])
            outcome = _asked(sock, target, headers, body, until - time.monotonic())
    except addresses.Unresolved:
        outcome = Outcome(error="dns")
    except addresses.Private as private:
        outcome, address = Outcome(error="private_address"), str(private)[:45]
    except _Failed as failed:
        outcome = Outcome(error=str(failed))
    return _timed(outcome, address, started)


def _timed(outcome: Outcome, address: str, started: float) -> Outcome:
    took = int((time.monotonic() - started) * 1000)
    return Outcome(outcome.status, outcome.error, address, outcome.response, outcome.retry_after, took)


@contextmanager
def _connected(dialable: list[str], port: int, until: float) -> Iterator[socket.socket]:
    """A connection to the first of the addresses that answers. They are numbers: nothing is looked up again."""
    for address in dialable[:ADDRESSES_MAX]:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            sock = socket.create_connection((address, port), timeout=min(left, CONNECT_SECONDS))
        except OSError:
            continue
        with sock:
            yield sock
        return
    raise _Failed("connect")


def _asked(sock: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, seconds: float) -> Outcome:
    with _cut_after(sock, seconds) as is_late:
        try:
            sock.settimeout(max(seconds, 0.1))
            return _exchange(_secured(sock, target), target, headers, body, is_late)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _Failed("timeout" if is_late.is_set() else _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLCertVerificationError | ssl.SSLError):
        return "tls"
    return "connection" if isinstance(error, OSError) else "protocol"


@contextmanager
def _cut_after(sock: socket.socket, seconds: float) -> Iterator[Event]:
    """Ends the connection when the time is over, however slowly bytes come in: each one starts a socket's own timeout
    anew."""
    is_late, handle = Event(), sock.dup()

    def cut() -> None:
        is_late.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(seconds, 0.1), cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _secured(sock: socket.socket, target: Target) -> socket.socket:
    """The connection, with TLS where the URL says so: certificate and SNI are those of the name, not of the address."""
    if target.scheme != "https":
        return sock
    return _tls().wrap_socket(sock, server_hostname=target.host)


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _exchange(sock: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, is_late: Event) -> Outcome:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it is given its connection, and never dials itself
    connection.sock = sock
    try:
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": target.host_header, **headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        if is_late.is_set():  # the connection was cut within the headers, and they only seem to be whole
            raise TimeoutError
        return _answer(response)
    finally:
        connection.close()


def _answer(response: http.client.HTTPResponse) -> Outcome:
    """The status decides. A body that breaks off after it changes nothing."""
    try:
        begin = response.read(READ_MAX)
    except (OSError, http.client.HTTPException, ValueError):
        begin = b""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in begin.decode("utf-8", "replace"))
    return Outcome(status=response.status, response=text[:KEPT_MAX], retry_after=response.headers.get("Retry-After"))
