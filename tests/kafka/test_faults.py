"""Faults on a real broker while work is pending; afterwards the topics alone decide.

For a subscriber that reads committed, every output is there once, as an undisturbed processor tells it of the
same log, ticks included.
"""

import signal
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import paused, wait_for
from tests.kafka.trial import trial

STEPS = ("begin", "outputs", "changelog", "acknowledged", "committed")
SESSION_S = 3.0  # of the workers of a trial


def test_a_load_undisturbed(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Without any fault the checker finds nothing: what it finds elsewhere is the fault's."""
    with trial(broker, fresh, tmp_path, seed=1) as run:
        run.fleet.start(2)
        run.fleet.wait_until_ready()
        run.flow()
        run.wait_until_flowing(1_000)

        evidence = run.settle()

    assert evidence.transitions
    assert evidence.alerts
    assert evidence.late
    assert evidence.dead_letters
    assert any(each.key is None for each in evidence.touchpoints), "no tick decided anything"


def test_killed_again_and_again(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Ten times SIGKILL to one of three at random instants: nothing lost, nothing told twice.

    A new one comes at once, and nobody waits for it: the next kill also meets take-overs and rebalances.
    """
    with trial(broker, fresh, tmp_path, seed=2) as run:
        run.fleet.start(3)
        run.fleet.wait_until_ready()
        run.flow(rate=400)
        for _ in range(10):
            run.wait_until_moved(run.chance.randrange(5, 200))
            run.chance.choice([member for member in run.fleet.alive if member.owns()]).kill()
            run.see_work_pending()
            run.fleet.start()
        run.fleet.wait_until_ready()

        run.settle()


def test_told_to_stop_under_load(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """SIGTERM flushes, commits and ends with 0 within ten seconds; the next one reads nothing again."""
    with trial(broker, fresh, tmp_path, seed=3) as run:
        run.flow()
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.wait_until_flowing()

        stopped = member.stop()
        run.see_work_pending()
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.wait_until_flowing()
        again = member.metrics("engagement_touchpoints_total")
        run.settle()

    assert stopped.code == 0
    assert stopped.seconds < 10
    assert again
    assert all(count == 0 for labels, count in again.items() if "already_applied" in labels)


def test_stopped_past_its_session_and_awake_again(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Another worker has the partitions by then; the old owner can change nothing, and joins again."""
    with trial(broker, fresh, tmp_path, seed=4) as run:
        run.flow()
        (old,) = run.fleet.start()
        run.fleet.wait_until_ready()
        (new,) = run.fleet.start()
        wait_for("the second has joined", lambda: old.owns() == new.owns() == 2)
        run.wait_until_flowing()

        with paused(old):
            run.see_work_pending()
            wait_for("the other has taken over", lambda: new.owns() == 4 and new.hindrance is None)
            run.wait_until_flowing()
        run.wait_until_flowing(500)

        wait_for("both work again", lambda: old.owns() == new.owns() == 2)

        run.settle()


def test_fenced_by_one_that_owns_nothing(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """As by the broker, when a transaction takes too long: the group says whose it is, and it goes on."""
    with trial(broker, fresh, tmp_path, seed=6) as run:
        run.flow()
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.wait_until_flowing()

        for partition in (0, 2):
            identity = f"{fresh.app}-{fresh.topic(topics.TOUCHPOINTS.name)}-{partition}"
            stranger = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": identity})
            stranger.init_transactions(30)
        run.see_work_pending()
        wait_for("it was fenced", lambda: len(member.told("flush_failed")) >= 2)
        run.wait_until_flowing(500)

        assert "fenced" in {each["verdict"] for each in member.told("flush_failed")}
        assert member.alive
        run.settle()


def test_workers_join_and_leave(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """One to three workers come, are told to go and are killed, while customers go on."""
    with trial(broker, fresh, tmp_path, seed=5) as run:
        run.flow()
        run.fleet.start()
        run.fleet.wait_until_ready()
        for change in ("join", "join", "leave", "kill", "join"):
            run.wait_until_flowing(50)
            if change == "join":
                run.fleet.start()
            elif change == "leave":
                assert run.chance.choice(run.fleet.alive).stop().code == 0
            else:
                run.chance.choice(run.fleet.alive).kill()
                run.see_work_pending()
            run.fleet.wait_until_ready()

        run.settle()


def test_killed_at_every_step_of_a_flush(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """A flush is seen whole or not at all, wherever in it the process dies: one worker after the other."""
    with trial(broker, fresh, tmp_path, seed=7) as run:
        run.flow()
        for step in run.chance.sample(STEPS, len(STEPS)):
            (member,) = run.fleet.start(dies_at=(step, run.chance.randrange(1, 40)))
            assert member.wait(120) == -signal.SIGKILL, member.tail()
            run.see_work_pending()
        run.fleet.start()
        run.fleet.wait_until_ready()

        run.settle()


@pytest.mark.torture
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_a_flush(broker: Broker, fresh: Fresh, tmp_path: Path, step: str) -> None:
    """The same of one step, in a worker's first flush and in a later one."""
    with trial(broker, fresh, tmp_path, seed=STEPS.index(step)) as run:
        run.flow()
        for occurrence in (1, run.chance.randrange(10, 80)):
            (member,) = run.fleet.start(dies_at=(step, occurrence))
            assert member.wait(120) == -signal.SIGKILL, member.tail()
            run.see_work_pending()
        run.fleet.start()
        run.fleet.wait_until_ready()

        run.settle()
