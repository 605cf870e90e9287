"""Which static files are collected: all of ours, and of the packages only those that pages use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder


class NpmFiles(FileSystemFinder):
    """Leaves out what `settings.NPM_FILES` does not name: a package brings hundreds that nobody asks for."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for path, storage in super().list(ignore_patterns):
            prefix = getattr(storage, "prefix", "")
            if not prefix or f"{prefix}/{path}" in settings.NPM_FILES:
                yield path, storage


class AppFiles(AppDirectoriesFinder):
    """Leaves out the folders of `settings.UNUSED_STATIC_FOLDERS`, which installed apps bring."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for path, storage in super().list(ignore_patterns):
            if path.partition("/")[0] not in settings.UNUSED_STATIC_FOLDERS:
                yield path, storage
