"""The configuration for Traefik, which Debian does not have: what can be seen without running it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from apps.api.identity import HEADERS
from tests.deploy.conftest import OVERRIDES, TELLING, spellings
from tests.deploy.proxies import DEPLOY

HTTP: dict[str, Any] = yaml.safe_load((DEPLOY / "traefik" / "dynamic.yml").read_text())["http"]
MIDDLEWARES = HTTP["middlewares"]


def removed(middleware: str) -> set[str]:
    return {name for name, value in MIDDLEWARES[middleware]["headers"]["customRequestHeaders"].items() if value == ""}


def test_names_go_first_then_the_gate_decides_then_the_key_goes() -> None:
    assert HTTP["routers"]["guarded"]["middlewares"] == ["plain-names", "boltkeys", "without-key"]
    assert removed("without-key") == {"Authorization", "X-API-Key"}


def test_gate_is_told_by_traefik_alone_and_names_the_caller() -> None:
    forward = MIDDLEWARES["boltkeys"]["forwardAuth"]
    assert forward["address"].endswith("/gate/api") and forward["trustForwardHeader"] is False
    assert forward["authRequestHeaders"] == ["Authorization", "X-API-Key", "X-Project", "User-Agent"]
    assert forward["authResponseHeaders"] == list(HEADERS)


@pytest.mark.parametrize("name", [*HEADERS, "X-API-Key", "X-Forwarded-For"])
def test_every_spelling_with_an_underscore_goes(name: str) -> None:
    assert set(spellings(name)) - {name} <= removed("plain-names")


@pytest.mark.parametrize("name", [*OVERRIDES, "X-Original-Method", "X-Original-URI"])
def test_every_header_that_names_another_request_goes(name: str) -> None:
    assert set(spellings(name)) <= removed("plain-names")
    assert not removed("plain-names") & {"X-Forwarded-For", "X-Project"} and name not in TELLING[2:]


def test_connection_names_nothing_and_becomes_no_other_protocol() -> None:
    assert {"Connection", "Upgrade"} <= removed("plain-names")


def test_static_configuration_names_the_file_and_the_entry_point() -> None:
    static = yaml.safe_load((DEPLOY / "traefik" / "traefik.yml").read_text())
    assert set(HTTP["routers"]["guarded"]["entryPoints"]) <= set(static["entryPoints"])
    assert static["providers"]["file"]["filename"].endswith("dynamic.yml")
