"""A Redis Cluster of three servers with a replica each, and the network before all of them."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import redis
from redis.crc import key_slot

from tests.faults.proxy import Proxy
from tests.faults.stores import PATIENCE, RedisServer
from tests.server import free_port
from tools.environment import clean_environment

PRIMARIES = 3
NODE_TIMEOUT_MS = 1500
"""Milliseconds without a sign of life after which the others take a server for dead."""


class Network(Proxy):
    """Proxies that fail together. `port` is that of the first."""

    def __init__(self, proxies: Iterable[Proxy]) -> None:
        self._proxies = list(proxies)
        self.port = self._proxies[0].port

    def __enter__(self) -> Self:
        self._each(Proxy.__enter__)
        return self

    def __exit__(self, *error: object) -> None:
        self._each(Proxy.__exit__)

    def accept(self) -> None:
        self._each(Proxy.accept)

    def refuse(self) -> None:
        self._each(Proxy.refuse)

    def cut(self) -> None:
        self._each(Proxy.cut)

    def hang(self) -> None:
        self._each(Proxy.hang)

    def delay(self, seconds: float) -> None:
        self._each(lambda proxy: proxy.delay(seconds))

    def heal(self) -> None:
        self._each(Proxy.heal)

    def _each(self, work: Callable[[Proxy], object]) -> None:
        for proxy in self._proxies:
            work(proxy)


class Node(RedisServer):
    """A server of a cluster. The others and all clients are told the address of the proxy before it; what the servers
    say to each other about the cluster itself goes from one to the other."""

    def __init__(self, folder: Path) -> None:
        self.bus, self.proxy = free_port(), Proxy(("127.0.0.1", 0))
        options = {
            "--cluster-enabled": "yes",
            "--cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "--cluster-port": str(self.bus),
            "--cluster-announce-port": str(self.proxy.port),
            "--cluster-announce-bus-port": str(self.bus),
            "--cluster-replica-validity-factor": "0",  # a replica that was cut off stands for election all the same
        }
        super().__init__(folder, *(part for option in options.items() for part in option))
        self.proxy.upstream = ("127.0.0.1", self.port)

    @property
    def id(self) -> str:
        return str(self.ask("CLUSTER", "MYID").decode())

    def ask(self, *command: Any) -> Any:
        """What this server itself says, by a client that knows of no cluster."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            return client.execute_command(*command)

    def is_primary(self) -> bool:
        return bool(self.ask("ROLE")[0] == b"master")


class _Processes:
    """Those of all servers, as if they were one."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes

    def pause(self) -> None:
        for node in self._nodes:
            node.process.pause()

    def resume(self) -> None:
        for node in self._nodes:
            node.process.resume()

    def kill(self) -> None:
        for node in self._nodes:
            node.process.kill()


class Cluster(RedisServer):
    """As one server to the tests: what happens to it happens to all of its servers."""

    def __init__(self, folder: Path, replicas: int = 0) -> None:
        self.nodes = [Node(folder / f"node{number}") for number in range(PRIMARIES * (1 + replicas))]
        self.network = Network(node.proxy for node in self.nodes)
        self.process = _Processes(self.nodes)  # type: ignore[assignment]
        self._replicas = replicas
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.network)
        for node in self.nodes:
            self._stack.enter_context(node)
        addresses = [f"127.0.0.1:{node.port}@{node.bus}" for node in self.nodes]
        command = ["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", str(self._replicas)]
        done = subprocess.run(
            [*command, "--cluster-yes"], env=clean_environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self._wait_until(self._is_whole)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.network.port}/0"

    def client(self) -> Any:
        return redis.RedisCluster(host="127.0.0.1", port=self.network.port, socket_timeout=5)

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        self._wait_until(self._is_whole)

    def restart(self, number: signal.Signals = signal.SIGTERM) -> None:
        for node in self.nodes:
            node.process.stop(number)
        self.start()

    def flush(self) -> None:
        for node in self.primaries():
            node.ask("FLUSHALL")

    def snapshot(self) -> bytes:
        raise NotImplementedError

    def primaries(self) -> list[Node]:
        return [node for node in self.nodes if node.process.is_running() and node.is_primary()]

    def of(self, name: str) -> Node:
        """The primary that has a key."""
        slot = key_slot(name.encode())
        for first, last, (_, _, node_id, *_), *_ in self.primaries()[0].ask("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.process.is_running() and node.id == node_id.decode())
        raise AssertionError(f"Nobody has slot {slot}.")

    def replica_of(self, primary: Node) -> Node:
        """One that has all that the primary has."""
        for node in self.nodes:
            role = node.ask("ROLE") if node.process.is_running() else [b""]
            if role[0] == b"slave" and role[2] == primary.proxy.port:
                self._wait_until(lambda: node.ask("ROLE")[3] == b"connected")  # noqa: B023  (called in this round only)
                return node
        raise AssertionError("It has no replica.")

    @contextmanager
    def moving(self, slot: int, source: Node, target: Node) -> Iterator[None]:
        """Within the block the slot is between the two; afterwards all of it is with the target."""
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        yield
        while names := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *names)
        for node in (target, source, *(node for node in self.primaries() if node not in {source, target})):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)

    def _is_whole(self) -> bool:
        try:
            return all(b"cluster_state:ok" in _info(node) for node in self.nodes)
        except redis.RedisError:
            return False

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < until, "The cluster does not come together."
            time.sleep(0.05)


def _info(node: Node) -> bytes:
    said = node.ask("CLUSTER", "INFO")
    return said if isinstance(said, bytes) else repr(said).encode()
