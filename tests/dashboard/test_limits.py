"""How much one caller may ask: exactly its share, in bounded memory, and no other's share with it."""

import random

import pytest

from streams.dashboard.limits import BURST, RequestRate, StreamPlaces
from tests.dashboard.asking import Clock


def test_a_burst_is_let_in_and_one_more_is_not() -> None:
    """Four seconds' worth at once; then each has to wait for its own place."""
    clock = Clock()
    rate = RequestRate(10, clock=clock)

    waits = [rate.wait_s("a") for _ in range(BURST * 10 + 1)]

    assert waits[:-1] == [0.0] * 40
    assert waits[-1] == pytest.approx(0.1, abs=1e-5)


def test_after_the_wait_exactly_one_more_is_let_in() -> None:
    """Just before it none is; a refused request costs nothing."""
    clock = Clock()
    rate = RequestRate(10, clock=clock)
    for _ in range(40):
        rate.wait_s("a")

    refused = [rate.wait_s("a") > 0 for _ in range(50)]
    clock.now += 0.099
    early = rate.wait_s("a")
    clock.now += 0.001
    then = [rate.wait_s("a") for _ in range(2)]

    assert all(refused)
    assert early > 0
    assert then[0] == 0.0
    assert then[1] > 0


def test_one_callers_haste_is_not_anothers() -> None:
    """Each has a bucket of its own."""
    rate = RequestRate(1, clock=Clock())
    for _ in range(10):
        rate.wait_s("hasty")

    assert rate.wait_s("hasty") > 0
    assert rate.wait_s("calm") == 0.0


def test_over_any_time_nobody_gets_more_than_the_rate_and_one_burst() -> None:
    """Whatever the pattern of asking, and always at least what was promised."""
    chance, clock, start = random.Random(7), Clock(), Clock().now
    rate = RequestRate(5, clock=clock)
    let_in = 0

    for _ in range(5_000):
        clock.now += chance.choice([0.0, 0.0, 0.01, 0.1])
        let_in += rate.wait_s("a") == 0.0

    most = 5 * (clock.now - start) + BURST * 5
    assert most - 1.5 <= let_in <= most + 1e-6


def test_who_is_idle_is_forgotten() -> None:
    """A full bucket needs no keeping."""
    clock = Clock()
    rate = RequestRate(10, clock=clock)
    for number in range(100):
        rate.wait_s(f"caller {number}")

    clock.now += 1
    for _ in range(51):
        rate.wait_s("busy")

    assert len(rate) == 1


def test_memory_is_bounded_however_many_ask_at_once() -> None:
    """A million addresses in one instant: the quietest are forgotten first, whoever goes on asking is not."""
    rate = RequestRate(10, clock=Clock(), most_callers=100)
    for _ in range(40):
        rate.wait_s("busy")

    for number in range(10_000):
        rate.wait_s(f"address {number}")
        assert len(rate) <= 101


@pytest.mark.parametrize("per_second", [0.1, 0.25])
def test_a_rate_below_one_in_a_burst_lets_one_in(per_second: float) -> None:
    """The bucket holds at least one request."""
    clock = Clock()
    rate = RequestRate(per_second, clock=clock)

    assert rate.wait_s("a") == 0.0
    assert rate.wait_s("a") == pytest.approx(1 / per_second, abs=1e-5)


def test_streams_have_so_many_places_and_no_more() -> None:
    """A place that is given back is free for the next."""
    places = StreamPlaces(2)

    assert [places.take() for _ in range(3)] == [True, True, False]
    places.give_back()
    assert places.taken == 1
    assert places.take()
