"""What templates need beyond Django's own tags: icons, times, numbers, pages, sorting, classes of form controls."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.dashboard import phrases, times
from apps.dashboard.keys import words

register = template.Library()

ICONS = settings.NODE_MODULES / "@tabler" / "icons" / "icons" / "outline"


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """`{% icon "trash" %}`: an outline icon of @tabler/icons by its name, hidden from assistive technology."""
    source = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    shapes = " ".join(line.strip() for line in body.splitlines() if line.strip() and 'stroke="none"' not in line)
    attributes = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    caps = 'stroke-linecap="round" stroke-linejoin="round"'
    # The text is that of a package with its hash in the lock file, not of a person.
    return mark_safe(f'<svg class="icon" aria-hidden="true" {attributes} {caps}>{shapes}</svg>')  # noqa: S308  # nosec B308 B703


@register.simple_tag
def when(moment: datetime | None, never: str = "Never") -> str:
    """`{% when key.created_at %}`: relative, with the exact UTC time on hover and for screen readers; None: `never`."""
    if moment is None:
        return never
    exact = times.exact_utc(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>',
        times.machine(moment),
        exact,
        times.relative(moment, timezone.now()),
        exact,
    )


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """`{% moment key.expires_at %}`: the exact time in the reader's zone, and in UTC where that is another."""
    local = times.local(at)
    if times.zone_name() == "UTC":
        return format_html('<time datetime="{}">{} UTC</time>', times.machine(at), local)
    return format_html(
        '<time datetime="{}">{} <span class="bk-zone">{}</span></time> <span class="bk-utc">= {}</span>',
        times.machine(at),
        local,
        times.zone_name(),
        times.exact_utc(at, seconds=False),
    )


@register.simple_tag
def clock(at: datetime) -> str:
    """`{% clock key.expires_at %}`: day and time in the reader's zone, short, with UTC on hover."""
    zone = " UTC" if times.zone_name() == "UTC" else ""
    exact = times.exact_utc(at)
    return format_html('<time datetime="{}" title="{}">{}{}</time>', times.machine(at), exact, times.local(at), zone)


@register.filter
def number(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


@register.filter
def short_date(at: datetime) -> str:
    """`2026-11-21`, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d")


@register.filter
def page_numbers(page: Page[Any]) -> list[int | None]:
    """First and last page, the present one and its neighbours; None where some are left out."""
    wanted = {1, page.paginator.num_pages, *range(page.number - 1, page.number + 2)}
    shown: list[int | None] = []
    for each in sorted(n for n in wanted if 1 <= n <= page.paginator.num_pages):
        if shown and shown[-1] is not None and each > shown[-1] + 1:
            shown.append(None)
        shown.append(each)
    return shown


class SortState(NamedTuple):
    next: str
    aria: str


@register.filter
def sort_state(order: str, column: str) -> SortState:
    """How the list is sorted by this column now (for aria-sort, or ""), and the order that a click asks for."""
    if order == column:
        return SortState(f"-{column}", "ascending")
    if order == f"-{column}":
        return SortState(column, "descending")
    return SortState(column, "")


@register.simple_tag
def styled(field: BoundField) -> SafeString:
    """`{% styled form.email %}`: the control with Tabler's class for its kind."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        kind = "form-check-input"
    elif isinstance(widget, forms.Select):
        kind = "form-select"
    else:
        kind = "form-control"
    return field.as_widget(attrs={"class": f"{kind} is-invalid" if field.errors else kind})


register.filter("listed", phrases.listed)
register.filter("reason", words.reason)
