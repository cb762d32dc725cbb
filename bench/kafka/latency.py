"""`kafka-latency`: from when a touchpoint was due to its transition at a subscriber; and rebalances.

The touchpoint behind a transition is known by its message id, which the transition repeats as its reason.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bench import reference
from bench.figures import Figure, Row
from bench.kafka import heads, systems
from bench.kafka.cluster import Cluster, cluster, fresh, source
from bench.kafka.generator import Sent, identity, load
from bench.kafka.progress import Group
from bench.kafka.subscriber import Heard, subscriber
from bench.kafka.throughput import SEED, Tell, starter
from bench.population import written
from bench.reference import WrongTableError
from streams.runtime.schedule import RunSettings
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import wait_for

DEFAULT_MS: Final = RunSettings().flush_interval_ms
SHORT_MS: Final = 50
WARM_S: Final = 10.0  # a broker whose compiler is still at work answers seconds late
LOOKED_S: Final = 5.0
P50_MS: Final = 200
P99_MS: Final = 600
PAUSE_S: Final = 5
SETTLE_S: Final = 60.0
JOIN_S: Final = 900.0  # the load ends when all is seen


class Latency(NamedTuple):
    """Milliseconds from when a touchpoint was due to when its transition was read."""

    p50: float
    p99: float
    most: float


def rows(rate: float) -> list[Row]:
    """Return the lines of the table; `rate`: the low one."""
    found = []
    for interval in (DEFAULT_MS, SHORT_MS):
        for load_key, named in (
            ("low", f"{rate:,.0f} touchpoints/s"),
            ("half", "half of what one worker can"),
        ):
            over = f"Kafka, {named}, flushed every {interval} ms"
            held = interval == DEFAULT_MS
            found += [
                Row(
                    f"p50 {load_key} {interval}",
                    f"{over}: due to transition read, p50",
                    f"< {P50_MS} ms" if held else "",
                    most=P50_MS if held else None,
                ),
                Row(
                    f"p99 {load_key} {interval}",
                    "the same, p99",
                    f"< {P99_MS} ms" if held else "",
                    most=P99_MS if held else None,
                ),
            ]
    return [
        *found,
        Row(
            "pause",
            f"a second worker joins at {rate:,.0f} touchpoints/s: longest pause of a partition that moves",
            f"< {PAUSE_S} s",
            most=PAUSE_S,
        ),
    ]


def measure(
    *, touchpoints: int, customers: int, rate: float, seconds: float, tell: Tell
) -> dict[str, Figure]:
    """Put a worker under an open-loop load at two rates and flush intervals; then let a second one join.

    rate: the low one.

    Raises:
        WrongTableError: A transition is missing, or was read twice.
    """
    figures: dict[str, Figure] = {}
    with cluster() as at:
        path = written(customers, SEED, touchpoints=touchpoints)
        with path.open("rb") as lines:
            expected = reference.fold(lines)
        tell("kafka-latency: how much one worker can")
        half = starter(at, path, expected, tell=tell).wall / 2
        for interval in (DEFAULT_MS, SHORT_MS):
            with (
                fresh(at.broker) as names,
                systems.worker(at, names, flush_interval_ms=interval) as member,
            ):
                member.wait_until_ready()
                for key, each in (("low", rate), ("half", half or rate)):
                    tell(f"kafka-latency: {each:,.0f} touchpoints/s, flushed every {interval} ms")
                    found = _loaded(at, names, rate=each, seconds=seconds, tell=tell)
                    beside = f" (most {found.most:,.0f} ms)"
                    named = f" at {each:,.0f}/s" if key == "half" else ""
                    figures[f"p50 {key} {interval}"] = Figure(found.p50, f"{found.p50:,.0f} ms{named}")
                    figures[f"p99 {key} {interval}"] = Figure(found.p99, f"{found.p99:,.0f} ms{beside}")
        pause = _joined(at, rate=rate, tell=tell)
        return figures | {"pause": Figure(pause, f"{pause:.1f} s")}


def _loaded(at: Cluster, names: Fresh, *, rate: float, seconds: float, tell: Tell) -> Latency:
    """Send at a rate, listen, and return what came when."""
    with subscriber(at, names) as listening:
        begun_us = time.time_ns() // 1_000
        with load(at, names, rate=rate, seconds=WARM_S + seconds) as sending:
            sent = sending.end()
        _wait_until_read(at, names)
        heard = listening.end()
    all_came(heard, sent)
    found = latency(heard, from_us=begun_us + int(WARM_S * 1e6))
    tell(
        f"  p50 {found.p50:,.0f} ms, p99 {found.p99:,.0f} ms, most {found.most:,.0f} ms; {len(heard):,} "
        f"transitions; the load itself was up to {sent.late_ms:,.0f} ms late"
    )
    return found


def all_came(heard: Iterable[Heard], sent: Sent) -> None:
    """See that the first touchpoint of every new customer was followed by one transition.

    Raises:
        WrongTableError: one is missing, or came twice.
    """
    times = Counter(each.message_id for each in heard)
    newcomers = [message for message in times if (known := identity(message)) and known.is_new]
    twice = [message for message in newcomers if times[message] > 1]
    if len(newcomers) != sent.newcomers or twice:
        raise WrongTableError(
            f"of {sent.newcomers} new customers, {len(newcomers)} had a transition, {len(twice)} several"
        )


def latency(heard: Iterable[Heard], *, from_us: int) -> Latency:
    """Return the latencies of what was due after an instant.

    Raises:
        ValueError: there was nothing.
    """
    took = sorted(
        (each.at_us - known.due_us) / 1_000
        for each in heard
        if (known := identity(each.message_id)) is not None and known.due_us >= from_us
    )
    return Latency(percentile(took, 50), percentile(took, 99), percentile(took, 100))


def percentile(ascending: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent are not above.

    Raises:
        ValueError: there are no values.
    """
    if not ascending:
        raise ValueError("nothing was measured")
    return ascending[max(0, -int(-len(ascending) * percent // 100) - 1)]


def _wait_until_read(at: Cluster, names: Fresh) -> None:
    """Return when all that is in the input is committed, and a moment more, for who reads what was told."""
    group = Group(at.broker, names.app, source(names))
    try:
        ends = group.ends()
        wait_for(
            "the load is read",
            lambda: all(at >= end for at, end in zip(group.committed(), ends, strict=True)),
            timeout_s=SETTLE_S,
        )
    finally:
        group.close()
    time.sleep(1.0)


def _joined(at: Cluster, *, rate: float, tell: Tell) -> float:
    """Let a second worker join under load; return the longest pause of a partition that moved, in seconds."""
    tell("kafka-latency: a second worker joins")
    with fresh(at.broker) as names, systems.worker(at, names, name="first") as first:
        first.wait_until_ready()
        with load(at, names, rate=rate, seconds=JOIN_S), heads.Heads(at.broker, names) as seen:
            wait_for("the first works", lambda: bool(seen.look()))
            began_ms = time.time_ns() // 1_000_000
            with systems.worker(at, names, name="second", shared=True) as second:
                second.wait_until_ready()
                wait_for("it has partitions", lambda: second.owns() > 0)
                moved = second.told("assigned")[-1]["partitions"]
                time.sleep(LOOKED_S)
                ended_ms = time.time_ns() // 1_000_000
                found = seen.look()
    pause = heads.longest_pause_ms(found, moved, begin_ms=began_ms, end_ms=ended_ms) / 1_000
    tell(f"  partitions {moved} moved, and stood still for {pause:.1f} s at most")
    return pause
