import tracemalloc
from collections.abc import Iterator
from itertools import islice

import msgspec

from schemas.touchpoint import Touchpoint
from streams.demo.life import DAY_MS, Moment
from streams.demo.population import touchpoints

START_MS = 1_790_812_800_000  # 2026-10-01
DECODER = msgspec.json.Decoder(Touchpoint)


def days(count: int, *, customers: int = 40, seed: int = 7) -> Iterator[Moment]:
    return touchpoints(seed=seed, customers=customers, start_ms=START_MS, end_ms=START_MS + count * DAY_MS)


def test_the_same_seed_gives_the_same_touchpoints_and_another_seed_gives_others() -> None:
    """A population is its seed: byte for byte."""
    first = list(days(30, seed=7))

    assert list(days(30, seed=7)) == first
    assert list(days(30, seed=8)) != first


def test_touchpoints_come_in_the_order_of_time_from_the_start_to_before_the_end() -> None:
    """Instants never go back, and the end is not part of the time asked for."""
    instants = [at_ms for at_ms, _ in days(60)]

    assert instants == sorted(instants)
    assert instants[0] >= START_MS
    assert START_MS + 59 * DAY_MS < instants[-1] < START_MS + 60 * DAY_MS


def test_a_touchpoint_at_the_very_end_is_left_out() -> None:
    """The end is excluded to the millisecond: also of a visit that has begun before it."""
    some = list(days(20))
    end_ms = some[500][0]

    cut = list(touchpoints(seed=7, customers=40, start_ms=START_MS, end_ms=end_ms))

    assert cut == [moment for moment in some if moment[0] < end_ms]


def test_a_longer_time_begins_with_the_shorter_one() -> None:
    """Where the stream is cut changes nothing before the cut."""
    shorter = list(days(20))

    assert list(islice(days(60), len(shorter))) == shorter


def test_a_life_does_not_depend_on_how_many_others_there_are() -> None:
    """The first ten people do the same among ten as among fifty."""
    few = sorted(days(40, customers=10))
    known = {DECODER.decode(body).customer_id for _, body in few}

    among_many = [
        moment for moment in days(40, customers=50) if DECODER.decode(moment[1]).customer_id in known
    ]

    assert sorted(among_many) == few


def test_every_touchpoint_is_a_valid_one_at_its_instant() -> None:
    """Each decodes as the public type, is timed as announced, and has an id of its own."""
    decoded = [(at_ms, DECODER.decode(body)) for at_ms, body in days(90)]

    assert all(round(one.timestamp.timestamp() * 1000) == at_ms for at_ms, one in decoded)
    assert len({one.message_id for _, one in decoded}) == len(decoded)
    assert all(one.customer_id for _, one in decoded)


def test_a_touchpoint_has_about_three_hundred_bytes() -> None:
    """What the benchmark reads is as long as what trackers send."""
    sizes = [len(body) for _, body in days(30)]

    assert 250 <= sum(sizes) / len(sizes) <= 350


def test_the_first_touchpoint_of_a_customer_tells_country_and_plan() -> None:
    """Segments need traits, so everybody brings them along."""
    first: dict[str | None, Touchpoint] = {}
    for _, body in days(60):
        one = DECODER.decode(body)
        first.setdefault(one.customer_id, one)

    assert len(first) > 10
    assert all({"plan", "country"} <= set(one.traits or {}) for one in first.values())


def held_bytes() -> int:
    """Return what the stream holds: what other threads of the test process allocate is none of its memory."""
    inside = tracemalloc.Filter(True, "*/streams/demo/*", all_frames=True)
    found = tracemalloc.take_snapshot().filter_traces([inside])
    return sum(trace.size for trace in found.traces)


def test_memory_does_not_grow_with_time() -> None:
    """In two more years after an ended arrival the stream never holds more than before them."""
    stream = days(1_100, customers=60)
    tracemalloc.start(3)
    try:
        end_ms = START_MS + 330 * DAY_MS
        next(moment for moment in stream if moment[0] >= end_ms)
        before = held_bytes()

        held = [before]
        while len(held) <= 10 and sum(1 for _ in islice(stream, 2_000)) == 2_000:
            held.append(held_bytes())
    finally:
        tracemalloc.stop()
    assert before > 1_000  # the filter finds the stream
    assert len(held) == 11
    assert max(held) < before + 100_000  # 20,000 touchpoints alone would be more than 5 MB
