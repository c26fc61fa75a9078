"""Real Kafka brokers on this machine, for tests, benchmarks and development: one node, or three that replicate.

Apache Kafka in KRaft mode, from its published jars, which Maven fetches once into the user's cache. A node can be
killed, paused and started again, which is how the tests find out what happens then. For production use a cluster.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from infra.address import free_port
from infra.cannot_run import CannotRun
from infra.embedded_guard import until

_POM: Final = files("infra") / "kafka_brokers.pom.xml"
_CLUSTER: Final = "XCnZYRcgRE60ezctNMXaQQ"
"""Any 16 bytes, as Kafka writes them."""
_PATIENCE: Final = 60.0
"""Seconds for a start, and again for an end."""
_JAVA: Final = ("-Xms320m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class BrokersUnavailable(CannotRun):
    """No broker can run here."""


class KafkaBrokers:
    """`with KafkaBrokers(directory, nodes=3) as brokers:` they answer at `brokers.bootstrap` until the block ends."""

    def __init__(self, directory: Path, *, nodes: int = 1) -> None:
        """`directory` keeps what each node knows and says."""
        self._directory = directory
        self._ports = [free_port("127.0.0.1") for _ in range(nodes)]
        self._controllers = [free_port("127.0.0.1") for _ in range(nodes)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._jars = ""

    @property
    def nodes(self) -> Sequence[int]:
        """The numbers of the nodes, from 1."""
        return range(1, len(self._ports) + 1)

    @property
    def bootstrap(self) -> str:
        """`host:port` of each node, with commas between."""
        return ",".join(f"127.0.0.1:{port}" for port in self._ports)

    def __enter__(self) -> Self:
        """Start every node.

        Raises:
            BrokersUnavailable: there is no Java or no Maven, or a node ends before it answers.
        """
        self._jars = f"{_jars()}/*"
        for node in self.nodes:
            self._format(node)
        try:
            for node in self.nodes:
                self._launch(node)
            for node in self.nodes:
                self._until_it_answers(node)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop every node."""
        self._end()

    def start(self, node: int) -> None:
        """Start a node that was killed; returns when it takes connections."""
        self._launch(node)
        self._until_it_answers(node)

    def kill(self, node: int) -> None:
        """SIGKILL it."""
        process = self._processes.pop(node)
        process.kill()
        process.wait(_PATIENCE)

    def pause(self, node: int) -> None:
        """Stop its clock: connections stay open and nothing is answered."""
        self._processes[node].send_signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        """Let a paused node go on."""
        self._processes[node].send_signal(signal.SIGCONT)

    def _end(self) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait(_PATIENCE)
        self._processes.clear()

    def _format(self, node: int) -> None:
        home = self._directory / str(node)
        home.mkdir(parents=True, exist_ok=True)
        properties = self._properties(node, home)
        (home / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        if not (home / "data" / "meta.properties").exists():
            storage = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(home / "server.properties"))
            made = subprocess.run(
                [_program("java"), "-cp", self._jars, *storage], capture_output=True, text=True, check=False
            )
            if made.returncode:
                raise BrokersUnavailable(f"Kafka cannot format {home}: {made.stdout}{made.stderr}")

    def _properties(self, node: int, home: Path) -> dict[str, str | int]:
        together, port, controller = len(self._ports), self._ports[node - 1], self._controllers[node - 1]
        voters = ",".join(f"{n}@127.0.0.1:{at}" for n, at in zip(self.nodes, self._controllers, strict=True))
        in_sync = 2 if together > 1 else 1
        return {
            "process.roles": "broker,controller",
            "node.id": node,
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(home / "data"),
            "default.replication.factor": together,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": together,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": together,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 4,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            # A node that was killed is refused until its old session has run out.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
        }

    def _launch(self, node: int) -> None:
        home = self._directory / str(node)
        # It must not outlive this process, however that one ends.
        leash = [program, "--pdeathsig", "KILL"] if (program := shutil.which("setpriv")) else []
        command = [_program("java"), *_JAVA, "-cp", self._jars, "kafka.Kafka", str(home / "server.properties")]
        with (home / "out.log").open("ab") as log:
            self._processes[node] = subprocess.Popen(
                [*leash, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )

    def _until_it_answers(self, node: int) -> None:
        process, port = self._processes[node], self._ports[node - 1]
        until(lambda: process.poll() is not None or _answers(port), _PATIENCE)
        if process.poll() is not None or not _answers(port):
            log = self._directory / str(node) / "out.log"
            last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise BrokersUnavailable(f"Kafka's node {node} does not start; the end of {log}:\n{last}")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BrokersUnavailable(f"there is no {name} here; on Debian: apt-get install maven, which brings Java, too")
    return found


def _jars() -> Path:
    """Kafka's jars, fetched unless an earlier run has."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "production-tool"
    wanted = cache / "kafka-4.4.0"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.exists():
            fetched = cache / "kafka.new"
            shutil.rmtree(fetched, ignore_errors=True)
            pom = cache / "pom.xml"
            pom.write_bytes(_POM.read_bytes())
            goal = ("dependency:copy-dependencies", f"-DoutputDirectory={fetched}", "-DincludeScope=runtime")
            made = subprocess.run(
                [_program("mvn"), "-q", "-B", "-f", str(pom), *goal], capture_output=True, text=True, check=False
            )
            if made.returncode:
                raise BrokersUnavailable(f"Maven cannot fetch Kafka: {made.stdout}{made.stderr}")
            # Under its name only when it is whole.
            fetched.rename(wanted)
    return wanted
