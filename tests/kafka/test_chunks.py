"""What waits between the fetcher and the processor: in order, bounded, and read again when it was lost."""

from collections import deque

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.kafka.chunks import MOST_JUMPS, Chunk, Intake
from streams.runtime.record import Record

HERE, THERE = TP("input", 0), TP("input", 1)
ROOM = 100


def records(*offsets: int) -> list[Record]:
    return [Record(offset, 1_000 + offset, b"c1", b"%d" % offset) for offset in offsets]


def new_intake(*, read_ahead_bytes: int = ROOM, chunk_records: int = 3) -> Intake:
    """Return an intake that reads partition 0 from its beginning; the fetcher has been told."""
    intake = Intake(read_ahead_bytes=read_ahead_bytes, chunk_records=chunk_records)
    intake.open(HERE, 0)
    intake.take_rewinds()
    return intake


def accept(intake: Intake, start: int, end: int, *, size: int = 10, tp: TP = HERE) -> Chunk | None:
    return intake.accept(tp, start, end, records(*range(start, end)), size)


def test_records_wait_in_chunks_that_are_delivered_once() -> None:
    """A chunk grows until it has enough; only a new one is to be delivered, and it is taken once."""
    intake = new_intake()

    first = accept(intake, 0, 2)
    grown, second = accept(intake, 2, 4), accept(intake, 4, 5)

    assert first is not None
    assert second is not None
    assert grown is None
    assert intake.take(first) == records(0, 1, 2, 3)
    assert intake.take(first) is None
    assert intake.take(second) == records(4)
    assert intake.accepted == 5


def test_a_chunk_says_where_it_ends_also_past_offsets_that_are_gone() -> None:
    """Compaction and markers leave offsets out: the next records are expected where the last fetch ended."""
    intake = new_intake()

    chunk = intake.accept(HERE, 0, 7, records(2, 5), 20)

    assert chunk is not None
    assert (chunk.start, chunk.end, chunk.size) == (0, 7, 20)
    assert accept(intake, 7, 8) is None  # it grew
    assert (chunk.end, intake.jumps) == (8, 0)


@pytest.mark.parametrize("start", [1, 3])
def test_a_jump_is_not_accepted_and_read_again_from_where_it_should_be(start: int) -> None:
    """Ahead as well as back: nothing of it waits, and the fetcher is sent to the place that is missing."""
    intake = new_intake()
    accept(intake, 0, 2)

    jumped = accept(intake, start, 5)

    assert jumped is None
    assert (intake.jumps, intake.accepted) == (1, 2)
    assert intake.take_rewinds() == {HERE: 2}


def test_what_was_fetched_before_a_rewind_is_refused_even_where_it_fits() -> None:
    """Until the fetcher has heard of the rewind, what it brings may be of another place."""
    intake = new_intake()
    intake.open(HERE, 2)

    assert accept(intake, 2, 4) is None
    assert intake.take_rewinds() == {HERE: 2}
    assert accept(intake, 2, 4) is not None
    assert intake.take_rewinds() == {}


def test_what_waits_is_taken_back_and_read_again() -> None:
    """Faust has emptied its queues: the chunks in them are void, and reading goes on at the first of them."""
    intake = new_intake()
    taken, waiting = accept(intake, 0, 3), accept(intake, 3, 5)
    assert taken is not None
    assert waiting is not None
    intake.take(taken)

    intake.take_back()

    assert intake.take(waiting) is None
    assert intake.take_rewinds() == {HERE: 3}
    assert intake.wanted([HERE]) == {HERE}


def test_taking_back_nothing_rewinds_nothing() -> None:
    """A partition of which nothing waits stays where it is."""
    intake = new_intake()
    chunk = accept(intake, 0, 3)
    assert chunk is not None
    intake.take(chunk)

    intake.take_back()

    assert intake.take_rewinds() == {}


def test_a_closed_partition_takes_nothing_and_gives_nothing() -> None:
    """What waited of it is void, also after it was opened again, and it is not asked for."""
    intake = new_intake()
    waiting = accept(intake, 0, 3)
    assert waiting is not None

    intake.close(HERE)

    assert intake.take(waiting) is None
    assert accept(intake, 3, 4) is None
    assert intake.wanted([HERE]) == set()
    intake.open(HERE, 1)
    assert intake.take(waiting) is None
    assert intake.take_rewinds() == {HERE: 1}


def test_a_held_partition_is_not_asked_for_and_keeps_what_waits() -> None:
    """Until it is let go; what is under way is still accepted."""
    intake = new_intake()
    chunk = accept(intake, 0, 3)
    assert chunk is not None

    intake.hold(HERE, on=True)

    assert intake.wanted([HERE]) == set()
    assert accept(intake, 3, 4) is not None
    assert intake.take(chunk) == records(0, 1, 2)
    intake.hold(HERE, on=False)
    assert intake.wanted([HERE]) == {HERE}


def test_closing_lets_go_of_a_hold() -> None:
    """A partition that comes back is not held by what was before."""
    intake = new_intake()
    intake.hold(HERE, on=True)

    intake.open(HERE, 0)

    assert intake.wanted([HERE]) == {HERE}


@pytest.mark.parametrize(("size", "more"), [(ROOM - 1, True), (ROOM, False)])
def test_read_ahead_is_bounded_for_each_partition(size: int, more: bool) -> None:
    """One byte below the bound there is room; at it there is none, until something is taken."""
    intake = new_intake()
    intake.open(THERE, 0)
    chunk = accept(intake, 0, 3, size=size)
    assert chunk is not None

    assert (HERE in intake.wanted([HERE, THERE])) == more
    assert THERE in intake.wanted([HERE, THERE])
    intake.take(chunk)
    assert intake.wanted([HERE]) == {HERE}


class Reader:
    """A partition's log and all that stands between it and the processor, each step by hand.

    The fetcher has a position of its own and is sent elsewhere by rewinds alone; what it brought may come
    late; Faust's queue may be emptied at any time, and is only ever followed by `take_back`.
    """

    def __init__(self, intake: Intake, tp: TP, offsets: list[int]) -> None:
        self.intake, self.tp = intake, tp
        self.log = records(*offsets)
        self.end = offsets[-1] + 1 if offsets else 0
        self.at = 99  # nowhere, until it is told
        self.late: list[tuple[int, int, list[Record]]] = []
        self.queue: deque[Chunk] = deque()
        self.taken: list[Record] = []
        self.processed = 0

    def fetch(self, count: int) -> None:
        """Bring the next records, up to the next one that is not among them."""
        found = [each for each in self.log if each.offset >= self.at]
        end = found[count].offset if count < len(found) else max(self.end, self.at)
        if self.tp in self.intake.wanted([self.tp]) and end > self.at:
            self.late.append((self.at, end, found[:count]))
            self.at = end

    def arrive(self) -> None:
        """Let what was fetched first arrive."""
        if self.late:
            start, end, found = self.late.pop(0)
            chunk = self.intake.accept(self.tp, start, end, list(found), len(found))
            if chunk is not None:
                self.queue.append(chunk)

    def deliver(self) -> None:
        """Let the processor have the next event."""
        if self.queue:
            chunk = self.queue.popleft()
            found = self.intake.take(chunk)
            if found is not None:
                self.taken += found
                self.processed = chunk.end

    def reopen(self) -> None:
        """Go on from what was processed, as after a rebalance."""
        self.intake.open(self.tp, self.processed)


STEPS = ["fetch", "fetch", "arrive", "arrive", "deliver", "deliver", "rewind", "take_back", "reopen", "hold"]


@given(
    logs=st.tuples(*[st.lists(st.integers(0, 40), unique=True, max_size=25).map(sorted)] * 2),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.integers(1, 6)), max_size=80),
    chunk_records=st.integers(1, 5),
    read_ahead_bytes=st.integers(1, 12),
)
def test_what_is_taken_is_the_log_in_order_without_gap_or_repeat(
    logs: tuple[list[int], list[int]],
    steps: list[tuple[str, int, int]],
    chunk_records: int,
    read_ahead_bytes: int,
) -> None:
    """Whatever the order of fetches, deliveries, emptied queues, rewinds and rebalances of two partitions."""
    intake = Intake(read_ahead_bytes=read_ahead_bytes, chunk_records=chunk_records)
    readers = [Reader(intake, tp, log) for tp, log in zip((HERE, THERE), logs, strict=True)]
    for reader in readers:
        intake.open(reader.tp, 0)

    def rewind() -> None:
        moved = intake.take_rewinds()
        for reader in readers:
            reader.at = moved.get(reader.tp, reader.at)

    def do(step: str, which: int, count: int) -> None:
        reader = readers[which]
        match step:
            case "fetch":
                reader.fetch(count)
            case "rewind":
                rewind()
            case "take_back":
                for each in readers:
                    each.queue.clear()
                intake.take_back()
            case "hold":
                intake.hold(reader.tp, on=count > 3)
            case _:
                getattr(reader, step)()

    rewind()
    for step in steps:
        do(*step)
        for reader in readers:
            assert reader.taken == reader.log[: len(reader.taken)]
    for reader in readers:
        intake.hold(reader.tp, on=False)
    for _ in range(100):
        for step in ("rewind", "fetch", "arrive", "deliver"):
            for which in (0, 1):
                do(step, which, 3)

    assert [reader.taken for reader in readers] == [reader.log for reader in readers]


def test_a_partition_that_only_jumps_is_stuck_until_something_fits() -> None:
    """Records that expired unread never come; what comes again after a seek does."""
    intake = Intake(read_ahead_bytes=1_000, chunk_records=10)
    intake.open(HERE, 5)
    intake.take_rewinds()

    for _ in range(MOST_JUMPS):
        assert not intake.is_stuck(HERE)
        intake.accept(HERE, 8, 9, [], 0)
        intake.take_rewinds()

    assert intake.is_stuck(HERE)
    intake.accept(HERE, 5, 6, [], 0)
    assert not intake.is_stuck(HERE)
