"""What `make run` says of values with which it cannot start."""

from __future__ import annotations

import socket

import pytest

from tools import configuration


@pytest.mark.parametrize("name", ["PORT", "WEB_PROCESSES", "WEB_THREADS"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "８０００", "999999", "9" * 5000, "0x50"])
def test_number_out_of_range_is_named(name: str, value: str) -> None:
    with pytest.raises(SystemExit, match=f"{name} must be a whole number from 1 to "):
        configuration.read({name: value, "REDIS_URL": "redis://localhost"})


@pytest.mark.parametrize("value", ["", " 1 ", "1"])
def test_nothing_and_blanks_are_the_default(value: str) -> None:
    assert configuration.read({"WEB_PROCESSES": value}).processes == 1


def test_several_processes_need_redis() -> None:
    with pytest.raises(SystemExit, match="REDIS_URL is not set"):
        configuration.read({"WEB_PROCESSES": "2"})
    assert configuration.read({"WEB_PROCESSES": "2", "REDIS_URL": "redis://localhost"}).processes == 2


def test_port_in_use_names_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is in use. Choose another: make run PORT="):
            configuration.require_free_port(port)


@pytest.mark.parametrize("url", ["postgres://me:secret@127.0.0.1:1/name", "postgres://127.0.0.1:1"])
def test_database_that_does_not_answer_is_named_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "PATIENCE", 0.0)
    with pytest.raises(SystemExit) as ended:
        configuration.require_stores({"DATABASE_URL": url})
    assert str(ended.value) == "DATABASE_URL names 127.0.0.1:1, and nothing answers there."


@pytest.mark.parametrize("url", ["", "sqlite:///var/x.sqlite3", "postgres://%2Frun%2Fpostgresql/name", "http://[", "x"])
def test_what_is_not_a_server_is_not_asked(url: str) -> None:
    configuration.require_stores({"DATABASE_URL": url, "REDIS_URL": url})
