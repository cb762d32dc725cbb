import asyncio
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from tests.kafka import artifacts
from tests.kafka.artifacts import MissingPart
from tests.kafka.broker import COMPACTED_QUICKLY, Broker, BrokerFailed
from tests.kafka.conftest import Fresh


async def write(broker: Broker, topic: str, *values: bytes, key: bytes | None = None) -> None:
    """Write values to partition 0, each acknowledged."""
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value, key=key, partition=0)


async def read(broker: Broker, topic: str, count: int, group: str | None = None) -> list[bytes | None]:
    """Read `count` values from the beginning."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap, group_id=group, auto_offset_reset="earliest"
    )
    async with consumer:
        return [(await asyncio.wait_for(consumer.getone(), 30)).value for _ in range(count)]


@pytest.mark.parametrize("end", [Broker.stop, Broker.kill])
def test_a_restarted_broker_has_its_port_and_its_records(
    broker: Broker, fresh: Fresh, end: Callable[[Broker], None]
) -> None:
    """After SIGTERM and after SIGKILL; a group reads too."""
    topic, bootstrap = fresh.topic("numbers"), broker.bootstrap
    broker.create_topics(topic)
    asyncio.run(write(broker, topic, b"1", b"2"))

    end(broker)
    ended = broker.running
    broker.start()

    assert not ended
    assert broker.bootstrap == bootstrap
    asyncio.run(write(broker, topic, b"3"))
    assert asyncio.run(read(broker, topic, 3, group=fresh.app)) == [b"1", b"2", b"3"]


def test_a_paused_broker_answers_nobody_until_it_goes_on(broker: Broker, fresh: Fresh) -> None:
    """SIGSTOP and SIGCONT: the process stays alive, a new client gets nowhere."""
    topic = fresh.topic("numbers")
    broker.create_topics(topic)

    async def knock() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, request_timeout_ms=500)
        try:
            await producer.start()
        finally:
            await producer.stop()

    broker.pause()
    try:
        with pytest.raises(KafkaConnectionError):
            asyncio.run(knock())
        assert broker.running
    finally:
        broker.resume()

    asyncio.run(write(broker, topic, b"1"))
    assert asyncio.run(read(broker, topic, 1)) == [b"1"]


def test_a_topic_is_compacted_while_a_test_waits(broker: Broker, fresh: Fresh) -> None:
    """With COMPACTED_QUICKLY older values of a key are gone from the log, and the newest stays."""
    topic = fresh.topic("latest")
    broker.create_topics(topic, config=COMPACTED_QUICKLY)

    async def write_until_compacted() -> int:
        writes = 0
        async with asyncio.timeout(60):
            while writes < 3 or await read(broker, topic, 1) == [b"0"]:
                await write(broker, topic, b"%d" % writes, key=b"k")
                writes += 1
        return writes

    writes = asyncio.run(write_until_compacted())

    (oldest,) = asyncio.run(read(broker, topic, 1))
    assert oldest is not None
    assert 0 < int(oldest) < writes


def test_a_broker_that_runs_elsewhere_is_used_and_not_stopped(broker: Broker, fresh: Fresh) -> None:
    """RAPPORT_TEST_KAFKA: a test that would stop it fails, and says why."""
    elsewhere = Broker(bootstrap=broker.bootstrap)
    elsewhere.start()

    elsewhere.create_topics(fresh.topic("numbers"))

    with pytest.raises(BrokerFailed, match="unset RAPPORT_TEST_KAFKA"):
        elsewhere.stop()


def test_a_broker_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    """A setting that Kafka refuses ends it at once, and the reason is in the message."""
    broker = Broker(tmp_path, settings={"num.io.threads": "many"})

    with pytest.raises(BrokerFailed, match=r"num\.io\.threads"):
        broker.start()

    assert not broker.running


def test_a_missing_tool_names_the_step_to_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Java, no Maven: the tests fail with what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    for missing in (lambda: artifacts.tool("java"), lambda: artifacts.jars(tmp_path)):
        with pytest.raises(MissingPart, match="apt-get install openjdk-17-jre-headless maven"):
            missing()


def test_the_broker_does_not_outlive_the_tests(tmp_path: Path) -> None:
    """A run that is killed leaves no broker behind."""
    script = (
        "import sys; from pathlib import Path; from tests.kafka.broker import Broker\n"
        "broker = Broker(Path(sys.argv[1])); broker.start(); print(broker.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tests:
        assert tests.stdout is not None
        alive = os.pidfd_open(int(tests.stdout.readline()))

        tests.kill()

    ended, _, _ = select.select([alive], [], [], 30)
    os.close(alive)
    assert ended == [alive]
