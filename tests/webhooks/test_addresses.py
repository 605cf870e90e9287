"""Where deliveries may go: judged by the address that is dialled."""

from __future__ import annotations

import pytest

from apps.webhooks import addresses
from apps.webhooks.addresses import Private, Unresolved

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "100.100.100.200",  # carrier-grade NAT; metadata of Alibaba
    "169.254.169.254", "169.254.170.2",  # link-local: metadata of most clouds
    "168.63.129.16",  # Azure's
    "192.0.0.192", "192.0.0.9", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7",
    "192.88.99.1",  # relays of 6to4
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",  # NAT64
    "2002:7f00:1::", "2002:808:808::1",  # 6to4
    "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:db8::1", "100::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
    "", "localhost", "1.2.3", "0x7f.1", "::1 ", "1.2.3.4/32",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_nothing_but_the_public_internet_is_dialled(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_dialled(address: str) -> None:
    assert addresses.is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Private, match=r"10\.0\.0\.1"):
        addresses.dialable("x", 443, is_allowed=False, resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])


def test_a_host_that_the_operator_named_is_not_judged() -> None:
    assert addresses.dialable("x", 80, is_allowed=True, resolve=lambda host, port: ["10.0.0.1"]) == ["10.0.0.1"]


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "::1"])
def test_other_spellings_of_an_address_are_judged_as_the_system_reads_them(host: str) -> None:
    with pytest.raises(Private):
        addresses.dialable(host, 443, is_allowed=False)


def test_a_name_without_an_address_is_told_apart() -> None:
    with pytest.raises(Unresolved):
        addresses.resolve("no-such-name.invalid", 443)
