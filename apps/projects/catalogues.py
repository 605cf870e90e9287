"""The catalogues of this installation, read once per process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from apps.core import catalogue
from apps.core.catalogue import Catalogue


@cache
def load() -> Mapping[str, Catalogue]:
    """All catalogues by slug. Raises `CatalogueError` with file, entry and fault."""
    return catalogue.load(settings.CATALOGUE_FOLDERS)


def get(slug: str) -> Catalogue:
    """The catalogue of a project. Raises `UnknownCatalogue` where this server does not have it."""
    return catalogue.of(load(), slug)
