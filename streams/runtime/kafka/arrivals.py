"""Records of the output topics, read back into what they were made of. The reverse of outputs.py.

A record that is not what its topic promises is a ValueError: somebody else wrote it, or another version.
"""

from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord

from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from schemas.views import PartitionKpis
from streams import topics
from streams.archive.outputs import OutputRow, dead_letter, told_row
from streams.materialised import timeline
from streams.materialised.arrival import Arrival, Figures, Gone, Output, Touch
from streams.materialised.repeats import origin
from streams.runtime.kafka.subscriber import Told, dead_letter_of, late_of

_transition: Final = msgspec.json.Decoder(StageChanged).decode
_alert: Final = msgspec.json.Decoder(AlertRaised | AlertResolved).decode
_scores: Final = msgspec.json.Decoder(ScoreUpdated).decode
_kpis: Final = msgspec.json.Decoder(PartitionKpis).decode
_encode: Final = msgspec.json.Encoder().encode


def arrivals(topic: str, record: ConsumerRecord) -> list[Arrival]:
    """Return what a record of a topic (by its public name) says: one thing, or nothing.

    Raises:
        ValueError: it is not what the topic promises.
    """
    value: bytes | None = record.value
    if topic == topics.TOUCHPOINTS.name:
        return _of_touchpoint(record)
    if value is None:
        return [Gone(topic, record.key)] if topic == topics.SCORES.name and record.key is not None else []
    match topic:
        case topics.SCORES.name:
            scores = _scores(value)
            row = OutputRow(topic, scores.customer_id.encode(), None, value)
            return [Output(row, record.timestamp, scores.id.encode(), scores)]
        case topics.TRANSITIONS.name:
            move = _transition(value)
            return [Output(told_row(move, value), record.timestamp, move.id.encode())]
        case topics.ALERTS.name:
            alert = _alert(value)
            return [Output(told_row(alert, value), record.timestamp, alert.id.encode())]
        case topics.KPIS.name:
            return [Figures(int(record.key or b""), _kpis(value))]
        case topics.LATE.name:
            late = late_of(_told(record))
            row = OutputRow(topic, late.customer_id.encode(), None, _encode(late))
            return [Output(row, record.timestamp, origin(late))]
        case topics.DEAD_LETTERS.name:
            letter = dead_letter_of(_told(record))
            return [Output(dead_letter(letter), record.timestamp, origin(letter))]
    raise ValueError(f"there is no such topic: {topic}")


def _of_touchpoint(record: ConsumerRecord) -> list[Arrival]:
    """Return a touchpoint; one that asks to forget its customer leaves nothing else behind."""
    if record.key is None or record.value is None:
        return []  # a record of Rapport's own, such as a tick
    if timeline.is_deletion(record.value):
        return [Gone(topics.TOUCHPOINTS.name, record.key)]
    return [Touch(record.key, record.timestamp, record.value)]


def _told(record: ConsumerRecord) -> Told:
    return Told(
        record.topic, record.partition, record.offset, record.timestamp, record.key, record.value or b"",
        dict(record.headers),
    )  # fmt: skip
