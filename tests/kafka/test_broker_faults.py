"""A broker that ends, is killed, is away, or refuses, while work is pending; the topics decide."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import paused, wait_for
from tests.kafka.trial import EXIT_STUCK, Trial, trial

AWAY_S = 8.0


def outage(run: Trial, end: Callable[[Broker], None], *, seconds: float) -> None:
    """Take the broker away for a while, with work pending."""
    run.wait_until_flowing()
    end(run.broker)
    time.sleep(seconds)  # the outage itself
    waiting = [member.hindrance or "" for member in run.fleet.alive]
    assert any("flush" in each for each in waiting), f"no worker had work pending: {waiting}"
    run.broker.start()


def set_limit(run: Trial, topic: str, size: int) -> None:
    """Set max.message.bytes of a topic."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = run.broker.admin()  # which must live as long as its futures
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(timeout=30)


@pytest.mark.parametrize("end", [pytest.param(Broker.stop, marks=pytest.mark.torture), Broker.kill])
def test_the_broker_is_away(
    broker: Broker, fresh: Fresh, tmp_path: Path, end: Callable[[Broker], None]
) -> None:
    """Nobody crashes: when it is there again, the same workers go on, and nothing is lost or told twice."""
    with trial(broker, fresh, tmp_path, seed=11) as run:
        run.fleet.start(2)
        run.fleet.wait_until_ready()
        run.flow()

        outage(run, end, seconds=AWAY_S)
        run.wait_until_flowing()

        assert len(run.fleet.alive) == 2, "a worker ended"
        run.settle()


def test_a_worker_is_not_ready_while_the_broker_is_away(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """A flush that does not come through is trouble, and /readyz says so until it does."""
    with trial(broker, fresh, tmp_path, seed=12) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.flow()
        run.wait_until_flowing()

        broker.kill()
        wait_for("it is not ready", lambda: member.hindrance is not None, timeout_s=25)
        told = member.hindrance or ""
        broker.start()
        run.fleet.wait_until_ready()

        assert "for a flush to come through" in told
        run.settle()


@pytest.mark.torture
def test_told_to_stop_while_the_broker_is_away(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """It cannot flush, so it ends as one that hangs, in time; the next worker does it again."""
    with trial(broker, fresh, tmp_path, seed=13) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.flow()
        run.wait_until_flowing()

        broker.kill()
        member.send(signal.SIGTERM)
        began = time.monotonic()
        code = member.wait(60)
        seconds = time.monotonic() - began
        broker.start()
        run.see_work_pending()
        run.fleet.start()
        run.fleet.wait_until_ready()
        run.settle()

    assert code == EXIT_STUCK
    assert seconds < 25  # what Kubernetes waits for is thirty


def test_told_to_stop_before_it_has_started(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """SIGTERM ends a worker within ten seconds, however far its start is."""
    with trial(broker, fresh, tmp_path, seed=14) as run:
        run.fleet.start()
        run.fleet.wait_until_ready()
        (member,) = run.fleet.start()
        wait_for("it runs", lambda: bool(member.told("serving")))

        time.sleep(run.chance.random())
        stopped = member.stop()

        assert stopped.code == 0, member.tail()
        assert stopped.seconds < 10


def test_no_broker_at_the_start(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """A worker that reaches no broker ends soon, with what it tried in one line, and no traceback."""
    with trial(broker, fresh, tmp_path, seed=15) as run:
        broker.stop()
        (member,) = run.fleet.start()

        code = member.wait(60)

        assert code == 1
        assert f"{broker.bootstrap} cannot be reached" in member.tail(3)
        assert "Traceback" not in member.tail(200)


def test_a_refused_batch_is_not_committed(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Outputs that do not fit their topic stop the partition, and /readyz says so; larger, it goes on."""
    with trial(broker, fresh, tmp_path, seed=16) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.flow()
        run.wait_until_flowing()
        scores = fresh.topic(topics.SCORES.name)

        set_limit(run, scores, 100)
        wait_for("a flush is refused", lambda: bool(member.told("flush_failed")))
        run.see_work_pending()
        wait_for("it is not ready", lambda: "MessageSizeTooLarge" in (member.hindrance or ""))
        set_limit(run, scores, 1_000_000)
        run.wait_until_flowing()

        assert member.alive
        run.settle()


def test_without_a_topic_for_dead_letters_the_partition_stops(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """Nothing is dropped in silence: it stops, /readyz says so, and it goes on when the topic is made."""
    with trial(broker, fresh, tmp_path, seed=17) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        dead = fresh.topic(topics.DEAD_LETTERS.name)
        broker.delete_topics(dead)

        run.flow()
        wait_for("it is not ready", lambda: member.hindrance is not None, timeout_s=30)
        run.see_work_pending()
        broker.create_topics(dead, partitions=run.fleet.partitions)
        run.wait_until_flowing()

        assert member.alive, member.tail()
        run.settle()


def test_records_that_expire_unread_stop_the_worker(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """They are lost: it says how many and of what, and does not go on behind them in silence."""
    with trial(broker, fresh, tmp_path, seed=18) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.flow()
        run.wait_until_flowing()

        with paused(member):
            before = run.progress.ends()[0]
            wait_for("more is written", lambda: run.progress.ends()[0] > before + 300)
            run.see_work_pending()
            place = TopicPartition(fresh.topic(topics.TOUCHPOINTS.name), 0, run.progress.ends()[0])
            admin = broker.admin()  # which must live as long as its futures
            for future in admin.delete_records([place]).values():
                future.result(timeout=30)
        code = member.wait(60)

    assert code == 1
    assert "records expired unread" in member.tail(5)
