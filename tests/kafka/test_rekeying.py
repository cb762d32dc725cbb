"""Records of somebody else's topic as Rapport's own: in order, in bounded slices, each where its key says."""

import pytest
from faust.types import TP

from schemas.dead_letter import KEPT_BYTES, DeadLetter, DeadLetterReason
from streams.runtime.kafka.rekeying import LONGEST_NAME, SLICE, Rekeyer, Touch, partition_of
from streams.runtime.record import Record

HERE = TP("web", 5)
TOPIC, DEAD = "eu.engagement.touchpoints.v1", "eu.engagement.dead-letters.v1"


def adapt(value: bytes, received_ms: int | None, fallback_id: str) -> list[Touch | DeadLetter]:
    """Take `a,b` for touchpoints of the subjects a and b; one that is empty cannot be read."""
    return [
        (each, f"{received_ms} {fallback_id}".encode())
        if each
        else DeadLetter(reason=DeadLetterReason.INVALID, message="empty", value=value)
        for each in value.split(b",")
    ]


def rekeyer(tp: TP = HERE) -> Rekeyer:
    return Rekeyer(tp, adapt, app="shop", prefix="eu.", partitions=4)


def records(*values: bytes) -> list[Record]:
    return [Record(offset, 1_000 + offset, b"key", value) for offset, value in enumerate(values, start=10)]


def test_touchpoints_go_to_the_partition_of_their_subject() -> None:
    """In the order of the records within each; arrival and place are handed to the adapter."""
    [only] = rekeyer().slices(records(b"c1,c2", b"c1"), 12)

    assert (only.end, only.touchpoints, only.letters) == (12, 3, [])
    of_c1 = [each for each in only.outgoing[partition_of(b"c1", 4)] if each.key == b"c1"]
    assert [each.value for each in of_c1] == [b"1010 web/5/10", b"1011 web/5/11"]
    assert {each.topic for found in only.outgoing.values() for each in found} == {TOPIC}


def test_a_record_that_cannot_be_read_is_a_dead_letter_with_its_place() -> None:
    """Beside the touchpoints of its neighbours; with its key, and its topic, partition and offset."""
    [only] = rekeyer().slices(records(b"c1", b"", b"c1"), 13)

    [letter] = [each for found in only.outgoing.values() for each in found if each.topic == DEAD]
    headers = dict(letter.headers)
    assert (letter.key, letter.value, only.touchpoints) == (b"key", b"", 2)
    assert (headers["source.topic"], headers["source.partition"], headers["source.offset"]) == (
        b"web", b"5", b"11",
    )  # fmt: skip
    assert headers["error.reason"] == b"invalid"
    assert letter in only.outgoing[5 % 4]
    assert [(each.source_topic, each.source_partition, each.source_offset) for each in only.letters] == [
        ("web", 5, 11)
    ]


def test_a_dead_letter_is_cut_to_what_is_kept() -> None:
    """A record may be larger than any event."""
    large = b"," * (KEPT_BYTES + 1)

    slices = list(rekeyer().slices(records(large), 11))

    assert {len(letter.value) for each in slices for letter in each.letters} == {KEPT_BYTES}


@pytest.mark.parametrize(
    ("count", "ends"), [(SLICE - 1, [10 + SLICE - 1]), (SLICE + 1, [10 + SLICE, 10 + SLICE + 1])]
)
def test_many_records_are_written_in_slices(count: int, ends: list[int]) -> None:
    """Each says up to where it reaches, so that the position moves with it; none is lost between them."""
    found = list(rekeyer().slices(records(*[b"c1"] * count), 10 + count))

    assert [each.end for each in found] == ends
    assert sum(each.touchpoints for each in found) == count


def test_offsets_without_records_end_a_slice_of_nothing() -> None:
    """Markers of transactions and what compaction removed: the position moves past them."""
    [only] = rekeyer().slices([], 17)

    assert (only.end, dict(only.outgoing), only.touchpoints) == (17, {}, 0)


@pytest.mark.parametrize("length", [LONGEST_NAME, LONGEST_NAME + 1, 249])
def test_a_place_fits_into_a_message_id(length: int) -> None:
    """Whatever the topic is called, and with the number of a call in a batch."""
    record = Record(2**63 - 1, -1, None, b"c1")

    [only] = rekeyer(TP("t" * length, 2**31 - 1)).slices([record], 0)

    [[touchpoint]] = only.outgoing.values()
    arrival, _, place = (touchpoint.value or b"").decode().partition(" ")
    assert arrival == "None"  # -1: the record has no time
    assert len(place) + len("/100000") <= 128
    assert place.startswith("t" * length) == (length <= LONGEST_NAME)


def test_a_partition_is_the_one_that_other_producers_choose() -> None:
    """As Java's producer: a subject may be sent straight to the touchpoints as well."""
    javas = {b"21": -973932308, b"foobar": -790332482, b"abc": 479470107}  # of org.apache.kafka's own tests

    for key, hashed in javas.items():
        assert partition_of(key, 12) == (hashed & 0x7FFFFFFF) % 12
