"""One request to an endpoint, to real receivers of all kinds."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from apps.webhooks import addresses, client, rules
from apps.webhooks.client import Outcome
from tests import certificates
from tests.webhooks.receiver import Receiver, answering, flooding, hanging, raw, receiving, trickling

ALLOWED = ["127.0.0.1", "localhost"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def post(url: str, seconds: float = 5.0, allowed: list[str] = ALLOWED) -> Outcome:
    return client.post(rules.target(url, allowed), {"Content-Type": "application/json"}, b"{}", seconds=seconds)


def test_a_request_arrives_as_it_was_meant(receiver: Receiver) -> None:
    receiver.otherwise = answering(200, b"thank you")
    outcome = post(f"{receiver.url}?a=b")
    assert (outcome.status, outcome.error, outcome.address, outcome.response) == (200, "", "127.0.0.1", "thank you")
    message = receiver.messages[0]
    assert (message.method, message.path, message.body) == ("POST", "/hook?a=b", b"{}")
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert message.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as elsewhere:
        receiver.otherwise = answering(status, Location=elsewhere.url)
        assert post(receiver.url).status == status
        assert elsewhere.messages == []


def test_of_a_large_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    size = 100 * 1024 * 1024
    written: list[int] = []
    receiver.otherwise = flooding(size, written)
    outcome = post(receiver.url)
    assert (outcome.status, len(outcome.response)) == (200, client.KEPT_MAX)
    assert outcome.duration_ms < 2000
    assert sum(written) < size / 4  # what the system takes in before anybody reads


def test_a_receiver_that_hangs_is_left(receiver: Receiver) -> None:
    receiver.otherwise = hanging(5)
    outcome = post(receiver.url, seconds=0.4)
    assert (outcome.status, outcome.error) == (None, "timeout")
    assert 300 < outcome.duration_ms < 2000


def test_a_receiver_that_answers_a_byte_at_a_time_is_left(receiver: Receiver) -> None:
    receiver.otherwise = trickling(5)
    outcome = post(receiver.url, seconds=0.5)
    assert (outcome.error, outcome.duration_ms < 2000) == ("timeout", True)


def test_an_endless_row_of_100_continue_is_left(receiver: Receiver) -> None:
    receiver.otherwise = raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000)
    assert post(receiver.url, seconds=0.5).status is None


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00" * 100,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000,
        b"",
    ],
)
def test_what_is_not_http_is_an_error(receiver: Receiver, data: bytes) -> None:
    receiver.otherwise = raw(data)
    outcome = post(receiver.url)
    assert outcome.status is None
    assert outcome.error in ("protocol", "connection")


def test_an_answer_that_breaks_off_counts_by_its_status(receiver: Receiver) -> None:
    receiver.otherwise = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    assert post(receiver.url).status == 200
    receiver.otherwise = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert post(receiver.url).status == 200


def test_control_characters_of_an_answer_are_not_kept(receiver: Receiver) -> None:
    receiver.otherwise = answering(500, b"a\x00b\x1b[31mc\xff")
    assert post(receiver.url).response == "a b [31mc�"


def test_nobody_there_is_said(receiver: Receiver) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert post(f"http://127.0.0.1:{unused.getsockname()[1]}/").error == "connect"


def test_a_private_address_is_never_dialled(receiver: Receiver) -> None:
    outcome = post(f"https://127.0.0.1:{receiver.port}/", allowed=[])
    assert (outcome.error, outcome.address) == ("private_address", "127.0.0.1")
    assert receiver.messages == []


def test_a_name_that_flips_to_a_private_address_is_not_followed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it is judged first, loopback at the next look: there is no next look."""
    target = rules.target(f"https://rebind.example:{receiver.port}/", [])
    answers = iter([["127.0.0.1"], ["8.8.8.8"]])
    monkeypatch.setattr(addresses.dialable, "__kwdefaults__", {"resolve": lambda host, port: next(answers)})
    assert client.post(target, {}, b"{}").error == "private_address"
    assert next(answers) == ["8.8.8.8"]  # it was looked up once
    assert receiver.messages == []


def test_what_is_judged_is_what_is_dialled(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name leads elsewhere for whoever would look it up again: the connection goes to the address."""
    monkeypatch.setattr(addresses.dialable, "__kwdefaults__", {"resolve": lambda host, port: ["127.0.0.1"]})
    assert post(f"http://no-such-name.invalid:{receiver.port}/x", allowed=["no-such-name.invalid"]).status == 204
    assert receiver.messages[0].headers["host"] == f"no-such-name.invalid:{receiver.port}"


def test_a_name_without_an_address_is_an_error() -> None:
    assert post("https://no-such-name.invalid/").error == "dns"


# --- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificates.of_localhost(tmp_path)


@pytest.fixture
def _trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client._tls.cache_clear()
    yield
    client._tls.cache_clear()


@pytest.mark.usefixtures("_trusted")
def test_a_certificate_of_the_name_is_trusted_though_an_address_is_dialled(certificate: Path) -> None:
    with receiving(certificate) as receiver:
        assert post(f"https://localhost:{receiver.port}/").status == 204


@pytest.mark.usefixtures("_trusted")
def test_a_certificate_of_another_name_is_not(certificate: Path) -> None:
    with receiving(certificate) as receiver:
        assert post(f"https://127.0.0.1:{receiver.port}/").error == "tls"
        assert receiver.messages == []


def test_a_certificate_that_nobody_vouches_for_is_not(certificate: Path) -> None:
    with receiving(certificate) as receiver:
        assert post(f"https://localhost:{receiver.port}/").error == "tls"
        assert receiver.messages == []


def test_a_handshake_that_hangs_is_left() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        accepted: list[socket.socket] = []
        Thread(target=lambda: accepted.append(silent.accept()[0]), daemon=True).start()
        started = time.monotonic()
        assert post(f"https://localhost:{silent.getsockname()[1]}/", seconds=0.4).error == "timeout"
        assert time.monotonic() - started < 3
