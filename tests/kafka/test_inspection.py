"""State and input that do not belong together are refused, each with what happened and the ways out."""

import re

import pytest

from streams.runtime.kafka.changelog import Head, LastRead
from streams.runtime.kafka.errors import StateError
from streams.runtime.kafka.inspection import Found, inspect

LAST = LastRead(offset=99, appended_ms=5, digest=1)
OTHER = LastRead(offset=99, appended_ms=5, digest=2)


def head(
    *, position: int = 100, topic: str = "input", partition: int = 3, partitions: int = 4, committed: int = 50
) -> Head:
    return Head(
        number=7, oldest=2, position=position, topic=topic, partition=partition, partitions=partitions,
        committed=committed, last_read=LAST,
    )  # fmt: skip


def found(
    *,
    begin: int = 10,
    end: int = 200,
    committed: int | None = 90,
    partitions: int = 4,
    last_read: LastRead | None = LAST,
) -> Found:
    return Found("input", 3, partitions, begin, end, committed, last_read)


def refusal(head: Head | None, found: Found) -> str:
    """Return what is said."""
    with pytest.raises(StateError) as refused:
        inspect(head, found)
    return str(refused.value)


@pytest.mark.parametrize("committed", [None, 0])
def test_without_a_state_the_input_is_read_from_its_beginning(committed: int | None) -> None:
    """A new application, also one that once joined its group and committed nothing but the start."""
    assert inspect(None, found(begin=10, committed=committed)) == 10


@pytest.mark.parametrize(
    "good",
    [
        found(),
        found(committed=None),  # the group's offsets have expired
        found(committed=50),  # as the state has seen it
        found(committed=100),  # all of it
        found(end=100),  # everything is read
        found(begin=100, last_read=None),  # what was read has expired, and nothing unread
        found(begin=100, end=100, last_read=None),
    ],
)
def test_with_a_state_reading_goes_on_where_it_ends(good: Found) -> None:
    """Whatever is expired, committed or still to come; each bound at its very place."""
    assert inspect(head(), good) == 100


def test_a_state_that_has_read_nothing_belongs_to_its_input() -> None:
    """There is no last record to compare."""
    empty = Head(number=1, oldest=1, position=10, topic="input", partition=3, partitions=4)

    assert inspect(empty, found(committed=None, last_read=None)) == 10


def test_a_deleted_changelog_is_refused() -> None:
    """The group has read, so there was a state: to begin anew would count everything twice or lose it."""
    said = refusal(None, found(committed=1))

    assert said.startswith(
        "input, partition 3: the group has read up to offset 1, and the changelog is empty"
    )
    assert "Either restore it, or build the state anew, under another `app`" in said


@pytest.mark.parametrize("stranger", [head(topic="other"), head(partition=2)])
def test_the_state_of_another_input_is_refused(stranger: Head) -> None:
    """Two applications with one changelog."""
    said = refusal(stranger, found())

    assert f"holds the state of {stranger.topic}, partition {stranger.partition}" in said
    assert "an `app` of its own" in said


@pytest.mark.parametrize("partitions", [3, 5])
def test_a_changed_number_of_partitions_is_refused(partitions: int) -> None:
    """Fewer or more: both numbers are said."""
    said = refusal(head(), found(partitions=partitions))

    assert f"has {partitions} partitions, and the state was built with 4" in said
    assert "Either go back to a topic with 4 partitions, or build the state anew" in said


def test_a_topic_that_ends_before_the_state_was_made_anew() -> None:
    """One record short of what was read."""
    said = refusal(head(), found(begin=0, end=99, last_read=None))

    assert (
        "it ends at offset 99, and the state has read up to 100: the topic was deleted and made anew" in said
    )
    assert "Either restore it, or build the state anew" in said


def test_another_record_where_the_last_was_read_shows_a_topic_made_anew() -> None:
    """It has grown past the position, so its end says nothing; its content does."""
    said = refusal(head(), found(last_read=OTHER))

    assert "the record at offset 99 is not the one that the state has read there" in said
    assert "the topic was deleted and made anew" in said


def test_records_that_expired_unread_are_refused() -> None:
    """One record is enough, and how many there were is said."""
    said = refusal(head(), found(begin=101, last_read=None))

    assert "begins at offset 101, and the state has read up to 100: 1 records expired unread" in said
    assert "retention.ms" in said


@pytest.mark.parametrize("committed", [0, 49, 101])
def test_offsets_that_were_set_by_hand_are_refused(committed: int) -> None:
    """Below what the state has seen committed, or above what it has read: nobody commits that but a hand."""
    said = refusal(head(), found(committed=committed))

    assert re.search(f"group's offset is {committed}, and .* up to 100: somebody has set it", said)
    assert "Either set the offset to 100, or, to process everything again, use another `app`" in said
