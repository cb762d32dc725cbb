"""A real Apache Kafka for tests: one node, KRaft, loopback, a process that can be stopped, killed and paused.

A restarted broker has the same port and the same data. Readiness is an answer to a metadata request.
"""

import base64
import random
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams import topics
from tests.kafka import artifacts
from tests.kafka.proxy import Route

START_TIMEOUT_S: Final = 180.0  # on a machine where much else runs
STOP_TIMEOUT_S: Final = 30.0
CHANGELOG: Final = "customers-changelog"

# Few partitions of the internal topics start faster; the cleaner comes often, so that a test can wait for it.
# To have a topic compacted within a second or two, give it COMPACTED_QUICKLY and write on.
SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "300",
    "broker.session.timeout.ms": "1500",  # a killed broker is let in again after it, by its own controller
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "1000",
    "log.segment.delete.delay.ms": "500",
    "log.cleaner.backoff.ms": "200",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
}
# The first compiler only: half the CPU until it answers (4.7 instead of 8.0 s), and enough for tests.
QUICK_START: Final = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
COMPACTED_QUICKLY: Final = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.001",
    "segment.ms": "500",
    "max.compaction.lag.ms": "1000",
    "delete.retention.ms": "500",
}


class BrokerFailed(Exception):
    """The broker did not start or stop. The message ends with the last lines of its log."""


class Broker:
    """A broker whose data, log and settings are in `directory`; `settings` are added to SETTINGS.

    java: options of the virtual machine (`-Xmx512m` alone, where throughput is measured).
    bootstrap: of a broker that runs elsewhere. It is used as it is; stopping or pausing it is refused.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        bootstrap: str | None = None,
        settings: Mapping[str, str] | None = None,
        java: Sequence[str] = QUICK_START,
    ) -> None:
        self.java = java
        self.log = directory / "kafka.log" if directory else None
        self._directory = directory
        self._settings = settings or {}
        self._libs: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        if bootstrap is None:
            port, self._controller, behind, shown, *self._spare = _free_ports(6)
            bootstrap = f"127.0.0.1:{port}"
            self._proxied = Route(listen=shown, to=behind)
        self.bootstrap = bootstrap

    @property
    def running(self) -> bool:
        """Whether its process is alive; one that runs elsewhere is taken to be."""
        return self._directory is None or (self._process is not None and self._process.poll() is None)

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._own().pid

    @property
    def proxied(self) -> Route:
        """Where a proxy is to stand: whoever asks behind it is told to come through it."""
        self._own()
        return self._proxied

    def start(self) -> None:
        """Start it, or start it again on what is on its disk, and return when it answers.

        Raises:
            MissingPart: Java or Maven is missing.
            BrokerFailed: it ended, or did not answer in time.
        """
        if self.running:
            return self._wait_until_ready()
        assert self._directory is not None
        configuration = self._directory / "server.properties"
        if self._libs is None:
            self._libs = artifacts.jars(artifacts.home())
            self._format(configuration)
        assert self.log is not None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java(), "kafka.Kafka", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt from the keyboard is for the tests; they stop it
            )
        self._guard = _guard(self._process.pid)
        return self._wait_until_ready()

    def stop(self) -> None:
        """Stop it tidily (SIGTERM)."""
        process = self._own()
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise BrokerFailed(f"it did not stop within {STOP_TIMEOUT_S} s\n{self.log_tail()}") from error
        self._unguard()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        process = self._own()
        process.kill()
        process.wait(STOP_TIMEOUT_S)
        self._unguard()

    def pause(self) -> None:
        """Stop its clock (SIGSTOP): connections stay open, and nothing answers."""
        self._own().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        self._own().send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def admin(self) -> AdminClient:
        """Return a client to make topics with."""
        return AdminClient(
            {"bootstrap.servers": self.bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 100}
        )

    def create_topics(
        self, *names: str, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """Create topics, and return when they can be used."""
        self._create([NewTopic(name, partitions, 1, config=dict(config or {})) for name in names])

    def create_public_topics(self, app: str, *, partitions: int, prefix: str = "") -> None:
        """Create Rapport's input, outputs and the changelog of application `app`."""
        stamped = {"message.timestamp.type": "LogAppendTime"}
        self._create(
            [
                *(
                    NewTopic(
                        prefix + topic.name,
                        partitions,
                        1,
                        config={"cleanup.policy": topic.cleanup}
                        | (stamped if topic is topics.TOUCHPOINTS else {}),
                    )
                    for topic in (topics.TOUCHPOINTS, *topics.OUTPUTS)
                ),
                NewTopic(f"{app}-{CHANGELOG}", partitions, 1, config={"cleanup.policy": "compact"}),
            ]
        )

    def delete_topics(self, *names: str) -> None:
        """Delete topics; one that is not there is a fault of the test."""
        admin = self.admin()  # which must live as long as its futures
        for future in admin.delete_topics(list(names)).values():
            future.result(timeout=START_TIMEOUT_S)

    def _create(self, wanted: Sequence[NewTopic]) -> None:
        admin = self.admin()
        for future in admin.create_topics(list(wanted)).values():
            future.result(timeout=START_TIMEOUT_S)
        deadline = time.monotonic() + START_TIMEOUT_S
        names = {topic.topic for topic in wanted}
        while not names <= {
            name
            for name, found in admin.list_topics(timeout=5).topics.items()
            if found.error is None and all(each.leader >= 0 for each in found.partitions.values())
        }:
            if time.monotonic() > deadline:
                raise BrokerFailed(f"the topics {sorted(names)} have no leaders\n{self.log_tail()}")

    # The process

    def _own(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise BrokerFailed(
                "this test needs a broker of its own: unset RAPPORT_TEST_KAFKA"
                if self._directory is None
                else "the broker was never started"
            )
        return self._process

    def _java(self) -> list[str]:
        dated = "-Dorg.slf4j.simpleLogger.showDateTime=true"
        return [artifacts.tool("java"), *self.java, dated, "-cp", f"{self._libs}/*"]

    def _format(self, configuration: Path) -> None:
        """Write the settings and make the storage ready, once for the life of the directory."""
        assert self._directory is not None
        lines = {
            **SETTINGS,
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller},"
            f"PROXIED://127.0.0.1:{self._proxied.to}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap},"
            f"PROXIED://127.0.0.1:{self._proxied.listen}",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "log.dirs": str(self._directory / "data"),
            **self._settings,
        }
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        configuration.write_text(text, encoding="utf-8")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "x")
        tool = [*self._java(), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(configuration)]
        ran = subprocess.run(tool, capture_output=True, text=True, timeout=START_TIMEOUT_S, check=False)
        if ran.returncode != 0:
            raise BrokerFailed(f"the storage could not be made: {ran.stdout}{ran.stderr}")

    def _wait_until_ready(self) -> None:
        admin, deadline = self.admin(), time.monotonic() + START_TIMEOUT_S
        while True:
            if not self.running:
                raise BrokerFailed(f"the broker ended\n{self.log_tail()}")
            try:
                if admin.list_topics(timeout=0.5).brokers:
                    return
            except KafkaException as error:
                if time.monotonic() > deadline:
                    raise BrokerFailed(
                        f"{self.bootstrap} does not answer: {error}\n{self.log_tail()}"
                    ) from error

    def _unguard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate(timeout=STOP_TIMEOUT_S)
            self._guard = None


def _guard(pid: int) -> "subprocess.Popen[bytes]":
    """Start what ends process `pid` when the tests are killed: their end of the pipe is closed then."""
    return subprocess.Popen(
        ["sh", "-c", 'read -r _; kill -9 "$0"', str(pid)], stdin=subprocess.PIPE, start_new_session=True
    )


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, below those that the system gives to clients.

    Among those, a client that tries to reach a broker that is down could be given the broker's own port,
    and would then be connected to itself.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
