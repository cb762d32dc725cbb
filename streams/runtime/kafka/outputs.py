"""What is told, as Kafka records: the public topics, with CloudEvents attributes as headers.

Dead letters and late touchpoints are the original bytes, with reason and origin in the headers.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from schemas.dead_letter import KEPT_BYTES, DeadLetter, LateTouchpoint
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from schemas.views import PartitionKpis
from streams import topics
from streams.runtime.outbox import Outbox

Headers = Sequence[tuple[str, bytes]]
RECORD_OVERHEAD: Final = 128  # lengths, offset and timestamp of a record, and the lengths of its headers
JSON: Final = ("content-type", b"application/json")

_TYPES: Final = {
    StageChanged: b"engagement.stage_changed.v1",
    AlertRaised: b"engagement.alert_raised.v1",
    AlertResolved: b"engagement.alert_resolved.v1",
}
_SCORES: Final = b"engagement.score_updated.v1"
_encode: Final = msgspec.json.Encoder().encode


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to be written."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size(self) -> int:
        """Return how many bytes of a batch it takes at most."""
        headers = sum([len(name) + len(value) for name, value in self.headers])
        return len(self.key or b"") + len(self.value or b"") + headers + RECORD_OVERHEAD


class Renderer:
    """Makes records of an outbox, for one application and one input partition."""

    def __init__(self, *, app: str, partition: int, prefix: str = "") -> None:
        self._prefix = prefix
        self._partition = partition
        source = ("ce_source", f"/rapport/{app}".encode())
        self._common = {
            kind: (("ce_specversion", b"1.0"), ("ce_type", name), source, JSON)
            for kind, name in _TYPES.items()
        }
        self._of_scores = (("ce_specversion", b"1.0"), ("ce_type", _SCORES), source, JSON)

    def records(self, outbox: Outbox) -> list[Outgoing]:
        """Return all that waits, in order within each topic."""
        return [
            *map(self._dead_letter, outbox.dead_letters),
            *map(self._late, outbox.late),
            *self._events(self._name(topics.TRANSITIONS), outbox.transitions),
            *self._events(self._name(topics.ALERTS), outbox.alerts),
            *self._scores(outbox),
        ]

    def kpis(self, figures: PartitionKpis) -> Outgoing:
        """Return the figures of the partition, keyed by its number."""
        return Outgoing(self._name(topics.KPIS), str(self._partition).encode(), _encode(figures), (JSON,))

    def _events(
        self, topic: str, events: Sequence[StageChanged | AlertRaised | AlertResolved]
    ) -> Iterator[Outgoing]:
        for each in events:
            headers = (*_identity(each), *self._common[type(each)])
            yield Outgoing(topic, each.customer_id.encode(), _encode(each), headers)

    def _scores(self, outbox: Outbox) -> Iterator[Outgoing]:
        topic, common = self._name(topics.SCORES), self._of_scores
        for customer in outbox.forgotten:
            yield Outgoing(topic, customer.encode(), None)  # compaction forgets it, too
        for each in outbox.scores:
            identity = (("ce_id", each.id.encode()), ("ce_time", each.at))
            yield Outgoing(topic, each.customer_id.encode(), each.value, (*identity, *common))

    def _dead_letter(self, letter: DeadLetter) -> Outgoing:
        headers = [("error.reason", letter.reason.value.encode()), ("error.message", letter.message.encode())]
        headers += self._origin(letter)
        return Outgoing(self._name(topics.DEAD_LETTERS), letter.key, letter.value, headers)

    def _late(self, late: LateTouchpoint) -> Outgoing:
        headers = [
            ("error.reason", b"late"),
            ("late_by_ms", str(late.late_by_ms).encode()),
            *self._origin(late),
        ]
        if len(late.value) > KEPT_BYTES:
            headers.append(("value.bytes", str(len(late.value)).encode()))  # the rest is in the log
        return Outgoing(self._name(topics.LATE), late.customer_id.encode(), late.value[:KEPT_BYTES], headers)

    def _origin(self, record: DeadLetter | LateTouchpoint) -> list[tuple[str, bytes]]:
        return [
            ("source.topic", record.source_topic.encode()),
            ("source.partition", str(self._partition).encode()),
            ("source.offset", str(record.source_offset).encode()),
        ]

    def _name(self, topic: topics.Topic) -> str:
        return self._prefix + topic.name


def _identity(event: StageChanged | AlertRaised | AlertResolved) -> Headers:
    """Return the headers that tell an output from others; the instant as it stands in the value."""
    return ("ce_id", event.id.encode()), ("ce_time", _encode(event.at)[1:-1])
