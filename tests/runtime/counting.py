"""A small processor for tests of the log and the loop: it counts each customer's touchpoints, once per id.

It keeps the interface of `streams.runtime.processor`: every third touchpoint moves the customer's stage,
every touchpoint updates the score, and an hour after the last one, by a tick, the customer falls silent.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from schemas.dead_letter import DeadLetter, DeadLetterReason, LateTouchpoint
from schemas.instants import instant, milliseconds
from schemas.outputs import (
    AlertRaised,
    Because,
    MoveDirection,
    ScoreUpdated,
    Severity,
    StageChanged,
    Trigger,
)
from schemas.touchpoint import InternalRecord, Touchpoint
from schemas.views import PartitionKpis
from streams.model.definition import Model, Settings
from streams.runtime.emission import Emission
from streams.runtime.record import Flush, Record
from tests.figures import NOBODY

MODEL = Model(name="counting", version=1, digest="d1", settings=Settings(timer_grace_ms=60_000))
SILENCE_MS = 3_600_000
NEVER = 2**62


class Row(msgspec.Struct):
    """One customer: its count, when silence begins (NEVER: it has), ids, outputs told, the flush it is in."""

    count: int = 0
    due_ms: int = NEVER
    ids: list[str] = []
    told: int = 0
    written: int = 0


class Body(msgspec.Struct):
    """What a flush holds."""

    position: int
    totals: dict[str, int]
    digest: str
    rows: dict[str, Row]


class Happened:
    """The outcome of one call."""

    def __init__(self) -> None:
        self.dead_letters: list[DeadLetter] = []
        self.late: list[LateTouchpoint] = []
        self.moved: list[StageChanged] = []
        self.alerted: list[AlertRaised] = []
        self.scored: dict[str, ScoreUpdated] = {}
        self.forgotten: dict[str, int] = {}

    moves = property(lambda self: len(self.moved))
    raised = property(lambda self: len(self.alerted))
    resolved = 0
    emissions = property(lambda self: len(self.scored))

    def transitions(self) -> list[StageChanged]:
        """Return the moves."""
        return self.moved

    def alerts(self) -> list[AlertRaised]:
        """Return the alerts."""
        return self.alerted

    def scores(self) -> list[ScoreUpdated]:
        """Return the latest score of each customer."""
        return list(self.scored.values())

    @property
    def sent(self) -> "list[Scored]":
        """Return them as they wait until they are written."""
        return [Scored(self.scores())] if self.scored else []


class Scored:
    """A block of emissions that are made already."""

    def __init__(self, scores: list[ScoreUpdated]) -> None:
        self.subjects = [each.customer_id for each in scores]
        self._scores = scores

    def emissions(self, places: Sequence[int]) -> list[Emission]:
        """Return those at these places."""
        return [
            Emission(each.id, each.customer_id, msgspec.json.encode(each.at)[1:-1], msgspec.json.encode(each))
            for each in map(self._scores.__getitem__, places)
        ]


class CountingProcessor:
    """Counts; see the module."""

    def __init__(self, model: Model = MODEL) -> None:
        self.model = model
        self.position = 0
        self.totals: dict[str, int] = Counter()
        self.spent: dict[str, float] = Counter()
        self.rows: dict[str, Row] = {}
        self.digest = model.digest
        self._changed: set[str] = set()

    def pace(self) -> float:
        """Measure no time."""
        return 0.0

    def kpis(self) -> PartitionKpis:
        """Count the customers, and nothing else."""
        return replace(NOBODY, customers=len(self.rows))

    def take_spent(self) -> dict[str, float]:
        """Have taken none."""
        return {}

    @property
    def model_differs(self) -> bool:
        """Whether the state was made by another model."""
        return self.digest != self.model.digest

    def process(self, records: Sequence[Record]) -> Happened:
        """Take in records; those read before are counted apart."""
        happened = Happened()
        for record in records:
            if record.offset < self.position:
                self.totals["already_applied"] += 1
                continue
            assert record.offset == self.position, "a record was skipped"
            self.position += 1
            self._apply(record, happened)
        return happened

    def set_aside(self, record: Record, message: str) -> Happened:
        """Make a record that cannot be processed a dead letter."""
        self.position += 1
        self.totals["dead_letter"] += 1
        happened, reason = Happened(), DeadLetterReason.INTERNAL_ERROR
        letter = DeadLetter(reason=reason, message=message, value=record.value, source_offset=record.offset)
        happened.dead_letters.append(letter)
        return happened

    def _apply(self, record: Record, happened: Happened) -> None:
        if record.key is None:
            self.totals["internal"] += 1
            internal = msgspec.json.decode(record.value, type=InternalRecord)
            if internal.kind == "model":
                self.digest = str(internal.digest)
            else:
                self._elapse(internal.timestamp, happened)
            return
        try:
            touchpoint = msgspec.json.decode(record.value, type=Touchpoint)
        except msgspec.DecodeError as error:
            self.totals["dead_letter"] += 1
            letter = DeadLetter(
                reason=DeadLetterReason.NOT_JSON,
                message=str(error),
                value=record.value,
                source_offset=record.offset,
            )
            happened.dead_letters.append(letter)
            return
        customer = str(touchpoint.customer_id)
        row = self.rows.setdefault(customer, Row(ids=[]))
        if touchpoint.message_id in row.ids:
            self.totals["duplicate"] += 1
            return
        self.totals["applied"] += 1
        self._changed.add(customer)
        row.ids.append(touchpoint.message_id)
        row.count += 1
        row.due_ms = milliseconds(touchpoint.timestamp) + SILENCE_MS
        if row.count % 3 == 0:
            happened.moved.append(self._transition(customer, row, touchpoint.timestamp))
        happened.scored[customer] = ScoreUpdated(
            id=self._id(customer, row), customer_id=customer, at=touchpoint.timestamp, model=self.model.name,
            model_version=1, scores={"count": float(row.count)}, levels={}, mix={}, stages={},
        )  # fmt: skip

    def _elapse(self, now: datetime, happened: Happened) -> None:
        limit_ms = milliseconds(now) - self.model.settings.timer_grace_ms
        for customer, row in self.rows.items():
            if row.due_ms <= limit_ms:
                at = instant(row.due_ms)
                row.due_ms = NEVER
                self._changed.add(customer)
                because = Because(rule="silent", values={}, touchpoints=[], trigger=Trigger(kind="time"))
                happened.alerted.append(
                    AlertRaised(
                        id=self._id(customer, row), customer_id=customer, at=at, model=self.model.name,
                        model_version=1, alert="silence", severity=Severity.INFO, message="", because=because,
                    )
                )  # fmt: skip

    def _transition(self, customer: str, row: Row, at: datetime) -> StageChanged:
        because = Because(rule="third", values={}, touchpoints=[], trigger=Trigger(kind="touchpoint"))
        return StageChanged(
            id=self._id(customer, row), customer_id=customer, at=at, model=self.model.name, model_version=1,
            framework="thirds", from_stage=str(row.count - 3), to_stage=str(row.count), dwell_ms=0,
            direction=MoveDirection.FORWARD, because=because,
        )  # fmt: skip

    def _id(self, customer: str, row: Row) -> str:
        row.told += 1
        return f"{customer}/{row.told}"

    def next_due_ms(self) -> int:
        """Return when the next customer falls silent."""
        return min((row.due_ms for row in self.rows.values()), default=NEVER)

    def flush(self, number: int, *, carry_before: int = 0) -> Flush:
        """Return the rows changed since the last flush, and those last written before `carry_before`."""
        due = {
            customer: row
            for customer, row in self.rows.items()
            if customer in self._changed or row.written < carry_before
        }
        for row in due.values():
            row.written = number
        self._changed.clear()
        encode = msgspec.msgpack.encode
        body = encode(Body(self.position, dict(self.totals), self.digest, due))
        live = encode(Body(self.position, dict(self.totals), self.digest, self.rows))
        return Flush(number=number, position=self.position, body=body, live_bytes=len(live))

    def restore(self, bodies: Iterable[bytes]) -> None:
        """Take in all flushes."""
        for body in bodies:
            stored = msgspec.msgpack.decode(body, type=Body)
            self.position, self.digest = stored.position, stored.digest
            self.totals = Counter(stored.totals)
            self.rows.update(stored.rows)

    def customers(self) -> Iterable[str]:
        """Return the ids of all customers."""
        return self.rows

    def state(self) -> object:
        """Return the canonical state, for comparisons."""
        return (
            self.position,
            {name: count for name, count in sorted(self.totals.items()) if name != "already_applied"},
            self.digest,
            {name: (row.count, row.due_ms, row.ids, row.told) for name, row in sorted(self.rows.items())},
        )


def touchpoint(customer: str, message_id: str, *, at_ms: int) -> tuple[bytes, bytes]:
    """Return the key and value of a record."""
    at = instant(at_ms)
    value = Touchpoint(message_id=message_id, event="Page Viewed", timestamp=at, customer_id=customer)
    return customer.encode(), msgspec.json.encode(value)
