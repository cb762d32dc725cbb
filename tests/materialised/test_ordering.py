"""Outputs of several partitions in the order in which they were written."""

import random

import pytest

from streams import topics
from streams.materialised import ordering
from streams.materialised.arrival import Arrival, Gone, Place
from streams.materialised.ordering import Held, Ordering

NAME = topics.TRANSITIONS.name
A, B = (NAME, 0), (NAME, 1)


def held(*written_ms: int, first: int = 0) -> list[Held]:
    """Return records that say when they were written."""
    return [
        Held(each, offset, [Gone(NAME, b"%d" % each)]) for offset, each in enumerate(written_ms, start=first)
    ]


def said(arrivals: list[Arrival]) -> list[int]:
    return [int(each.key) for each in arrivals if isinstance(each, Gone)]


def test_nothing_waits_where_everything_has_been_read() -> None:
    """Partitions are merged by their clocks."""
    held_back = Ordering()
    held_back.hold(A, held(1, 3, 5))
    held_back.hold(B, held(2, 4))

    assert said(held_back.release([])) == [1, 2, 3, 4, 5]
    assert held_back.first(A) is held_back.first(B) is None
    assert held_back.release([]) == []


def test_what_could_come_earlier_is_waited_for() -> None:
    """Up to the newest of each partition that has more; one of which nothing has come holds back all."""
    held_back = Ordering()
    held_back.hold(A, held(1, 3, 5))

    nothing = held_back.release([B])
    held_back.hold(B, held(2, 4))
    waits = held_back.is_empty
    some = held_back.release([A, B])

    assert (nothing, said(some)) == ([], [1, 2, 3, 4])
    assert (held_back.first(A), held_back.first(B)) == (2, None)
    assert said(held_back.release([A])) == [5]
    assert (waits, held_back.is_empty) == (False, True)


def test_the_order_within_a_partition_goes_before_that_of_clocks() -> None:
    """A worker whose clock is behind took the partition over."""
    held_back = Ordering()
    held_back.hold(A, held(5, 3))
    held_back.hold(A, held(4, 9, first=2))
    held_back.hold(B, held(6))

    assert said(held_back.release([])) == [5, 3, 4, 6, 9]


def test_a_partition_is_full_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no longer once something was taken out."""
    monkeypatch.setattr(ordering, "MOST", 2)
    held_back = Ordering()
    held_back.hold(A, held(1, 7))
    held_back.hold(B, held(2))
    before = held_back.full()

    held_back.release([B])

    assert (before, held_back.full()) == ({A}, set())


@pytest.mark.parametrize("seed", range(20))
def test_however_it_comes_all_is_told_once_and_in_order(seed: int) -> None:
    """Portions of any size, until every partition is at its end."""
    chance = random.Random(seed)
    waiting: dict[Place, list[Held]] = {
        (NAME, number): held(*sorted(chance.sample(range(1, 1_000), 30))) for number in range(4)
    }
    everything = sorted(each.written_ms for records in waiting.values() for each in records)
    held_back, told = Ordering(), []

    while any(waiting.values()):
        place = chance.choice([place for place, left in waiting.items() if left])
        count = chance.randrange(1, 8)
        held_back.hold(place, waiting[place][:count])
        del waiting[place][:count]
        told += said(held_back.release([place for place, left in waiting.items() if left]))

    assert told == everything
