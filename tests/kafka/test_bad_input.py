"""Records that cannot be read, by themselves and in masses, repeats, and a customer who is everywhere."""

import itertools
from pathlib import Path

import msgspec

from tests.kafka import load
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import wait_for
from tests.kafka.trial import Trial, trial

LARGE = b'{"message_id": "large", "filler": "' + b"x" * 900_000 + b'"}'
STRANGE = (
    *load.POISON,
    LARGE,
    b'{"kind": "tick"}',
    b'{"message_id": "z", "customer_id": "c", "event": "visit", "timestamp": "9999-12-31T23:59:59Z"}',
    b'{"message_id": "v", "customer_id": "other", "event": "visit", "timestamp": "2026-01-01T00:00:00Z"}',
    b'{"message_id": "w", "customer_id": "c", "event": "visit"}',
)


def outcomes(run: Trial) -> dict[str, int]:
    """Return what the workers have told so far of all records: the last figures of each partition."""
    found: dict[bytes | None, dict[str, int]] = {}
    for read in run.evidence().kpis:
        found[read.key] = msgspec.json.decode(read.value)["outcomes"]
    return {name: sum(each[name] for each in found.values()) for name in next(iter(found.values()))}


def test_every_kind_of_poison_is_a_dead_letter_and_the_partition_moves_on(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """The original bytes, with reason and origin; what comes after it is processed within a second."""
    with trial(broker, fresh, tmp_path, seed=21, partitions=1) as run:
        run.fleet.start()
        run.fleet.wait_until_ready()
        good = load.touchpoints(21, bad=False)

        for poison in STRANGE:
            run.load.write([(b"c", poison), next(good)], partition=0)
        evidence = run.settle()

    assert len(evidence.dead_letters) == len(STRANGE)
    for read in evidence.dead_letters:
        assert {"error.reason", "error.message", "source.topic", "source.partition"} <= read.headers.keys()
    written = {read.offset: read.timestamp_ms for read in evidence.touchpoints}
    waits = [
        read.timestamp_ms - written[int(read.headers["source.offset"])] for read in evidence.dead_letters
    ]
    assert max(waits) < 1_000, f"dead letters waited {sorted(waits)} ms"


def test_nothing_but_poison(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Every record is kept, the log of the worker stays short, and customers are served afterwards."""
    with trial(broker, fresh, tmp_path, seed=22, partitions=2) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()

        run.load.write((b"c%d" % n, b"{") for n in range(20_000))
        run.load.write(itertools.islice(load.touchpoints(22, bad=False), 500))
        evidence = run.settle()

        assert len(evidence.dead_letters) == 20_000
        assert evidence.transitions
        assert len(member.told("dead_lettered")) < 1_000


def test_repeats_are_counted_once_also_across_a_crash(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """The first of an id wins; the same touchpoints again after a SIGKILL change nothing."""
    with trial(broker, fresh, tmp_path, seed=23) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        sent = list(itertools.islice(load.touchpoints(23, bad=False), 4_000))
        other = [
            (key, msgspec.json.encode(msgspec.json.decode(value) | {"event": "buy"}))
            for key, value in sent[::20]
        ]
        run.load.write(sent)
        wait_for("some of it is in the state", lambda: any(run.progress.positions().values()))
        member.kill()
        run.load.write([*sent[::10], *other])
        run.see_work_pending()
        run.fleet.start()
        run.fleet.wait_until_ready()

        run.settle()
        counted = outcomes(run)

    assert counted["applied"] == len(sent)
    assert counted["duplicate"] == len(sent[::10]) + len(other)


def test_a_customer_who_is_everywhere(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """With 30 % of all touchpoints on one customer, a crash changes nothing, and the others are served."""
    with trial(broker, fresh, tmp_path, seed=24) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        usual = itertools.islice(load.touchpoints(24, bad=False), 7_000)
        hot = itertools.islice(load.touchpoints(25, customers=1, bad=False), 3_000)
        mixed = list(itertools.chain(usual, hot))
        run.chance.shuffle(mixed)
        run.load.write(mixed)
        wait_for("some of it is in the state", lambda: any(run.progress.positions().values()))
        member.kill()
        run.load.write(itertools.islice(load.touchpoints(26, bad=False), 1_000))
        run.see_work_pending()
        run.fleet.start()
        run.fleet.wait_until_ready()

        evidence = run.settle()

    assert sum(each.key == b"c0" for each in evidence.touchpoints) > 3_000
    assert len({each.key for each in evidence.transitions}) > 100
