"""Times as readers see them, and the cookie that says where they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from apps.dashboard import times
from apps.dashboard.middleware import ReaderTimeZone
from apps.dashboard.templatetags import boltkeys as tags

NOON = datetime(2026, 3, 29, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=59), "in less than a minute"),
        (timedelta(seconds=14), "in a few seconds"),
        (timedelta(milliseconds=1), "in a few seconds"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(minutes=59), "in 59 minutes"),
        (timedelta(hours=-1), "1 hour ago"),
        (timedelta(hours=-23, minutes=-59), "23 hours ago"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=29), "in 29 days"),
        (timedelta(days=-30), "1 month ago"),
        (timedelta(days=364), "in 12 months"),
        (timedelta(days=-365), "1 year ago"),
        (timedelta(days=-800), "2 years ago"),
    ],
)
def test_distance_is_told_in_its_largest_whole_unit(distance: timedelta, words: str) -> None:
    assert times.relative(NOON + distance, NOON) == words


def test_relative_time_has_the_exact_one_on_hover_and_for_screen_readers() -> None:
    assert tags.when(NOON).startswith('<time datetime="2026-03-29T12:00:00Z" title="29 Mar 2026, 12:00:00 UTC">')
    assert '<span class="visually-hidden"> (29 Mar 2026, 12:00:00 UTC)</span></time>' in tags.when(NOON)
    assert tags.when(None) == "Never"


def test_moment_is_told_in_the_zone_of_the_reader_and_in_utc() -> None:
    with timezone.override("Europe/Berlin"):
        text = tags.moment(NOON)
    assert ">29 Mar 2026, 14:00 <" in text and ">Europe/Berlin<" in text and "= 29 Mar 2026, 12:00 UTC" in text


def test_moment_is_told_once_to_readers_in_utc() -> None:
    assert tags.moment(NOON) == '<time datetime="2026-03-29T12:00:00Z">29 Mar 2026, 12:00 UTC</time>'


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("", "UTC"),
        ("Mars/Olympus", "UTC"),
        ("../../../etc/passwd", "UTC"),
        ("/etc/localtime", "UTC"),
        ("europe", "UTC"),
        ("\0", "UTC"),
        ("x" * 4000, "UTC"),
    ],
)
def test_zone_is_that_of_the_cookie_if_there_is_one_of_that_name(cookie: str, zone: str) -> None:
    seen = []
    request = RequestFactory().get("/")
    request.COOKIES["tz"] = cookie

    def answer(_: object) -> HttpResponse:
        seen.append(times.zone_name())
        return HttpResponse()

    ReaderTimeZone(answer)(request)
    assert seen == [zone]
    assert times.zone_name() == "UTC"
