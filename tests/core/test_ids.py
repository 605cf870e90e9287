"""Random text: the right characters, as many of each."""

from __future__ import annotations

import multiprocessing
import os
import re
from collections import Counter

import pytest

from apps.core import ids
from apps.core.ids import ALPHABET, random_text


def test_has_the_length_that_was_asked_for() -> None:
    assert [len(random_text(length)) for length in range(40)] == list(range(40))


def test_each_character_is_as_likely_as_any_other() -> None:
    counts = Counter(random_text(62_000))
    assert set(counts) == set(ALPHABET)
    assert all(800 < count < 1200 for count in counts.values()), counts  # 1000 ± 6 standard deviations


def test_bytes_that_fall_outside_are_thrown_away_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([b"\xff" * 12, b"\xf8\x00\x3e\x3d" * 3])
    monkeypatch.setattr(os, "urandom", lambda size: next(given))
    assert random_text(2) == "00"


def test_ids_tell_what_they_name_and_never_come_twice() -> None:
    made = {ids.new_id("key") for _ in range(1000)}
    assert len(made) == 1000 and all(id.startswith("key_") and len(id) == 26 for id in made)


def test_ids_of_requests_look_like_all_others_and_never_come_twice() -> None:
    made = {ids.request_id() for _ in range(1000)}
    assert len(made) == 1000 and all(re.fullmatch("req_[0-9A-Za-z]{22}", id) for id in made)


def test_processes_that_were_forked_make_ids_of_their_own() -> None:
    with multiprocessing.get_context("fork").Pool(4) as processes:
        made = processes.map(_one_request_id, range(40), chunksize=1)
    assert len(set(made)) == 40


def _one_request_id(_: int) -> str:
    return ids.request_id()
