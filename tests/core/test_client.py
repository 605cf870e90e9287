"""The address of the client, as far as it can be believed."""

from __future__ import annotations

import pytest

from apps.core.client import client_ip


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", None),
        ("unix:", None),
        ("192.0.2.007", None),
        ("192.0.2.7:80", None),
        ("1" * 5000, None),
    ],
)
def test_address_is_written_in_one_way(address: str, read: str | None) -> None:
    for _ in range(2):
        assert client_ip({"REMOTE_ADDR": address}) == read


@pytest.mark.parametrize(
    ("proxies", "forwarded", "read"),
    [
        (0, "198.51.100.9", "192.0.2.7"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "203.0.113.1, 198.51.100.9", "198.51.100.9"),
        (2, "203.0.113.1,198.51.100.9", "203.0.113.1"),
        (2, "198.51.100.9", None),
        (1, "", None),
        (1, "198.51.100.9, ", None),
    ],
)
def test_each_trusted_proxy_adds_the_address_that_it_saw(proxies: int, forwarded: str, read: str | None) -> None:
    environ = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_ip(environ, proxies) == read
