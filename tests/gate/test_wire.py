"""The connections to Redis: one for each thread, replaced as often as it takes."""

from __future__ import annotations

from threading import Thread

import pytest
import redis
from django.conf import settings

from apps.gate.wire import Script, Wire, pack


@pytest.fixture
def wire() -> Wire:
    return Wire(settings.REDIS_URL, 2.0)


def test_connection_is_replaced_however_often_it_breaks(wire: Wire) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    for _ in range(150):
        client.client_kill_filter(_id=str(wire.ask("CLIENT", "ID")))
        assert wire.evaluate(Script("return 1"), pack("PING")) == b"PONG"
        client.client_kill_filter(_id=str(wire.ask("CLIENT", "ID")))
        assert wire.ask("PING") == b"PONG"


def test_every_thread_gets_a_connection_however_many_there_were(wire: Wire) -> None:
    answers: list[bytes] = []
    for _ in range(150):
        thread = Thread(target=lambda: answers.append(wire.ask("PING")))
        thread.start()
        thread.join()
    assert answers == [b"PONG"] * 150


def test_answer_that_came_too_late_is_never_read(wire: Wire) -> None:
    brief = Wire(settings.REDIS_URL, 0.05)
    with pytest.raises(TimeoutError):
        brief.ask("BLPOP", "nothing", "0.3")
    assert brief.ask("PING") == b"PONG"


def test_refused_command_leaves_the_answers_of_the_others_in_place(wire: Wire) -> None:
    answers = wire.ask_all([pack("PING"), pack("NO-SUCH-COMMAND"), pack("ECHO", "x")])
    assert answers[0] == b"PONG"
    assert isinstance(answers[1], redis.ResponseError)
    assert answers[2] == b"x"


def test_script_that_redis_has_forgotten_is_told_again(wire: Wire) -> None:
    script = Script("return ARGV[1]")
    for _ in range(2):
        assert wire.run(script, [], ["hello"]) == b"hello"
        redis.Redis.from_url(settings.REDIS_URL).script_flush()


def test_answer_that_nobody_waited_for_is_not_taken_for_the_next(wire: Wire) -> None:
    wire.send(pack("ECHO", "of somebody else"))
    assert wire.ask("ECHO", "mine") == b"mine"
