"""Signing out everywhere."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Event
from apps.projects.models import Project
from tests.api.call import call, problem
from tests.api.people import access_of

pytestmark = pytest.mark.django_db
URL = "/accounts/logout/everywhere/"
PAGE = "/projects/acme-calls/api-keys/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    assert client.get(PAGE).status_code in (200, 403)
    return client


def test_all_sessions_and_tokens_of_the_user_end_and_no_others(project: Project, alice: User, bob: User) -> None:
    here, there, token = signed_in(alice), signed_in(alice), access_of(alice)
    other = signed_in(bob)
    answer = here.post(URL, follow=True)
    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert "You are signed out everywhere." in answer.content.decode()
    for client in (here, there):
        assert client.get(PAGE).status_code == 302
    problem(call("GET", "/v1/me", token), 401, "revoked")
    assert other.get(PAGE).status_code == 403
    event = Event.objects.get(type="user.sessions_ended")
    assert (event.target_label, event.actor_label) == (alice.email, alice.email)


def test_get_changes_nothing_and_leads_to_the_page_with_the_button(project: Project, alice: User) -> None:
    client = signed_in(alice)
    answer = client.get(URL, follow=True)
    assert answer.redirect_chain == [("/accounts/logout/", 302)]
    page = answer.content.decode()
    assert f'action="{URL}"' in page and ">Sign out everywhere</button>" in page
    assert client.get(PAGE).status_code == 200


def test_it_needs_the_token_of_the_form(project: Project, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(URL).status_code == 403
    assert client.get(PAGE).status_code == 200
