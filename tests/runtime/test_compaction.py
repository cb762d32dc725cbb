from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.compaction import (
    LEAST_WORK_BYTES,
    MB,
    MOST_FLUSHES,
    SLACK_BYTES,
    Stored,
    carry_before,
)
from streams.runtime.embedded.log import EmbeddedLog, Retention
from streams.runtime.record import Flush

FOREVER = Retention(input_ms=None, outputs_ms={})


def chain(*sizes: int) -> list[Stored]:
    return [Stored(number, size) for number, size in enumerate(sizes, start=7)]


def test_nothing_is_carried_while_the_chain_is_within_its_bound() -> None:
    """Twice the live state and the slack are allowed; one byte more sets the cleaning off."""
    within = chain(MB, SLACK_BYTES)
    beyond = chain(MB + 1, SLACK_BYTES)

    assert carry_before(within, live_bytes=MB // 2) == 0
    assert carry_before(beyond, live_bytes=MB // 2) == 8


@pytest.mark.parametrize("sizes", [(), (100 * MB,)])
def test_the_newest_flush_stays(sizes: tuple[int, ...]) -> None:
    """There is nothing to carry in an empty chain, nor in one of a single flush, however large."""
    assert carry_before(chain(*sizes), live_bytes=0) == 0


def test_the_oldest_flush_goes_whatever_its_size() -> None:
    """A flush that is larger than the work allowed must not hold up the cleaning for ever."""
    assert carry_before(chain(500 * MB, 1, 1), live_bytes=0) == 8


def test_many_small_flushes_are_bounded_in_number() -> None:
    """A restart reads every flush, so beyond the most allowed the oldest go, even if they are tiny."""
    allowed = chain(*[10] * MOST_FLUSHES)
    beyond = chain(*[10] * (MOST_FLUSHES + 3))

    assert carry_before(allowed, live_bytes=10) == 0
    assert carry_before(beyond, live_bytes=10) == 7 + 3


@given(st.lists(st.integers(0, 12 * MB), max_size=40), st.integers(0, 40 * MB))
def test_the_work_of_one_flush_is_bounded(sizes: list[int], live_bytes: int) -> None:
    """What is dropped fits four times the excess, and four newest flushes or the least work."""
    flushes = chain(*sizes)

    before = carry_before(flushes, live_bytes=live_bytes)

    dropped = [flush.size for flush in flushes if flush.number < before]
    excess = sum(sizes) - 2 * live_bytes - SLACK_BYTES
    assert bool(dropped) == (excess > 0 and len(sizes) > 1)
    assert len(dropped) <= 1 or sum(dropped) <= min(4 * excess, max(4 * sizes[-1], LEAST_WORK_BYTES))
    assert len(dropped) < max(len(sizes), 1)


class Rows:
    """A state of rows of equal size, flushed as the processor flushes: changed rows, and the carried ones."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: dict[int, tuple[int, int]] = {}  # row -> its version, the flush that wrote it last
        self.changed: set[int] = set()

    def update(self, row: int) -> None:
        """Change `row`."""
        self.rows[row] = (self.rows.get(row, (0, 0))[0] + 1, 0)
        self.changed.add(row)

    def flush(self, number: int, carry_before: int) -> Flush:
        """Return what changed, and what is to be carried."""
        due = [row for row, (_, at) in self.rows.items() if row in self.changed or at < carry_before]
        for row in due:
            self.rows[row] = (self.rows[row][0], number)
        self.changed.clear()
        body = b"".join((b"%8d%8d" % (row, self.rows[row][0])).ljust(self.size) for row in sorted(due))
        return Flush(number=number, position=0, body=body, live_bytes=len(self.rows) * self.size)

    def versions(self) -> dict[int, int]:
        """Return the true state."""
        return {row: version for row, (version, _) in self.rows.items()}

    def recovered(self, bodies: Iterator[bytes]) -> dict[int, int]:
        """Return the state that the flushes give."""
        found: dict[int, int] = {}
        for body in bodies:
            for start in range(0, len(body), self.size):
                row = body[start : start + self.size]
                found[int(row[:8])] = int(row[8:16])
        return found


def test_the_file_stays_bounded_under_endless_updates_and_recovers_the_same(tmp_path: Path) -> None:
    """With rows that never change, rows that change seldom and rows that change always, nothing is lost.

    120 MB of updates to 4 MB of state leave at most twice the state, the slack and two flushes'
    work, and every recovery on the way finds exactly the latest version of every row.
    """
    state = Rows(4_000)
    for row in range(1_000):
        state.update(row)
    sizes, largest = [], 0
    with EmbeddedLog(tmp_path, retention=FOREVER) as log:
        live_bytes = None
        for number in range(1, 301):
            for row in range(100):
                state.update(row if row < 60 else (number * 40 + row) % 600)
            carried = 0 if live_bytes is None else log.plan_carry(live_bytes)
            flush = state.flush(number, carried)
            log.write_flush(flush, [], drop_before=carried, written_ms=number)
            live_bytes = flush.live_bytes
            sizes.append(log.flush_bytes)
            largest = max(largest, (tmp_path / "rapport.db").stat().st_size)
            if number % 50 == 0:
                assert state.recovered(log.flushes()) == state.versions()

    bound = 2 * 4_000_000 + SLACK_BYTES
    assert max(sizes) <= bound + 2 * LEAST_WORK_BYTES
    assert largest <= bound + 4 * LEAST_WORK_BYTES
    assert sum(later < earlier for earlier, later in pairwise(sizes)) > 10, "nothing was ever cleaned"


def test_a_flush_dropped_without_being_carried_is_noticed(tmp_path: Path) -> None:
    """The check above can fail: drop one flush whose rows still live, and recovery misses them."""
    state = Rows(100)
    with EmbeddedLog(tmp_path, retention=FOREVER) as log:
        for number, row in ((1, 1), (2, 2), (3, 3)):
            state.update(row)
            log.write_flush(state.flush(number, 0), [], drop_before=number - 1, written_ms=1)

        assert state.recovered(log.flushes()) != state.versions()
