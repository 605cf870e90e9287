"""/metrics: what Prometheus reads, who may, and what it never says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from apps.core.verify import Ask
from apps.gate import gate
from apps.gate.tally import Tally
from apps.projects.models import Project
from apps.usage import service as usage
from boltkeys import checks
from tests import make
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db

Labels = Mapping[str, str]


def samples(client: Client) -> dict[str, list[tuple[Labels, float]]]:
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/plain; version=")
    found: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        assert family.documentation.endswith("."), family.name
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(client: Client, name: str, **labels: str) -> float:
    [found] = [number for had, number in samples(client)[name] if labels.items() <= had.items()]
    return found


def test_verdicts_are_counted_by_code_and_timed(client: Client, project: Project) -> None:
    key = make.new_key(project, rate_limit=2).secret
    codes = {"ok": 2, "rate_limited": 1, "missing_scope": 1, "malformed": 1}
    before = {code: value(client, "boltkeys_gate_verdicts_total", code=code) for code in codes}
    timed = value(client, "boltkeys_gate_duration_seconds_count")
    gate.verify(key, Ask("calls"))
    for _ in range(3):
        gate.verify(key, Ask("leads"))
    gate.verify("sk_live_nothing", Ask("leads"))
    for code, more in codes.items():
        assert value(client, "boltkeys_gate_verdicts_total", code=code) == before[code] + more
    assert value(client, "boltkeys_gate_duration_seconds_count") == timed + 5
    assert value(client, "boltkeys_gate_duration_seconds_bucket", le="+Inf") == timed + 5


def test_counts_wait_until_they_are_flushed(client: Client, project: Project, settings: LazySettings) -> None:
    where = "boltkeys_usage_waiting_shared" if settings.REDIS_URL else "boltkeys_usage_waiting_local"
    assert value(client, where) == 0
    gate.verify(make.new_key(project).secret, Ask("leads"))
    assert value(client, where) == 1
    usage.settle()
    assert value(client, where) == 0


def test_queues_are_as_long_as_they_are(client: Client, project: Project) -> None:
    assert value(client, "boltkeys_webhook_deliveries_pending") == 0
    hooks.endpoint(project, "https://8.8.8.8/")
    hooks.lead(project)
    assert value(client, "boltkeys_webhook_deliveries_pending") == 1
    assert value(client, "boltkeys_webhook_deliveries_due") == 1
    assert 0 <= value(client, "boltkeys_webhook_oldest_due_seconds") < 60
    assert value(client, "boltkeys_tasks_ready") >= 0
    assert value(client, "boltkeys_database_up") == 1


def test_redis_that_does_not_answer_is_reported(client: Client, project: Project, settings: LazySettings) -> None:
    if not settings.REDIS_URL:
        assert "boltkeys_redis_up" not in samples(client)
        return
    assert value(client, "boltkeys_redis_up") == 1
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    gate.current.cache_clear()
    before = value(client, "boltkeys_gate_fallbacks_total")
    gate.verify(make.new_key(project).secret, Ask("leads"))
    assert value(client, "boltkeys_redis_up") == 0
    assert value(client, "boltkeys_gate_fallbacks_total") == before + 1
    assert value(client, "boltkeys_gate_redis_failures_total") >= 1


def test_labels_name_nobody(client: Client, project: Project) -> None:
    made = make.new_key(project, name="Very own name")
    gate.verify(made.secret, Ask("leads", ip="203.0.113.77"))
    text = client.get("/metrics").content.decode()
    for secret in (made.key.id, "Very own name", project.slug, project.name, "203.0.113", made.key.mask, "example.com"):
        assert secret not in text
    assert {name for labels in samples(client).values() for had, _ in labels for name in had} <= {
        "code", "process", "le", "python", "django", "database", "mode"
    }  # fmt: skip


def test_metrics_are_for_this_machine(client: Client, settings: LazySettings) -> None:
    def status(**meta: str) -> int:
        return client.get("/metrics", **meta).status_code  # type: ignore[arg-type]

    assert status() == 200
    assert status(REMOTE_ADDR="::1") == status(REMOTE_ADDR="::ffff:127.0.0.1") == 200
    assert status(REMOTE_ADDR="203.0.113.1") == status(REMOTE_ADDR="") == 403
    # A proxy on this machine, of which the installation knows nothing: everybody would be a neighbour.
    for header in ("X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "VIA"):
        assert status(**{f"HTTP_{header}": "127.0.0.1"}) == 403
    settings.METRICS_ALLOWED = ["10.0.0.0/8"]
    assert (status(), status(REMOTE_ADDR="10.1.2.3")) == (403, 200)
    settings.TRUSTED_PROXIES = 1
    assert status(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="10.9.9.9") == 200
    assert status(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="10.9.9.9, 203.0.113.1") == 403


def test_token_opens_metrics_from_anywhere_and_nothing_else_does(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = "a token of the metrics"
    answer = client.get("/metrics")
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer")
    for wrong in ("Bearer wrong", "Bearer ", "Basic a token of the metrics", "Bearer \u00e9"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 401
    right = {"Authorization": "Bearer a token of the metrics"}
    assert client.get("/metrics", headers=right, REMOTE_ADDR="203.0.113.1").status_code == 200
    assert client.post("/metrics", headers=right).status_code == 405


def test_a_verification_pays_little_for_being_counted() -> None:
    """Some 0.3 µs where it was measured; the bound has room for a busy machine."""
    tally, rounds = Tally(), 20_000
    best = min(_seconds(tally, rounds) for _ in range(5))
    assert best / rounds < 2e-6
    assert tally.verdicts["ok"] == sum(tally.durations) == 5 * rounds


def _seconds(tally: Tally, rounds: int) -> float:
    began = time.perf_counter()
    for _ in range(rounds):
        tally.note("ok", 0.0004)
    return time.perf_counter() - began


def test_the_gate_knows_nothing_of_prometheus() -> None:
    files = Path(gate.__file__).parent.rglob("*.py")
    assert not any("prometheus_client" in file.read_text() for file in files)


def test_faulty_settings_stop_the_start(settings: LazySettings) -> None:
    assert checks.metrics_are_guarded(None) == []
    settings.METRICS_TOKEN = "short"
    assert [message.id for message in checks.metrics_are_guarded(None)] == ["boltkeys.E010"]
    settings.METRICS_TOKEN, settings.METRICS_ALLOWED = "", ["10.0.0.1/8"]
    [message] = checks.metrics_are_guarded(None)
    assert message.id == "boltkeys.E011" and "10.0.0.1/8" in message.msg
