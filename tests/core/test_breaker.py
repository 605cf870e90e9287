"""What has failed is left in peace, and is tried by one at a time."""

from __future__ import annotations

import pytest

from apps.core.breaker import PAUSE, Breaker
from apps.core.errors import Unavailable


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("It is away.", clock)


def _fail(breaker: Breaker) -> None:
    with pytest.raises(Unavailable), breaker.asking(OSError):
        raise OSError


def _asks(breaker: Breaker) -> bool:
    try:
        with breaker.asking(OSError):
            return True
    except Unavailable:
        return False


def test_all_may_ask_while_it_answers(breaker: Breaker) -> None:
    with breaker.asking(OSError):
        assert _asks(breaker)


def test_nobody_asks_just_after_a_failure(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    assert not _asks(breaker)
    clock.now += PAUSE
    assert _asks(breaker)


def test_one_at_a_time_tries_whether_it_answers_again(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    clock.now += PAUSE
    with breaker.asking(OSError):
        assert not _asks(breaker)
    with breaker.asking(OSError):
        assert _asks(breaker)


def test_try_that_fails_is_followed_by_a_pause(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    clock.now += PAUSE
    _fail(breaker)
    assert not _asks(breaker)
    clock.now += PAUSE
    assert _asks(breaker)


def test_another_fault_is_passed_on_and_ends_the_try(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    clock.now += PAUSE
    with pytest.raises(ValueError, match="bug"), breaker.asking(OSError):
        raise ValueError("bug")
    assert _asks(breaker)
