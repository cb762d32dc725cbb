"""A whole population: many lives merged into one stream of touchpoints in the order of time."""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush, heapreplace
from random import Random
from typing import Final

from streams.demo.life import DAY_MS, Life, Moment
from streams.demo.people import derived

ARRIVAL_DAYS: Final = 300


def touchpoints(*, seed: int, customers: int, start_ms: int, end_ms: int) -> Iterator[Moment]:
    """Give what `customers` people do from `start_ms` (epoch ms) to before `end_ms`, in order of time.

    Each item is an instant and a touchpoint as JSON. Nothing is made before it is asked for, and
    memory is bounded by the number of people: neither the length of the time nor what was given
    before counts. A person's life is the same however many others there are.
    """
    births = (born_ms(index=index, seed=seed, start_ms=start_ms) for index in range(customers))
    lives = (Life(index=index, seed=seed, born_ms=birth_ms) for index, birth_ms in enumerate(births))
    return merged(lives, end_ms=end_ms)


def born_ms(*, index: int, seed: int, start_ms: int) -> int:
    """Return when a person first comes: most soon after the start, ever fewer, the last after 300 days."""
    chance = Random(derived(seed=seed, index=index, step=1 << 23)).random()
    return start_ms + int(chance**3 * ARRIVAL_DAYS * DAY_MS)


def merged(lives: Iterable[Life], *, end_ms: int) -> Iterator[Moment]:
    """Merge lives into one stream of moments before `end_ms`, in order of time."""
    random = Random()
    waiting = [
        (life.wakes_ms, number, life) for number, life in enumerate(lives) if life.wakes_ms is not None
    ]
    heapify(waiting)
    begun: list[tuple[int, int, bytes]] = []  # what visits that have begun still hold
    made = 0
    while waiting and waiting[0][0] < end_ms:
        now_ms, number, life = waiting[0]
        while begun and begun[0][0] <= now_ms:
            at_ms, _, body = heappop(begun)
            yield at_ms, body
        for at_ms, body in life.wake(random):
            made += 1
            heappush(begun, (at_ms, made, body))
        if life.wakes_ms is None:
            heappop(waiting)
        else:
            heapreplace(waiting, (life.wakes_ms, number, life))
    while begun and begun[0][0] < end_ms:
        at_ms, _, body = heappop(begun)
        yield at_ms, body
