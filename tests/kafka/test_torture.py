"""Random faults for as long as asked: RAPPORT_TORTURE_MINUTES; RAPPORT_TORTURE_SEED repeats one round.

The faults of a round are the seed's; when exactly they hit is the machine's.
"""

import os
import random
import time
import uuid
from pathlib import Path

import pytest

from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import paused
from tests.kafka.trial import EXIT_FENCED, EXIT_STUCK, Trial, supervised, trial

MINUTES = float(os.environ.get("RAPPORT_TORTURE_MINUTES", "5"))
SEED = os.environ.get("RAPPORT_TORTURE_SEED")
FAULTS_A_ROUND = 6
MOST_WORKERS = 3
KILLED = -9
REFUSED = 1
ENDINGS = {0, KILLED, REFUSED, EXIT_FENCED, EXIT_STUCK}
pytestmark = pytest.mark.torture


def fault(run: Trial) -> str:
    """Do something bad, and return what it was."""
    alive = run.fleet.alive
    chosen = run.chance.choice(("kill", "kill", "stop", "pause", "join", "broker killed", "broker stopped"))
    match chosen:
        case "kill" if alive:
            run.chance.choice(alive).kill()
        case "stop" if len(alive) > 1:
            run.chance.choice(alive).stop()
        case "pause" if alive:
            with paused(run.chance.choice(alive)):
                time.sleep(run.chance.uniform(0.5, 8.0))
        case "broker killed" | "broker stopped":
            (Broker.kill if chosen == "broker killed" else Broker.stop)(run.broker)
            time.sleep(run.chance.uniform(0.0, 10.0))
            run.broker.start()
        case _ if len(alive) < MOST_WORKERS:
            chosen = "join"
            run.fleet.start()
        case _:
            chosen = "nothing"
    return chosen


def round_of_faults(broker: Broker, directory: Path, seed: int) -> None:
    """Run one fleet through faults, and judge it."""
    name = f"t{uuid.uuid4().hex[:8]}"
    done, pending, endings = [], list[int](), list[int]()
    with trial(broker, Fresh(name, f"{name}."), directory, seed=seed) as run:
        run.flow(rate=run.chance.choice((200, 1_000, 3_000)))
        run.fleet.start(run.chance.randint(1, MOST_WORKERS))
        run.fleet.wait_until_ready()
        run.wait_until_flowing(20)
        with supervised(run.fleet, endings):
            for _ in range(FAULTS_A_ROUND):
                time.sleep(run.chance.uniform(0.0, 6.0))
                pending.append(sum(run.progress.pending().values()))
                done.append(fault(run))
            run.load.end()
            if not run.fleet.alive:
                run.fleet.start()
            run.wait_until_done()
        print(f"  {', '.join(done)}; endings {endings}", flush=True)
        assert any(pending), "no fault hit while work was pending"
        assert set(endings) <= ENDINGS, endings
        refused = [member.tail(5) for member in run.fleet.members if member.process.returncode == REFUSED]
        assert all("cannot be reached" in said for said in refused), refused  # when it was started again
        run.settle()


def test_whatever_happens_nothing_is_lost_and_nothing_told_twice(broker: Broker, tmp_path: Path) -> None:
    """Killed, paused and stopped workers, joins, and a broker that ends: the topics are as if undisturbed."""
    until, rounds = time.monotonic() + MINUTES * 60, 0
    while rounds == 0 or (SEED is None and time.monotonic() < until):
        seed = int(SEED) if SEED is not None else random.SystemRandom().randrange(1 << 30)
        print(f"RAPPORT_TORTURE_SEED={seed}", flush=True)
        directory = tmp_path / str(rounds)
        directory.mkdir()
        broker.start()
        round_of_faults(broker, directory, seed)
        rounds += 1


def test_a_broker_away_for_two_minutes(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Workers may end as hanging or fenced; started again, they go on where the state is."""
    endings = list[int]()
    with trial(broker, fresh, tmp_path, seed=51, watchdog_s="90") as run:
        run.fleet.start(2)
        run.fleet.wait_until_ready()
        run.flow(rate=500)
        run.wait_until_flowing()

        broker.kill()
        time.sleep(120)
        largest = max(
            (sum(each.metrics("process_resident_memory_bytes").values()) for each in run.fleet.alive),
            default=0,
        )
        broker.start()
        with supervised(run.fleet, endings):
            run.wait_until_flowing()
            run.load.end()
            run.wait_until_done()

        assert set(endings) <= {EXIT_FENCED, EXIT_STUCK}, endings
        assert largest < 700e6
        run.settle()
