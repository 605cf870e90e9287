"""Imports go down the floors only, function-local ones counted; the rules import nothing but the standard library."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = (
    {"dashboard", "api"},
    {"webhooks"},
    {"keys"},
    {"records"},
    {"projects"},
    {"accounts"},
    {"usage"},
    {"audit"},
    {"gate"},
    {"core"},
)
LEVEL = {app: level for level, apps in enumerate(FLOORS) for app in apps}
SURFACES = FLOORS[0]
HTTP_MODULES = ("django.http", "django.template", "django.shortcuts", "django.views", "rest_framework", "django.urls")
FILES = sorted(path for path in (ROOT / "apps").rglob("*.py") if "migrations" not in path.parts)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _app(path: Path) -> str:
    return path.relative_to(ROOT / "apps").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_imports_from_its_own_floor_or_below(path: Path) -> None:
    if path.parent == ROOT / "apps":
        return
    own = _app(path)
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "boltkeys":
            assert own in SURFACES, f"{own} imports {name}"
        if parts[0] == "apps" and len(parts) > 1 and parts[1] != own:
            assert LEVEL[parts[1]] > LEVEL[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", [p for p in FILES if _app(p) == "core"], ids=lambda p: p.name)
def test_rules_import_the_standard_library_only(path: Path) -> None:
    for name in _imports(path):
        assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("apps.core"), name


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if len(p.relative_to(ROOT).parts) > 2 and _app(p) not in SURFACES],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_domain_knows_no_http_and_no_templates(path: Path) -> None:
    for name in _imports(path):
        assert not name.startswith(HTTP_MODULES), f"{path.name} imports {name}"


def test_every_app_has_a_floor() -> None:
    apps = {path.name for path in (ROOT / "apps").iterdir() if (path / "__init__.py").exists()}
    assert apps <= set(LEVEL)


def test_only_services_write_and_only_audit_writes_the_audit() -> None:
    for path in FILES:
        if path.parent != ROOT / "apps" and _app(path) in SURFACES:
            text = path.read_text()
            for write in (".save(", ".delete()", ".objects.create(", ".bulk_create(", ".update_or_create("):
                assert write not in text or "idempotency" in path.name, f"{path}: {write}"
