"""The classes as adopters use them in front of their own views; and views that forget something."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.authentication import ApiKeyAuthentication, Principal
from apps.api.declared import ANY_RESOURCE, PUBLIC
from apps.api.idempotency import idempotent
from apps.api.permissions import HasScope
from apps.api.views import ApiView
from apps.core.verify import Judgement, Verdict
from apps.projects.models import Project
from tests import make


class Orders(APIView):
    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope,)
    resource = "leads"

    def get(self, request: Request) -> Response:
        principal: Any = request.user
        assert isinstance(principal, Principal) and principal.is_authenticated
        return Response({"key": principal.key.key_id, "project": principal.project.slug, "scopes": principal.scopes})

    def post(self, request: Request) -> Response:
        return Response(request.data, status=201)


class Sending(Orders):
    operation = "send"


def ask(view: type[APIView], method: str = "GET", key: str = "", **headers: str) -> HttpResponse:
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = RequestFactory().generic(method, "/orders", b"{}", "application/json", headers=headers)
    response: Any = view.as_view()(request)
    return response if isinstance(response, HttpResponse) and not hasattr(response, "render") else response.render()


def status(view: type[APIView], method: str = "GET", key: str = "", **headers: str) -> int:
    return ask(view, method, key, **headers).status_code


def test_view_is_entered_with_the_permission_on_its_resource(project: Project) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    response: Any = ask(Orders, key=made.secret)
    assert response.data == {"key": made.key.id, "project": project.slug, "scopes": ["leads:read"]}
    assert status(Orders, "POST", made.secret) == 403
    assert status(Orders, "PUT", made.secret) == 405
    assert status(Orders, "OPTIONS", made.secret) == 405
    assert status(Orders) == 401
    assert status(Orders, key=make.new_key(project, "Calls", scopes=["calls:read"]).secret) == 403


def test_operation_counts_in_place_of_the_method(db: None) -> None:
    project = make.project("Boltly", catalogue="boltly")

    class Send(Orders):
        resource = "broadcasts"
        operation = "send"

    sender = make.new_key(project, "Sender", scopes=["broadcasts:send"]).secret
    creator = make.new_key(project, "Creator", scopes=["broadcasts:create", "broadcasts:read"]).secret
    assert status(Send, "POST", sender) == 201
    assert status(Send, "POST", creator) == 403
    wrong = ask(Send, "PUT", sender)
    assert (wrong.status_code, wrong["Allow"]) == (405, "GET, POST, HEAD")


def test_view_without_a_resource_lets_nobody_in(project: Project) -> None:
    class Forgetful(Orders):
        resource = ""

    key = make.new_key(project).secret
    assert status(Forgetful, key=key) == 500
    assert status(Forgetful) == 500


def test_permission_is_closed_without_a_verdict_for_this_very_resource(project: Project) -> None:
    made = make.new_key(project)
    good = ask_verdict("leads")
    cases: list[tuple[object, bool]] = [
        (None, False),
        ("ok", False),
        (True, False),
        (Verdict("ok"), False),
        (ask_verdict("calls"), False),
        (ask_verdict(""), False),
        (Verdict("missing_scope", None, Judgement("ok", None, "leads")), False),
        (good, True),
    ]
    for auth, expected in cases:
        request: Any = type("Request", (), {"auth": auth})()
        assert HasScope().has_permission(request, Orders()) is expected, auth
    assert made.key.id


def ask_verdict(resource: str) -> Verdict:
    return Verdict("ok", None, Judgement("ok", None, resource))


def test_view_of_ours_that_names_no_resource_fails_at_import() -> None:
    with pytest.raises(TypeError, match="Forgetful names no resource"):
        type("Forgetful", (ApiView,), {})
    for nothing in ("", None, 5):
        with pytest.raises(TypeError, match="names no resource"):
            type("Forgetful", (ApiView,), {"resource": nothing})


def test_post_of_ours_that_is_not_idempotent_fails_at_import() -> None:
    def post(self: object, request: Request) -> Response:
        return Response()

    with pytest.raises(TypeError, match="has to be @idempotent"):
        type("Twice", (ApiView,), {"resource": "leads", "post": post})
    type("Once", (ApiView,), {"resource": "leads", "post": idempotent(post)})


def test_resource_that_is_declared_nowhere_raises() -> None:
    request: Any = type("Request", (), {"auth": None})()
    with pytest.raises(ImproperlyConfigured):
        HasScope().has_permission(request, APIView())


def test_public_view_looks_at_no_key(db: None) -> None:
    class Open(ApiView):
        resource = PUBLIC

        def get(self, request: Request) -> Response:
            return Response({"who": request.user})

    response: Any = ask(Open, key="sk_live_wrong", X_API_Key="two")
    assert (response.status_code, response.data) == (200, {"who": None})


def test_any_key_enters_a_view_for_any_resource(project: Project) -> None:
    class Whoever(ApiView):
        resource = ANY_RESOURCE

        def get(self, request: Request) -> Response:
            return Response({})

    key = make.new_key(project).secret
    assert status(Whoever, key=key) == 200
    assert status(Whoever) == 401
    assert status(Whoever, "POST", key) == 405
