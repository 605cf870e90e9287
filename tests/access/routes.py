"""Every route that the resolver has."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def names() -> list[str]:
    """The names of all routes but those of Django's admin site, which has access rules and a test of its own.

    A route without a name stands with its pattern.
    """
    return sorted(set(_walk(get_resolver().url_patterns)))


def with_arguments() -> dict[str, frozenset[str]]:
    """The same, each with the names of its arguments."""
    return dict(_walk_through(get_resolver().url_patterns, frozenset()))


def _walk_through(
    patterns: list[URLPattern | URLResolver], before: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for pattern in patterns:
        arguments = before | set(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLPattern):
            yield pattern.name or f"({pattern.pattern})", arguments
        elif pattern.namespace != "admin":
            yield from _walk_through(pattern.url_patterns, arguments)


def _walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from _walk(pattern.url_patterns)
        else:
            yield pattern.name or f"({pattern.pattern})"
