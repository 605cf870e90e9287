"""Behind PgBouncer in transaction pooling each transaction has another connection: none depends on the one before."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.faults import ask, counting, report
from tests.faults.conftest import Large

SOON = 15.0


def test_transactions_of_many_share_few_connections(large: Large) -> None:
    """Else the other tests would say nothing."""
    keys = large.operator.keys(40, project=large.project)
    with ThreadPoolExecutor(16) as together:
        answers = list(together.map(lambda presented: ask.verify(large.site, presented), keys.values()))
    assert {answer.status for given in answers for answer in given} == {200}
    assert _rows(large, "SHOW CONFIG")["pool_mode"][0] == "transaction"
    clients, servers = (len(_rows(large, f"SHOW {what}", key="port")) for what in ("CLIENTS", "SERVERS"))
    assert clients > servers > 0


def test_keys_are_made_verified_revoked_and_counted(large: Large) -> None:
    keys = large.operator.keys(6, project=large.project)
    ended, *_ = keys
    for presented in keys.values():
        assert {answer.status for answer in ask.verify(large.site, presented)} == {200}
        assert {web.server.call("/v1/leads", key=presented).status for web in large.site.webs} == {200}
    large.operator.make("revoke", key=ended)
    assert {answer.json()["code"] for answer in ask.verify(large.site, keys[ended])} == {"revoked"}
    known = counting.Bounds(dict.fromkeys(keys, 2 * len(large.site.webs)), {})
    assert known.wrong(counting.settled(large.operator, keys, known)) == {}


def test_work_goes_on_when_pgbouncer_is_restarted(large: Large) -> None:
    keys = large.operator.keys(3, project=large.project)
    large.bouncer.process.kill()
    large.bouncer.__enter__()
    began = time.monotonic()
    for presented in keys.values():
        while {answer.status for answer in ask.verify(large.site, presented)} != {200}:
            assert time.monotonic() < began + SOON
    report.note("PgBouncer is killed and starts", recovered_in=time.monotonic() - began)


def test_nothing_of_a_session_is_relied_upon(large: Large) -> None:
    """No prepared statement, no cursor of the server, no lock of a session is left behind, and none was missed."""
    said = large.site.log()
    for complaint in (
        "prepared statement",
        "unsupported startup parameter",
        "cursor does not exist",
        "no transaction in",
    ):
        assert complaint not in said, complaint


def _rows(large: Large, command: str, key: str = "key") -> dict[str, tuple[str, ...]]:
    """What PgBouncer says of itself: the rest of each row by one of its columns."""
    with psycopg.connect(
        f"postgres://boltkeys@127.0.0.1:{large.bouncer.port}/pgbouncer", autocommit=True
    ) as connection:
        cursor = psycopg.ClientCursor(connection)
        cursor.execute(command)
        columns = [column.name for column in cursor.description or ()]
        place = columns.index(key)
        return {str(row[place]): tuple(map(str, row[:place] + row[place + 1 :])) for row in cursor.fetchall()}
