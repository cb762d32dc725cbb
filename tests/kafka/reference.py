"""What an undisturbed run over the same log tells: the partitions read back, through the processor alone."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.instants import milliseconds
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from tests.kafka.evidence import Event, Evidence, Read

Told = StageChanged | AlertRaised | AlertResolved | ScoreUpdated


class Expected(NamedTuple):
    """Outputs in their order, by partition, and what became of the records of each partition.

    scores: of each chunk and customer the last emission; a run writes at least the last of each customer.
    """

    transitions: list[Event]
    alerts: list[Event]
    scores: list[Event]
    late: list[Event]
    dead_letters: list[Event]
    totals: dict[int, dict[str, int]]


def expect(evidence: Evidence, new_processor: Callable[[], Processor], *, chunk: int) -> Expected:
    """Return what one undisturbed worker would have told of `evidence.touchpoints`, `chunk` at a time."""
    expected = Expected([], [], [], [], [], {})
    for partition, records in records_by_partition(evidence.touchpoints).items():
        processor = new_processor()
        for start in range(0, len(records), chunk):
            outcome = processor.process(records[start : start + chunk])
            expected.transitions.extend(events("transitions", partition, outcome.transitions()))
            expected.alerts.extend(events("alerts", partition, outcome.alerts()))
            expected.scores.extend(events("scores", partition, outcome.scores()))
            expected.late.extend(late_event(partition, each) for each in outcome.late)
            expected.dead_letters.extend(dead_event(partition, each) for each in outcome.dead_letters)
        expected.totals[partition] = dict(processor.totals)
    return expected


def records_by_partition(touchpoints: Sequence[Read]) -> dict[int, list[Record]]:
    """Return what the processor would be given, by partition."""
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for read in touchpoints:
        found[read.partition].append(Record(read.offset, read.timestamp_ms, read.key, read.value))
    return found


def events(topic: str, partition: int, outputs: Sequence[Told]) -> Iterable[Event]:
    """Yield outputs as events."""
    for each in outputs:
        yield Event(topic, partition, each.customer_id, each.id, milliseconds(each.at), each)


def late_event(partition: int, late: LateTouchpoint) -> Event:
    """Return a late touchpoint as an event: what it is, is where it came from."""
    content = ("late", late.late_by_ms)
    return Event("late", partition, late.customer_id, str(late.source_offset), 0, content)


def dead_event(partition: int, letter: DeadLetter) -> Event:
    """Return a dead letter as an event."""
    content = (letter.reason.value, letter.message)
    return Event("dead_letters", partition, "", str(letter.source_offset), 0, content)
