"""How a secret is made, recognised, stored and shown."""

from __future__ import annotations

import re
import zlib

import pytest

from apps.core import secret

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _decode(text: str) -> int:
    number = 0
    for char in text:
        number = number * 62 + ALPHABET.index(char)
    return number


def test_secret_is_prefix_32_random_and_6_checksum_characters() -> None:
    minted = secret.mint("sk_live_")
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{38}", minted)
    assert _decode(minted[-6:]) == zlib.crc32(minted[:-6].encode())


def test_checksum_is_padded_with_zeros() -> None:
    body = next(b for b in (f"sk_live_{i:032d}" for i in range(1000)) if zlib.crc32(b.encode()) < 62**5)
    assert secret.checksum(body)[0] == "0"
    assert _decode(secret.checksum(body)) == zlib.crc32(body.encode())


def test_two_secrets_differ() -> None:
    assert len({secret.mint("sk_live_") for _ in range(100)}) == 100


def test_minted_secrets_are_well_formed() -> None:
    assert all(secret.is_well_formed(secret.mint(prefix)) for prefix in ("sk_live_", "sk_test_", "bolt9_live_"))


@pytest.mark.parametrize("position", range(46))
def test_any_single_mistyped_character_is_noticed(position: int) -> None:
    minted = secret.mint("sk_live_")
    other = "a" if minted[position] != "a" else "b"
    assert not secret.is_well_formed(minted[:position] + other + minted[position + 1 :])


@pytest.mark.parametrize(
    "mangle",
    [
        lambda s: "",
        lambda s: " " + s,
        lambda s: s + " ",
        lambda s: s + "\n",
        lambda s: s[:-1],
        lambda s: s + "a",
        lambda s: s.upper(),
        lambda s: s.replace("sk_live_", "sk-live-"),
        lambda s: s.replace("sk_live_", "sk_prod_"),
        lambda s: s.replace("sk", "s" * 40),
        lambda s: s * 300,
        lambda s: s[:20] + "\0" + s[21:],
        lambda s: s[:20] + "é" + s[21:],
        lambda s: s[:20] + "٣" + s[21:],
    ],
)
def test_malformed_strings_are_recognised(mangle: object) -> None:
    assert not secret.is_well_formed(mangle(secret.mint("sk_live_")))  # type: ignore[operator]


def test_digest_is_sha256() -> None:
    assert secret.digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_mask_shows_prefix_and_last_four() -> None:
    minted = secret.mint("sk_test_")
    assert secret.mask(minted) == f"sk_test_…{minted[-4:]}"


def test_redact_leaves_nothing_of_a_secret_in_a_text() -> None:
    minted = secret.mint("sk_live_")
    redacted = secret.redact(f"GET /v1/leads?api_key={minted}&x=1 {minted[:-2]}!")
    assert redacted == "GET /v1/leads?api_key=sk_live_[redacted]&x=1 sk_live_[redacted]!"


def test_redact_leaves_nothing_of_a_token() -> None:
    access = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLV8"
    redacted = secret.redact(f"{access}, rt_{'aB3' * 14}. key_{'0' * 22} cart_{'0' * 22}")
    assert redacted == f"eyJ[redacted], rt_[redacted]. key_{'0' * 22} cart_{'0' * 22}"
