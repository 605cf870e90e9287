"""A form on a website that makes an opportunity. The key stays here: the browser never sees it. Standard library only.

KEY=sk_live_… BOLTKEYS_URL=http://127.0.0.1:8000 python form.py 8080
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from html import escape
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs

FIELDS = ("title", "contact", "email", "phone", "notes")
LONGEST = 20_000
PAGE = Template((Path(__file__).parent / "form.html").read_text(encoding="utf-8"))
THANKS = (Path(__file__).parent / "thanks.html").read_text(encoding="utf-8")
MARKED = "Please look at what is marked."
TWICE = "You have sent this form already. Send it once more if this is another request."
LATER = "We could not take this just now. Nothing is lost: please send it again in a moment."


def create(values: Mapping[str, str], once: str) -> tuple[int, dict[str, Any]]:
    """Status and body. With the same `once` it is made once, however often it is sent."""
    request = urllib.request.Request(
        os.environ["BOLTKEYS_URL"] + "/v1/opportunities",
        data=json.dumps({name: value for name, value in values.items() if value} | {"source": "website"}).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['KEY']}",
            "Content-Type": "application/json",
            "Idempotency-Key": once,
        },
    )
    for pause in (0.2, 0.5, 1, 0):
        status, body = _answer(request)
        if status not in (409, 503):  # the same form is on its way already, or boltkeys is just starting
            break
        time.sleep(pause)
    return status, body


def _answer(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    """Whatever goes wrong on the way is a 503, too."""
    try:
        with _opener.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, _problem(refusal.read())
    except (OSError, ValueError, HTTPException) as error:
        return 503, {"detail": str(error)}


class _Here(urllib.request.HTTPRedirectHandler):
    """The key goes to boltkeys and nowhere else: a redirect is an error, with its status."""

    def redirect_request(self, *args: object) -> None:
        """None: not followed."""


_opener = urllib.request.build_opener(_Here)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except ValueError:
        return {"detail": body.decode("utf-8", "replace")}


def page(once: str, values: Mapping[str, str], faults: Mapping[str, str], alert: str = "") -> str:
    """The form with what was typed, and each fault beside its field."""
    beside = {f"{name}_value": escape(values.get(name, "")) for name in FIELDS}
    beside |= {f"{name}_fault": escape(faults.get(name, "")) for name in FIELDS}
    beside |= {f"{name}_invalid": str(name in faults).lower() for name in FIELDS}
    return PAGE.substitute(beside, once=escape(once), alert=alert)


def refused(once: str, values: Mapping[str, str], problem: Mapping[str, Any]) -> tuple[int, str]:
    """What the visitor is told: the pointer of each error leads to a field."""
    if problem.get("code") == "idempotency_reused":
        return 409, page(str(uuid.uuid4()), values, {}, TWICE)
    faults = {error["pointer"].removeprefix("/"): error["detail"] for error in problem.get("errors", ())}
    if faults.keys() & set(FIELDS):
        return 422, page(once, values, faults, MARKED)
    return 502, page(once, values, {}, LATER)


class Form(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.show(200, THANKS if self.path == "/thanks" else page(str(uuid.uuid4()), {}, {}))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST:
            return self.show(413, "This is too long.")
        sent = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        values = {name: sent.get(name, [""])[0].strip() for name in FIELDS}
        once = sent.get("once", [""])[0] or str(uuid.uuid4())
        status, body = create(values, once)
        if status == 201:
            return self.redirect("/thanks")  # so that reloading sends nothing again
        self.log_error("boltkeys: %s %s", status, body.get("detail"))
        return self.show(*refused(once, values, body))

    def redirect(self, path: str) -> None:
        self.send_response(303)
        self.send_header("Location", path)
        self.end_headers()

    def show(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")  # each visitor has a `once` of their own
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Form).serve_forever()
