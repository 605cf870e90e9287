"""What is measured: requests in one process, and servers under load."""

from __future__ import annotations

from dataclasses import dataclass, replace

FLOOR = "bare view"
BOLTKEYS = "boltkeys"
PEERS = ("api-key + limit + meter", "DRF token + limit + meter")
"""Those that boltkeys can be compared with: they can be revoked, they limit and meter."""

JWT = "stateless JWT + limit"


@dataclass(frozen=True)
class Target:
    """One request, sent again and again, each time with the next line of the file `keys` in the header `header`.

    `app` is an attribute of `bench.site.wsgi`; `state` is what `bench.inproc` sets before each block of requests.
    `warm`: under load, its server is given each key twice before the first round. `distinct`: all keys of the file are
    used, however few a run asks for, so that none comes twice while it is remembered.
    """

    name: str
    path: str
    keys: str = "none"
    method: str = "GET"
    header: str = "Authorization"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    app: str = "application"
    state: str = ""
    warm: bool = False
    distinct: bool = False


VIEWS = (
    Target(FLOOR, "/bare"),
    Target(BOLTKEYS, "/boltkeys", "boltkeys", warm=True),
    Target(PEERS[0], "/api-key-metered", "api-key"),
    Target(PEERS[1], "/drf-token-metered", "drf-token"),
    Target(JWT, "/jwt-stateless-limited", "jwt"),
)
"""The trivial view, and what it costs to guard it."""

TRIPS = (Target("one PING, nothing else", "/ping"), Target("one empty script, nothing else", "/script"))
"""What the wake-up of Redis costs, and what any script costs."""

UNLIMITED = (
    Target("api-key", "/api-key", "api-key"),
    Target("DRF token", "/drf-token", "drf-token"),
    Target("knox", "/knox", "knox"),
    Target("JWT, user row read", "/jwt", "jwt"),
    Target("stateless JWT", "/jwt-stateless", "jwt"),
)
"""The peers as they are out of the box: a key that is let in may do so for ever, and nobody counts."""

GATE = Target(
    "boltkeys /gate",
    "/gate/v1",
    "boltkeys",
    headers=(("X-Original-Method", "GET"), ("X-Original-URI", "/v1/leads?limit=2")),
    app="lean",
    warm=True,
)
VERIFY = Target(
    "boltkeys /v1/verify",
    "/v1/verify",
    "boltkeys",
    method="POST",
    headers=(("Content-Type", "application/json"),),
    body='{"resource":"leads","action":"read"}',
    app="lean",
)
GATE_OF_MANY = replace(GATE, name="boltkeys /gate, RSGI")
VERIFY_OF_MANY = replace(VERIFY, name="boltkeys /v1/verify, RSGI")
"""The same for many calls at once: `boltkeys.rsgi`."""

BAD = (
    Target("boltkeys: malformed", "/boltkeys", "boltkeys-malformed"),
    Target("boltkeys: made up", "/boltkeys", "boltkeys-made-up", distinct=True),
    Target("api-key: made up", "/api-key-metered", "api-key-made-up", distinct=True),
    Target("DRF token: made up", "/drf-token-metered", "drf-token-made-up", distinct=True),
    Target("knox: made up", "/knox", "knox-made-up", distinct=True),
    Target("stateless JWT: made up", "/jwt-stateless-limited", "jwt-made-up", distinct=True),
)
"""Keys that nobody issued. A made-up one of boltkeys has a right checksum: whoever made it knows the format."""

FLOODS = ((BOLTKEYS, "boltkeys: made up"), (PEERS[0], "api-key: made up"))
"""A target, and the one whose requests it is flooded with."""

ASKED_AHEAD = Target("boltkeys, asked ahead", "/boltkeys", "boltkeys", app="ahead")
NOT_IN_MEMORY = Target("boltkeys, not in memory", "/boltkeys", "boltkeys", state="forgetful")

IN_PROCESS = (
    *VIEWS,
    *TRIPS,
    ASKED_AHEAD,
    NOT_IN_MEMORY,
    GATE,
    VERIFY,
    *UNLIMITED,
    *BAD,
    Target("bare view, all middleware", "/v1/bare", app="product"),
    Target("boltkeys, all middleware", "/v1/boltkeys", "boltkeys", app="product"),
)
ELSEWHERE = (*VIEWS, *TRIPS, ASKED_AHEAD, NOT_IN_MEMORY)
"""What is measured again with Redis at another place."""

QUICK = (*VIEWS, *TRIPS, GATE, VERIFY, *BAD[:2])

GRANIAN = "granian --interface {interface} --host 127.0.0.1 --port {port} --workers 1 --no-ws --log-level error"


@dataclass(frozen=True)
class Server:
    """A server of the load test; all its targets are in one process."""

    name: str
    app: str
    targets: tuple[Target, ...]
    interface: str = "wsgi"

    def command(self, port: int, threads: int) -> list[str]:
        options = f"--blocking-threads {threads}" if self.interface == "wsgi" else "--loop uvloop"
        return f"{GRANIAN.format(interface=self.interface, port=port)} {options} {self.app}".split()


SERVERS = (
    Server("views", "bench.site.wsgi:application", (*VIEWS, *BAD[:3])),
    Server("lean", "bench.site.wsgi:lean", (GATE, VERIFY)),
    Server("many calls", "boltkeys.rsgi:application", (GATE_OF_MANY, VERIFY_OF_MANY), "rsgi"),
    Server("hello, WSGI", "bench.site.hello:wsgi", (Target("hello world, WSGI", "/"),)),
    Server("hello, ASGI", "bench.site.hello:asgi", (Target("hello world, ASGI", "/"),), "asginl"),
    Server("hello, RSGI", "bench.site.hello:rsgi", (Target("hello world, RSGI", "/"),), "rsgi"),
)
BETTER_AUTH = {
    "nolimit": "better-auth",
    "limit": "better-auth + limit",
    "redis": "better-auth + limit, in Redis",
}
"""By the mode of `peers/better_auth/server.mjs`."""
