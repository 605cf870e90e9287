"""Keys managed over HTTP, for tests that do."""

from __future__ import annotations

from typing import Any

from apps.projects.models import Project
from tests import make
from tests.api.call import call, data

KEYS = "/v1/developer-access/api-keys"
SHAPE = {
    "id", "name", "mask", "environment", "project_id", "owner", "restricted", "scopes", "rate_limit_per_minute",
    "allowed_ips", "status", "created_at", "created_by", "expires_at", "last_used_at", "last_used_ip", "revoked_at",
    "revoked_by", "revoke_reason", "rotated_to", "usage",
}  # fmt: skip


def create(who: str, *scopes: str, name: str = "Website", **more: Any) -> dict[str, Any]:
    body = {"name": name, "scopes": list(scopes or ("contacts:read",)), **more}
    return dict(data(call("POST", KEYS, who, body=body)))


def rotate(who: str, key_id: str, **body: Any) -> Any:
    return call("POST", f"{KEYS}/{key_id}/rotate", who, body=body)


def a_manager(project: Project, **over: Any) -> str:
    over = {"scopes": ["contacts:read", "tokens:create"], "rate_limit": 100, "name": "Manager", **over}
    return make.new_key(project, **over).secret
