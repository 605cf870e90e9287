"""What may stand in Redis that boltkeys has not written: by an accident, by an attacker, or by another version."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import redis

TEXTS = (
    b"",
    b"garbage",
    b"\x00\xff\xfe" * 20,
    *(b"P", b"T", b"V", b"|", b"||", b"P,", b"-1", b"nan", b"inf", b"1e400", b"9" * 400),
    *(b"[]", b"null", b"{}", b'"x"', b"[" * 100_000, b"x" * 1_000_000),
    *(b"0:0:0", b"1:2:3|4", b"0|0|0|0", b"99999999999:5:99999999999999"),
)
"""The first in each line are nothing, noise, marks that stand alone, JSON of another kind, too much, other formats."""

Poison = tuple[str, Callable[[redis.Redis, bytes], object]]
"""A name, and what puts it into a key."""


def of_any_kind() -> Iterator[Poison]:
    """Texts where there may be none, and each of the types of Redis where another is expected."""
    for text in TEXTS:
        yield f"text {text[:20]!r}", _text(text)
    yield "list", lambda client, key: client.rpush(key, "garbage", "", "-1")
    yield "list of numbers", lambda client, key: client.rpush(key, "0:0:0", "9" * 30 + ":1:" + "9" * 30)
    yield "list from the future", lambda client, key: client.rpush(key, "0:0:0", "99999999999:5:99999999999999")
    yield "hash", lambda client, key: client.hset(key, mapping={"garbage": "x", "": "", "a|b|c|d": "nan"})
    yield "set", lambda client, key: client.sadd(key, "garbage")
    yield "sorted set", lambda client, key: client.zadd(key, {"garbage": 1})
    yield "stream", lambda client, key: client.xadd(key, {"garbage": "x"})


def made_of(value: Any, others: list[Any], chance: random.Random) -> Iterator[Poison]:
    """What is like the right value, and wrong: `others` are the values of other keys, of the same type."""
    if isinstance(value, bytes):
        for length in sorted({*chance.sample(range(len(value) + 1), min(6, len(value))), max(0, len(value) - 1)}):
            yield f"cut at {length}", _text(value[:length])
        for place in chance.sample(range(len(value)), min(6, len(value))):
            yield f"flipped at {place}", _text(value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :])
        yield "of another version", _text(value.replace(b"[", b"[99", 1))
        yield "twice", _text(value + value)
        for other in others:
            yield "of another key", _text(other)
    elif isinstance(value, list):
        for name, items in (("reversed", value[::-1]), ("blank", [b""] * len(value)), ("more", [*value, b"x"])):
            yield name, _list(items)
        yield "negative", _list([item.replace(b":", b":-") for item in value])
        for other in others:
            yield "of another key", _list(other)
    elif isinstance(value, dict):
        for wrong in (b"x", b"nan", b"-5", b"9" * 30, b"", b"||", b"\xff"):
            yield f"all {wrong[:9]!r}", _hash({**value, **dict.fromkeys(value, wrong)})
        yield "cut fields", _hash({field[: len(field) // 2]: count for field, count in value.items()})


def value_of(client: redis.Redis, key: bytes) -> Any:
    """What stands there, in Python's types; None for what is neither text, list nor hash, or is gone meanwhile."""
    kind = client.type(key)
    if kind == b"string":
        return client.get(key)
    if kind == b"list":
        return client.lrange(key, 0, -1) or None
    return (client.hgetall(key) or None) if kind == b"hash" else None


def _text(text: bytes) -> Callable[[redis.Redis, bytes], object]:
    return lambda client, key: client.set(key, text)


def _list(items: list[bytes]) -> Callable[[redis.Redis, bytes], object]:
    return lambda client, key: client.rpush(key, *items)


def _hash(fields: dict[Any, Any]) -> Callable[[redis.Redis, bytes], object]:
    return lambda client, key: client.hset(key, mapping=fields)
