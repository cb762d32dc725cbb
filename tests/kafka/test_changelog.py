"""The changelog: whatever was written, carried, interrupted and compacted, the same state comes back."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.kafka.changelog import (
    HEAD_KEY,
    VERSION,
    Assembly,
    Chain,
    Head,
    LastRead,
    Link,
    Row,
    State,
)
from streams.runtime.kafka.errors import StateError
from streams.runtime.record import Flush, Record

NAME = "app-changelog partition 3"


def flush(number: int, body: bytes = b"body") -> Flush:
    return Flush(number=number, position=10 * number, body=body, live_bytes=len(body))


def head(number: int, oldest: int) -> Head:
    return Head(
        number=number, oldest=oldest, position=10 * number, topic="input", partition=3, partitions=4,
        committed=7, last_read=LastRead(10 * number - 1, 5, 99),
    )  # fmt: skip


def assembled(log: Sequence[Row]) -> State:
    assembly = Assembly(NAME)
    assembly.add(log)
    return assembly.state()


class Writer:
    """An owner of a changelog, which knows of it what a take-over has read."""

    def __init__(self, log: list[Row], *, part_bytes: int = 3) -> None:
        self.log = log
        self.part_bytes = part_bytes
        self.chain = assembled(log).chain

    def rows(self, body: bytes, *, carried: int = 0) -> list[Row]:
        """Return the records of the next flush, which carries the `carried` oldest."""
        return self.chain.rows(*self._next(body, carried), part_bytes=self.part_bytes)

    def write(self, body: bytes, *, carried: int = 0) -> None:
        """Write the next flush."""
        after = self.chain.after(*self._next(body, carried), part_bytes=self.part_bytes)
        self.log += self.rows(body, carried=carried)
        self.chain = after

    def _next(self, body: bytes, carried: int) -> tuple[Flush, Head]:
        number = self.chain.last + 1
        kept = [link.number for link in self.chain.links][carried:]
        return flush(number, body), head(number, kept[0] if kept else number)


def test_flushes_come_back_ascending_and_with_their_head() -> None:
    """Bodies of any size, in parts; the head says what the last one said."""
    writer = Writer([])
    bodies = [b"a", b"abc", b"abcd", bytes(100)]
    for body in bodies:
        writer.write(body)

    state = assembled(writer.log)

    assert list(state.bodies) == bodies
    assert state.head == head(4, 1)
    assert state.chain.links == [Link(1, 1, 1), Link(2, 3, 1), Link(3, 4, 2), Link(4, 100, 34)]
    assert state.chain.links == writer.chain.links
    assert [(each.number, each.size) for each in state.chain.stored()] == [(1, 1), (2, 3), (3, 4), (4, 100)]
    assert state.chain.leftovers == []


def test_an_empty_changelog_is_a_state_of_nothing() -> None:
    """The first owner begins with flush 1."""
    state = assembled([])

    assert (state.head, state.chain.last, list(state.bodies)) == (None, 0, [])


def test_the_parts_of_carried_flushes_are_emptied() -> None:
    """What the new flush carries is no longer there, and is not asked for."""
    writer = Writer([])
    for body in (b"first", b"second", b"third"):
        writer.write(body)

    writer.write(b"both", carried=2)

    state = assembled(writer.log)
    assert list(state.bodies) == [b"third", b"both"]
    emptied = {key for key, value in writer.log if value is None}
    assert emptied == {b"flush/1/0/2", b"flush/1/1/2", b"flush/2/0/2", b"flush/2/1/2"}


def compacted(log: Sequence[Row], dropped: Sequence[int], *, tombstones: bool) -> list[Row]:
    """Return what compaction may leave: superseded records go, and tombstones that hide nothing any more."""
    newest = {key: at for at, (key, _) in enumerate(log)}
    gone = {at for at in dropped if at < len(log) and newest[log[at][0]] != at}
    left = [(at, row) for at, row in enumerate(log) if at not in gone]
    if tombstones:
        values = {key for _, (key, value) in left if value is not None}
        left = [(at, row) for at, row in left if row[1] is not None or row[0] in values]
    return [row for _, row in left]


BODIES = st.binary(min_size=1, max_size=12)


@given(
    steps=st.lists(st.tuples(BODIES, st.integers(0, 3), st.integers(0, 9), st.integers(1, 4)), max_size=12),
    dropped=st.lists(st.integers(0, 120), max_size=120),
    tombstones=st.booleans(),
)
def test_the_same_state_comes_back_whatever_was_carried_interrupted_and_compacted(
    steps: list[tuple[bytes, int, int, int]], dropped: list[int], tombstones: bool
) -> None:
    """A step: a flush that carries some of the oldest, after one that another owner left unfinished."""
    log: list[Row] = []
    expected: dict[int, bytes] = {}
    number = 0
    for body, carried, unfinished, part_bytes in steps:
        broken = Writer(log, part_bytes=part_bytes)
        rows = broken.rows(b"never complete"[:unfinished], carried=carried)
        log += rows[: min(unfinished, rows.index(_head_of(rows)))]
        assert list(assembled(log).bodies) == list(expected.values())
        writer = Writer(log, part_bytes=5 - part_bytes)
        writer.write(body, carried=min(carried, len(expected)))
        number += 1
        expected = dict([*expected.items()][carried:]) | {number: body}

    state = assembled(compacted(log, dropped, tombstones=tombstones))

    assert list(state.bodies) == list(expected.values())
    assert [link.number for link in state.chain.links] == list(expected)
    assert state.head == (head(number, min(expected)) if expected else None)
    assert state.chain.leftovers == assembled(log).chain.leftovers


def _head_of(rows: Sequence[Row]) -> Row:
    return next(row for row in rows if row[0] == HEAD_KEY)


@pytest.mark.parametrize("kept", range(6))
def test_a_flush_that_breaks_off_leaves_the_state_before_or_after_it(kept: int) -> None:
    """Without transactions a crash may fall between any two records: at none is an older flush missing."""
    writer = Writer([])
    writer.write(b"first")
    writer.write(b"2nd")
    rows = writer.rows(b"carrier", carried=1)  # three parts, the head, two that are emptied
    assert len(rows) == 6

    state = assembled([*writer.log, *rows[:kept]])

    before, after = [b"first", b"2nd"], [b"2nd", b"carrier"]
    assert list(state.bodies) == (after if kept > rows.index(_head_of(rows)) else before)


def test_what_an_unfinished_flush_left_is_emptied_by_the_next() -> None:
    """Its parts are known as leftovers at the take-over; those that are overwritten need nothing."""
    log: list[Row] = []
    Writer(log).write(b"first")
    log += Writer(log).rows(b"unfinished")[:3]  # of four parts

    writer = Writer(log)

    assert writer.chain.leftovers == [b"flush/2/0/4", b"flush/2/1/4", b"flush/2/2/4"]
    writer.write(b"2nd")
    assert list(assembled(log).bodies) == [b"first", b"2nd"]
    assert assembled(log).chain.leftovers == []


def test_a_whole_flush_without_its_head_does_not_stand_in_for_its_number() -> None:
    """Left twice in different lengths, then written in the first of them: only what has the head counts."""
    log: list[Row] = []
    Writer(log).write(b"first")
    for left in (b"ab", b"abcd"):
        rows = Writer(log).rows(left)
        log += rows[: rows.index(_head_of(rows))]
    rows = Writer(log).rows(b"yz")
    log += rows[: rows.index(_head_of(rows)) + 1]

    assert list(assembled(log).bodies) == [b"first", b"yz"]


@pytest.mark.parametrize("gone", [b"flush/1/0/2", b"flush/1/1/2", b"flush/2/0/1"])
def test_a_missing_part_is_refused(gone: bytes) -> None:
    """Records that retention has deleted: the message names the flush and the ways out."""
    writer = Writer([])
    for body in (b"first", b"2nd", b"3rd"):
        writer.write(body)

    with pytest.raises(StateError, match=rf"flush {gone.split(b'/')[1].decode()} of 1 to 3 is not there"):
        assembled([row for row in writer.log if row[0] != gone])


@pytest.mark.parametrize("key", [b"", b"c1", b"flush/1", b"flush/one/0/1", b"flush/1/0/1/2", b"other/1/0/1"])
def test_a_record_of_somebody_else_is_refused(key: bytes) -> None:
    """It is said what was found, and that something else wrote there."""
    with pytest.raises(StateError, match=r"app-changelog partition 3 .* not Rapport's \(key b'"):
        assembled([(key, b"value")])


@pytest.mark.parametrize("value", [None, b"", b"{}", b"[1", b'{"number": "one"}'])
def test_a_head_that_cannot_be_read_is_refused(value: bytes | None) -> None:
    """An emptied head is none of ours either."""
    with pytest.raises(StateError, match="its head cannot be read"):
        assembled([(HEAD_KEY, value)])


def test_a_newer_version_is_refused_and_the_present_one_read() -> None:
    """Both sides of the version: going back after an upgrade is said, and not tried."""
    newer = msgspec.structs.replace(head(1, 1), version=VERSION + 1)
    writer = Writer([])
    writer.write(b"first")

    assert assembled(writer.log).head is not None
    with pytest.raises(
        StateError, match=f"newer Rapport .version {VERSION + 1}, and this one reads {VERSION}"
    ):
        assembled([*writer.log, (HEAD_KEY, msgspec.json.encode(newer))])


def test_the_last_record_read_is_known_again_by_offset_time_and_content() -> None:
    """Any of the three tells another record at its place."""
    record = Record(5, 1_000, b"c1", b"{}")

    again = LastRead.of(Record(5, 1_000, b"other key", b"{}"))

    assert again == LastRead.of(record)
    for other in (
        Record(6, 1_000, b"c1", b"{}"),
        Record(5, 1_001, b"c1", b"{}"),
        Record(5, 1_000, b"c1", b""),
    ):
        assert LastRead.of(other) != again


def test_records_are_counted_as_they_come() -> None:
    """For the figures of a take-over: emptied ones too."""
    writer = Writer([])
    writer.write(b"first")
    writer.write(b"2nd", carried=1)
    assembly = Assembly(NAME)

    assembly.add(writer.log)

    assert assembly.records == len(writer.log) == 7
    assert Chain().last == 0
