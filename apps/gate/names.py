"""The names of what boltkeys keeps in Redis.

    bk:{7}:k:<digest>   the record of a key, "V<version><end of the digest><record>"; or "T<ticket>" while somebody
                        reads the database, or "P<changes>" while a change is on its way
    bk:{7}:w:<key ID>   the requests of a key in the last 60 seconds
    bk:{7}:a:<address>  unknown keys that came from an address in a minute
    bk:{7}:u, bk:{7}:s  counts and last uses that wait for the database; with :<batch> those that were set aside
    bk:{7}:b            the batches that were set aside
    bk:{7}:r            which run of its server the records are of; on each server in one bucket

The number in braces stands for the bucket. All that one script needs is in one bucket, so on one node of a cluster.
"""

from __future__ import annotations

import base64
from itertools import count
from typing import NamedTuple

from redis.crc import key_slot

BUCKETS = 64
"""As many nodes as that can share the keys of a cluster."""

SLOTS = 16_384


def _tags() -> list[str]:
    """A number for each bucket, whose slots in a cluster are as far apart as can be: equal ranges have equal shares."""
    found: dict[int, str] = {}
    numbers = count()
    while len(found) < BUCKETS:
        number = str(next(numbers))
        found.setdefault(key_slot(number.encode()) * BUCKETS // SLOTS, number)
    return [found[bucket] for bucket in range(BUCKETS)]


TAGS = _tags()

RECORDS = "bk:{*}:k:*"
"""The pattern of all records."""


def bucket_of(digest: bytes) -> int:
    return digest[0] % BUCKETS


class Named(NamedTuple):
    """What a key is known by here."""

    digest: bytes
    key_id: str

    @property
    def bucket(self) -> int:
        return bucket_of(self.digest)


def record(digest: bytes) -> str:
    """Half of the digest is enough of a name: 128 bits."""
    name = base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
    return f"bk:{{{TAGS[bucket_of(digest)]}}}:k:{name}"


def window(bucket: int, key_id: str) -> str:
    return f"bk:{{{TAGS[bucket]}}}:w:{key_id}"


def address(bucket: int, ip: str) -> str:
    return f"bk:{{{TAGS[bucket]}}}:a:{ip}"


def usage(bucket: int, batch: str = "") -> str:
    return f"bk:{{{TAGS[bucket]}}}:u:{batch}" if batch else f"bk:{{{TAGS[bucket]}}}:u"


def seen(bucket: int, batch: str = "") -> str:
    return f"bk:{{{TAGS[bucket]}}}:s:{batch}" if batch else f"bk:{{{TAGS[bucket]}}}:s"


def batches(bucket: int) -> str:
    return f"bk:{{{TAGS[bucket]}}}:b"


def run(bucket: int) -> str:
    return f"bk:{{{TAGS[bucket]}}}:r"
