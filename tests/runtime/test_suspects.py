"""A record at which our own code fails: found by being alone, tried three times, then a dead letter."""

from collections.abc import Sequence

import pytest

from schemas.dead_letter import DeadLetterReason
from streams.runtime.outbox import Outbox
from streams.runtime.outcome import Outcome
from streams.runtime.processor import OUTCOMES, Processor
from streams.runtime.record import Record
from streams.runtime.suspects import MOST_FAILURES, Portion, ProcessingFailed, Suspects
from tests.engine.lives import NOON
from tests.runtime.test_bad_records import MODEL, body


def records(*offsets: int) -> list[Record]:
    return [Record(offset, NOON, b"c1", body(message_id=f"m{offset}")) for offset in offsets]


def shapes(suspects: Suspects, *offsets: int) -> list[tuple[list[int], bool]]:
    """Return the offsets of each portion, and whether it is to be set aside."""
    return [
        ([record.offset for record in portion.records], portion.hopeless is not None)
        for portion in suspects.portions(records(*offsets))
    ]


def test_without_a_failure_a_chunk_stays_whole() -> None:
    """The very records are passed on: nothing is copied while all is well."""
    chunk = records(1, 2, 3)

    (portion,) = Suspects().portions(chunk)

    assert portion.records is chunk
    assert portion.hopeless is None


def test_what_failed_together_is_tried_alone() -> None:
    """The records around it stay together, and their order stays."""
    suspects = Suspects()

    suspects.failed(records(3, 5, 6), ValueError())

    assert shapes(suspects, 1, 2, 3, 5, 6, 7, 8) == [
        ([1, 2], False), ([3], False), ([5], False), ([6], False), ([7, 8], False),
    ]  # fmt: skip


def test_a_record_is_tried_three_times_in_all() -> None:
    """Once with others and twice alone; after two failures it gets another chance, after three none."""
    suspects = Suspects()
    suspects.failed(records(1, 2, 3), ValueError())
    for _ in range(MOST_FAILURES - 2):
        suspects.failed(records(2), ValueError())
    before = shapes(suspects, 1, 2, 3)

    failed = suspects.failed(records(2), ValueError())

    assert failed.failures == MOST_FAILURES == 3
    assert before == [([1], False), ([2], False), ([3], False)]
    assert shapes(suspects, 1, 2, 3) == [([1], False), ([2], True), ([3], False)]


@pytest.mark.parametrize(("offsets", "where"), [((4,), "at offset 4"), ((4, 7, 9), "at offsets 4 to 9")])
def test_a_failure_says_where_and_what_alone(offsets: tuple[int, ...], where: str) -> None:
    """It is shown to whoever asks for readiness; what the error says is for the log, as the cause."""
    error = ValueError("somebody's secret")

    failed = Suspects().failed(records(*offsets), error)

    assert str(failed).endswith(where)
    assert "ValueError" in str(failed)
    assert "secret" not in str(failed)
    assert (failed.__cause__, failed.failures) == (error, 1)
    assert (failed.first, failed.last) == (offsets[0], offsets[-1])


def test_why_a_record_is_set_aside_names_the_type_of_the_error_alone() -> None:
    """What an error says may hold anything of the record; its type does not."""
    suspects = Suspects()
    for _ in range(MOST_FAILURES):
        suspects.failed(records(1), ValueError("somebody's secret"))

    (portion,) = suspects.portions(records(1))

    assert "(ValueError)" in str(portion.hopeless)
    assert "secret" not in str(portion.hopeless)


def test_what_was_flushed_is_forgotten() -> None:
    """Below the position nothing is read again; at the position the count goes on."""
    suspects = Suspects()
    suspects.flushed(1)
    for _ in range(MOST_FAILURES):
        suspects.failed(records(1, 2), ValueError())

    suspects.flushed(2)

    assert shapes(suspects, 1, 2) == [([1], False), ([2], True)]
    suspects.flushed(3)
    assert shapes(suspects, 1, 2, 3) == [([1, 2, 3], False)]


class Failing(Processor):
    """Fails at everything."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(MODEL)
        self._error = error

    def process(self, records: Sequence[Record]) -> Outcome:
        """Fail."""
        raise self._error


def test_what_went_well_is_in_the_outbox() -> None:
    """A portion is processed, a hopeless record set aside; nothing becomes suspect."""
    suspects, processor, outbox = Suspects(), Processor(MODEL), Outbox()

    suspects.apply(Portion(records(1, 2)), processor, outbox)
    suspects.apply(Portion(records(3), "a defect"), processor, outbox)

    assert [letter.source_offset for letter in outbox.dead_letters] == [3]
    assert processor.position == 4
    assert shapes(suspects, 4, 5) == [([4, 5], False)]


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), AssertionError(), OSError()])
def test_whatever_exception_comes_makes_its_records_suspects(error: Exception) -> None:
    """It is a bug wherever it comes from; what it was is the cause."""
    suspects = Suspects()

    with pytest.raises(ProcessingFailed) as caught:
        suspects.apply(Portion(records(1, 2)), Failing(error), Outbox())

    assert caught.value.__cause__ is error
    assert shapes(suspects, 1, 2, 3) == [([1], False), ([2], False), ([3], False)]


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), SystemExit()])
def test_what_is_no_records_fault_passes(error: BaseException) -> None:
    """It ends the process: another attempt would meet the same, and the record may be good."""
    suspects = Suspects()

    with pytest.raises(type(error)):
        suspects.apply(Portion(records(1, 2)), Failing(error), Outbox())

    assert shapes(suspects, 1, 2) == [([1, 2], False)]


def test_a_record_that_is_set_aside_is_a_dead_letter_and_nothing_else() -> None:
    """Its bytes, key and origin are kept, every record ends in one outcome, and the next one is applied."""
    processor, outbox = Processor(MODEL, source="touchpoints"), Outbox()
    first, bad, last = records(1, 2, 3)

    outbox.add(processor.process([first]))
    outbox.add(processor.set_aside(bad, "a defect"))
    outbox.add(processor.process([last]))

    (letter,) = outbox.dead_letters
    assert (letter.reason, letter.message) == (DeadLetterReason.INTERNAL_ERROR, "a defect")
    assert (letter.key, letter.value, letter.source_topic) == (bad.key, bad.value, "touchpoints")
    assert letter.source_offset == 2
    assert processor.position == 4
    assert {name: processor.totals[name] for name in ("applied", "dead_letter")} == {
        "applied": 2, "dead_letter": 1,
    }  # fmt: skip
    assert sum(processor.totals[name] for name in OUTCOMES) == 3
    assert processor.dead_reasons["internal_error"] == 1


def test_a_record_is_set_aside_once() -> None:
    """Given again, as after a rebalance, it is already applied like any other."""
    processor = Processor(MODEL)
    first, second = records(1, 2)
    processor.set_aside(first, "a defect")
    processor.process([second])

    again = processor.set_aside(first, "a defect")

    assert again.dead_letters == []
    assert processor.position == 3
    assert processor.totals["dead_letter"] == processor.totals["already_applied"] == 1


@pytest.mark.parametrize("value", [b"", b"{", b'{"kind": "tick", "timestamp": 1}', b"x" * 100_000])
def test_whatever_the_bytes_are_they_can_be_set_aside(value: bytes) -> None:
    """Nothing of it is decoded: what fails may be the decoder itself."""
    outcome = Processor(MODEL).set_aside(Record(0, NOON, None, value), "a defect")

    assert [letter.reason for letter in outcome.dead_letters] == [DeadLetterReason.INTERNAL_ERROR]
