"""The counts that wait in Redis: each of them arrives, whatever stands beside it and however often it was set aside."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings

from apps.core import secret
from apps.gate import gate, names
from apps.gate.nodes import Nodes
from apps.gate.scripts import DRAIN
from apps.projects.models import Project
from apps.usage.models import KeySeen, KeyUsage
from apps.usage.service import settle
from tests import make
from tests.gate.tiers import LEADS

pytestmark = pytest.mark.django_db

BUCKET, BATCH = 5, "0" * 32
CELL = "key_x|1790000000|leads|ok"


@pytest.mark.parametrize(
    "at", ["9" * 400, "9" * 30, "-" + "9" * 400, "-1", "nan", "inf", "1e400", "", "9" * 5000], ids=lambda at: at[:9]
)
def test_time_that_is_none_holds_up_no_other(project: Project, client: redis.Redis, at: str) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    bucket = names.bucket_of(secret.digest(made.secret))
    client.hset(names.seen(bucket), "key_zz", f"{at}|192.0.2.1|agent")
    client.hset(names.usage(bucket), f"key_zz|{at}|leads|ok", 1)
    client.hset(names.usage(bucket), "key_zz|0|leads|ok", at)
    settle()
    assert KeyUsage.objects.get(key_id=made.key.id).count == 1
    assert KeySeen.objects.get(key_id=made.key.id).used_ip == LEADS.ip


@pytest.mark.parametrize("text", ["\0", "\ud800", "x" * 100_000, "|", "\r\n", "%s"], ids=lambda text: repr(text)[:9])
def test_text_that_is_none_holds_up_no_other(project: Project, client: redis.Redis, text: str) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    bucket, odd = names.bucket_of(secret.digest(made.secret)), text.encode(errors="surrogatepass")
    client.hset(names.seen(bucket), b"key_" + odd, b"1|%b|%b" % (odd, odd))
    client.hset(names.seen(bucket), b"key_zz", b"1|%b|%b" % (odd, odd))
    client.hset(names.usage(bucket), b"key_%b|0|%b|%b" % (odd, odd, odd), 1)
    settle()
    assert KeyUsage.objects.get(key_id=made.key.id).count == 1


def test_what_is_set_aside_twice_under_one_name_is_there_once(client: redis.Redis) -> None:
    nodes = Nodes(settings.REDIS_URL, 2.0)
    client.hset(names.usage(BUCKET), CELL, 100)
    assert nodes.evaluate(BUCKET, DRAIN, _draining()) == [BATCH.encode()]
    client.hset(names.usage(BUCKET), CELL, 7)  # counted before it comes once more
    assert nodes.evaluate(BUCKET, DRAIN, _draining()) == [BATCH.encode()]
    assert (client.hget(names.usage(BUCKET, BATCH), CELL), client.hget(names.usage(BUCKET), CELL)) == (b"100", b"7")


@pytest.mark.parametrize("twice", [False, True])
def test_command_is_not_sent_again_to_where_a_bucket_has_moved(client: redis.Redis, twice: bool) -> None:
    nodes, (host, port) = Nodes(settings.REDIS_URL, 2.0), _address()
    connection = nodes.of(BUCKET).ask("CLIENT", "ID")
    client.client_kill_filter(_id=str(connection))
    moved = redis.ResponseError(f"MOVED 1 {host}:{port}")
    answer = nodes._followed(moved, BUCKET, _draining(), DRAIN, may_run_twice=twice)
    assert isinstance(answer, list if twice else ConnectionError)


def _draining() -> bytes:
    keys = [names.usage(BUCKET), names.seen(BUCKET), names.batches(BUCKET)]
    return DRAIN.command([*keys, names.usage(BUCKET, BATCH), names.seen(BUCKET, BATCH)], [BATCH])


def _address() -> tuple[str, int]:
    parts = urlsplit(settings.REDIS_URL)
    return parts.hostname or "", parts.port or 6379
