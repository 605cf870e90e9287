"""From signing in to the end of a rotated key, over a real server with a real worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server import Answer, Server, running

PASSWORD = "correct horse battery staple"
KEYS = "/v1/developer-access/api-keys"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("signed_in"), DEMO_PASSWORD=PASSWORD) as started:
        started.manage(
            "create_project", "--name", "Messages", "--catalogue", "boltly", "--admin", "alice@example.com",
            "--password-env", "DEMO_PASSWORD",
        )  # fmt: skip
        yield started


def post(server: Server, path: str, body: object, key: str = "") -> Answer:
    return server.call(path, key=key, method="POST", body=body)


def sign_in(server: Server, email: str = "alice@example.com", password: str = PASSWORD) -> Any:
    return post(server, "/v1/auth/login", {"email": email, "password": password})


def test_from_sign_in_to_the_end_of_a_rotated_key(server: Server) -> None:
    tokens = sign_in(server).json()
    access = tokens["access_token"]
    made = post(server, KEYS, {"name": "Website", "scopes": ["contacts:read"]}, access)
    assert made.status == 201
    old = made.json()
    assert server.call("/v1/contacts", key=old["secret_key"]).status == 200
    new = post(server, f"{KEYS}/{old['id']}/rotate", {"grace_seconds": 3}, access).json()
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        assert server.call("/v1/contacts", key=old["secret_key"]).status == 200
        assert server.call("/v1/contacts", key=new["secret_key"]).status == 200
        time.sleep(0.25)
    time.sleep(0.8)
    assert server.call("/v1/contacts", key=old["secret_key"]).json()["code"] == "expired"
    assert post(server, f"{KEYS}/{new['id']}/revoke", {"reason": "leaked"}, access).status == 200
    assert server.call("/v1/contacts", key=new["secret_key"]).json()["code"] == "revoked"
    assert post(server, "/v1/auth/logout", {"refresh_token": tokens["refresh_token"]}).status == 204
    assert server.call(KEYS, key=access).json()["code"] == "revoked"
    log = server.log.read_text()
    for told in (access, tokens["refresh_token"], old["secret_key"], new["secret_key"], PASSWORD):
        assert told not in log


def test_of_twenty_simultaneous_uses_of_a_refresh_token_exactly_one_wins(server: Server) -> None:
    token = sign_in(server).json()["refresh_token"]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(server, "/v1/auth/refresh", {"refresh_token": token}), range(20)))
    assert sorted(answer.status for answer in answers) == [200, *[401] * 19]
    winner = next(answer for answer in answers if answer.status == 200).json()
    assert post(server, "/v1/auth/refresh", {"refresh_token": winner["refresh_token"]}).status == 401
    assert server.call("/v1/me", key=winner["access_token"]).status == 401
