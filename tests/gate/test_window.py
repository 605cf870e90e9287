"""At most N requests in any 60 seconds, and what is said about it is true."""

from __future__ import annotations

from apps.gate.window import IDLE_WINDOWS, Limiter, Window


def _take(limiter: Limiter, now: float, limit: int = 3) -> bool:
    return limiter.take("key_1", limit, now, count=True)[0]


def test_limit_is_exact() -> None:
    limiter = Limiter()
    assert [_take(limiter, 100.0) for _ in range(5)] == [True, True, True, False, False]


def test_limit_slides_with_the_last_request_of_a_second() -> None:
    limiter = Limiter()
    for now in (100.1, 100.9, 130.0):
        assert _take(limiter, now)
    assert not _take(limiter, 160.2)  # 100.1 has left, but shares its second with 100.9
    assert _take(limiter, 160.9)
    assert _take(limiter, 160.95)
    assert not _take(limiter, 161.0)


def test_no_sixty_seconds_hold_more_than_the_limit() -> None:
    limiter = Limiter()
    accepted = [now / 7 for now in range(7 * 400) if _take(limiter, now / 7, limit=10)]
    assert len(accepted) > 50
    for first in accepted:
        assert sum(first <= other < first + 60 for other in accepted) <= 10


def test_waiting_as_long_as_told_always_works() -> None:
    limiter = Limiter()
    for now in (100.2, 100.4, 101.7):
        _take(limiter, now)
    fits, rate = limiter.take("key_1", 3, 110.5, count=True)
    assert not fits
    assert (rate.limit, rate.remaining, rate.reset_seconds) == (3, 0, 50)
    assert _take(limiter, 110.5 + rate.reset_seconds)


def test_refused_requests_take_nothing() -> None:
    limiter = Limiter()
    for _ in range(10):
        _, rate = limiter.take("key_1", 3, 100.0, count=False)
    assert rate.remaining == 3
    assert rate.reset_seconds == 0


def test_changed_limit_holds_at_once() -> None:
    limiter = Limiter()
    assert [_take(limiter, 100.0, limit=5) for _ in range(4)] == [True] * 4
    assert not _take(limiter, 100.0, limit=4)
    assert not _take(limiter, 100.0, limit=2)
    assert _take(limiter, 100.0, limit=6)


def test_clock_that_goes_back_loses_no_request() -> None:
    limiter = Limiter()
    assert [_take(limiter, now) for now in (100.0, 95.0, 90.0)] == [True, True, True]
    assert not _take(limiter, 149.9)
    assert _take(limiter, 150.0)  # a minute of real time later


def test_memory_does_not_grow_with_the_limit() -> None:
    window = Window()
    for i in range(100_000):
        window.slide(i / 500)
        window.add(i / 500)
    assert len(window.entries) <= 62


def test_keys_that_are_idle_are_forgotten() -> None:
    limiter = Limiter()
    for i in range(IDLE_WINDOWS + 1):
        limiter.take(f"key_{i}", 3, 100.0, count=True)
    limiter.take("key_new", 3, 200.0, count=True)
    assert list(limiter._windows) == ["key_new"]


def test_many_windows_that_are_busy_are_looked_through_once_a_second() -> None:
    limiter = Limiter()
    for number in range(IDLE_WINDOWS + 50):
        assert limiter.take(f"key_{number}", 5, 1000.0, count=True)[0]
    assert len(limiter._windows) == IDLE_WINDOWS + 50
    limiter.take("key_new", 5, 2000.0, count=True)
    assert set(limiter._windows) == {"key_new"}


def test_question_alone_leaves_no_window() -> None:
    limiter = Limiter()
    assert limiter.take("key_1", 5, 1000.0, count=False)[0]
    assert not limiter._windows
