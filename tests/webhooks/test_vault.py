"""The secrets of webhooks at rest."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.webhooks import vault
from apps.webhooks.vault import Unreadable
from boltkeys import checks


def test_what_was_sealed_is_read_again_and_not_seen_in_between() -> None:
    sealed = vault.seal("whsec_abc", "whk_1")
    assert "whsec" not in sealed
    assert vault.unseal(sealed, "whk_1") == "whsec_abc"
    assert sealed != vault.seal("whsec_abc", "whk_1")


def test_moved_to_another_row_it_opens_no_more() -> None:
    with pytest.raises(Unreadable):
        vault.unseal(vault.seal("whsec_abc", "whk_1"), "whk_2")


@pytest.mark.parametrize("place", [0, 20, -6])
def test_a_changed_text_is_noticed(place: int) -> None:
    sealed = list(vault.seal("whsec_abc", "whk_1"))
    sealed[place] = "A" if sealed[place] != "A" else "B"
    with pytest.raises(Unreadable):
        vault.unseal("".join(sealed), "whk_1")


@pytest.mark.parametrize("text", ["", ".", "x", "x.y", "00.AAAA", "é.é"])
def test_what_was_never_sealed_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        vault.unseal(text, "whk_1")


def test_a_new_encryption_key_reads_what_the_former_ones_have_sealed(settings: LazySettings) -> None:
    derived = vault.seal("a", "c")
    settings.WEBHOOK_ENCRYPTION_KEYS = ["first" * 10]
    first = vault.seal("b", "c")
    settings.WEBHOOK_ENCRYPTION_KEYS = ["second" * 10, "first" * 10]
    assert (vault.unseal(derived, "c"), vault.unseal(first, "c")) == ("a", "b")
    assert not vault.is_current(first)
    assert vault.is_current(vault.seal("b", "c"))


def test_a_changed_secret_key_is_noticed_unless_the_former_one_is_a_fallback(settings: LazySettings) -> None:
    sealed, former = vault.seal("a", "c"), settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(Unreadable):
        vault.unseal(sealed, "c")
    settings.SECRET_KEY_FALLBACKS = [former]
    assert vault.unseal(sealed, "c") == "a"


def test_the_name_of_the_key_is_no_part_of_the_key(settings: LazySettings) -> None:
    name, key = vault._key(settings.SECRET_KEY)
    assert bytes.fromhex(name) not in key
    assert len(key) == 32


def test_a_short_encryption_key_stops_the_start(settings: LazySettings) -> None:
    settings.WEBHOOK_ENCRYPTION_KEYS = ["long" * 8, "short"]
    assert [message.id for message in checks.encryption_keys_are_long(None)] == ["boltkeys.E009"]
    settings.WEBHOOK_ENCRYPTION_KEYS = ["long" * 8]
    assert checks.encryption_keys_are_long(None) == []
