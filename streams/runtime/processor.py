"""One chunk of records in; outputs, changed rows and counters out, as plain values. Pure.

Every record read ends in exactly one of: applied, duplicate, late, suppressed, dead letter, internal.
The processor knows no log and no clock: time enters through the records.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

import msgspec
import numpy as np

from schemas.dead_letter import KEPT_BYTES, DeadLetter, DeadLetterReason, LateTouchpoint
from schemas.instants import LAST_MS, milliseconds
from schemas.touchpoint import INTERNAL_KINDS, InternalRecord, Subject
from schemas.views import CustomerView, PartitionKpis, Why
from streams.engine import advance, ground
from streams.engine.instants import NONE
from streams.model.compile import compile_model
from streams.model.definition import Model
from streams.runtime import kpis, reasons, view
from streams.runtime.checks import Refused, reason_of
from streams.runtime.flush import Flusher
from streams.runtime.lane import Lane
from streams.runtime.outcome import Outcome, Told
from streams.runtime.record import Flush, Record

OUTCOMES = ("applied", "duplicate", "late", "suppressed", "dead_letter", "internal")
STEPS = ("decode", "apply", "render")
LARGEST_RECORD = 1_048_576
BARE = Model(name="bare", version=1, digest="bare")

# What the engine itself counts: not outcomes of records, but worth knowing.
_COUNTED = {
    "amount_missing": ground.AMOUNTS_MISSING,
    "answer_refused": ground.ANSWERS_REFUSED,
    "alert_thinned": ground.THINNED,
}

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_value = attrgetter("value")
_subject = attrgetter("subject")
_KERNEL_OUTCOMES = {
    advance.DUPLICATE: "duplicate",
    advance.CONFLICTING: "duplicate",
    advance.LATE: "late",
    advance.SUPPRESSED: "suppressed",
}


class Processor:
    """A partition: its tables of subjects, the position in its log, and totals by outcome.

    model: what holds for customers; `accounts` and the business have tables of their own, with a model
    that only counts unless one is given. check_future: refuse touchpoints far ahead of their arrival.
    check_internal: internal kinds are dead letters (a file, not a trusted log). storing: flushes will be
    asked for; without, nothing is kept for them. pace: real time in seconds, only to say how long steps take.
    """

    def __init__(
        self,
        model: Model,
        *,
        check_future: bool = True,
        check_internal: bool = False,
        remembered_ids: int = 4_000_000,
        storing: bool = True,
        accounts: Model = BARE,
        source: str = "",
        pace: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.model = model
        self.pace = pace
        self.check_future = check_future
        self.check_internal = check_internal
        self.source = source
        self.lanes = {
            Subject.CUSTOMER: Lane(
                Subject.CUSTOMER.value, compile_model(model), remembered_ids=remembered_ids, storing=storing
            ),
            Subject.ACCOUNT: Lane(
                Subject.ACCOUNT.value, compile_model(accounts), remembered_ids=remembered_ids, storing=storing
            ),
            Subject.BUSINESS: Lane(
                Subject.BUSINESS.value, compile_model(BARE), remembered_ids=remembered_ids, storing=storing
            ),
        }
        self.customer_lane = self.lanes[Subject.CUSTOMER]
        self.position = 0
        beside = ("unmapped", "conflict", "already_applied", *_COUNTED)
        self.totals: dict[str, int] = dict.fromkeys((*OUTCOMES, *beside), 0)
        self.dead_reasons: dict[str, int] = {reason.value: 0 for reason in DeadLetterReason}
        self.spent: dict[str, float] = dict.fromkeys(STEPS, 0.0)  # seconds, by step
        self.ticked_ms, self.appended_ms = NONE, LAST_MS  # the latter of the last record, if its time counts
        self.model_differs = False
        self._internal = msgspec.json.Decoder(InternalRecord)
        self._flusher = Flusher(self)

    # Doing

    def process(self, records: Sequence[Record]) -> Outcome:
        """Apply records in order; those below the position are `already applied` and change nothing."""
        told, dead, late = Told(), list[DeadLetter](), list[LateTouchpoint]()
        began_s, applied_s = self.pace(), self.spent["apply"]
        fresh = [record for record in records if record.offset >= self.position]
        self.totals["already_applied"] += len(records) - len(fresh)
        if not self._decoded_together(fresh):
            for record in fresh:
                self._take(record, told, dead, late)
        self._run(told, dead, late)
        self._count()
        if fresh:
            self.position = fresh[-1].offset + 1
            if self.check_future:
                self.appended_ms = fresh[-1].appended_ms
        dead.sort(key=attrgetter("source_offset"))
        self.spent["decode"] += self.pace() - began_s - (self.spent["apply"] - applied_s)
        return Outcome(told, dead, late)

    def set_aside(self, record: Record, message: str) -> Outcome:
        """Make a record at which our own code fails a dead letter, without a look into it."""
        if record.offset < self.position:
            return self.process([record])  # already applied
        refused = Refused(DeadLetterReason.INTERNAL_ERROR, message)
        self.position = record.offset + 1
        return Outcome(Told(), [self._dead_letter(record, refused)], [])

    def _decoded_together(self, records: Sequence[Record]) -> bool:
        """Let all records wait in the customers' lane, if that is what they are; costs half of one by one."""
        lane, values = self.customer_lane, list(map(_value, records))
        if max(map(len, values), default=0) > LARGEST_RECORD:
            return False
        try:
            fields = list(map(lane.matcher.decoder.decode, values))
        except _UNREADABLE:
            return False
        if set(map(_subject, fields)) != {"customer"}:
            return False
        lane.waiting += fields
        lane.records += records
        return True

    def _take(self, record: Record, told: Told, dead: list[DeadLetter], late: list[LateTouchpoint]) -> None:
        """Let a record wait in its lane, obey it, or make it a dead letter."""
        try:
            if len(record.value) > LARGEST_RECORD:
                raise Refused(DeadLetterReason.TOO_LARGE, f"a record may have {LARGEST_RECORD} bytes")
            lane = self.customer_lane
            fields = lane.matcher.decoder.decode(record.value)
        except (*_UNREADABLE, Refused) as error:
            internal = self._internal_record(record, error)
            if internal is None:
                dead.append(self._dead_letter(record, error))
            else:
                self._run(told, dead, late)
                self._obey(internal, told)
            return
        if fields.subject != "customer":
            lane = self.lanes[Subject(fields.subject)]
            fields = lane.matcher.decoder.decode(record.value)
        lane.waiting.append(fields)
        lane.records.append(record)

    def elapse(self, until_ms: int) -> Outcome:
        """Let time pass for every customer through `until_ms` (a file replayed to an instant; no tick)."""
        told = Told()
        for lane in self.lanes.values():
            lane.elapse(until_ms, told)
        self._count()
        self.ticked_ms = max(self.ticked_ms, until_ms + self.model.settings.timer_grace_ms)
        return Outcome(told, [], [])

    def take_spent(self) -> dict[str, float]:
        """Return the seconds that each step took since this was asked last."""
        spent, self.spent = self.spent, dict.fromkeys(STEPS, 0.0)
        return spent

    def next_due_ms(self) -> int:
        """Return a lower bound of the next instant at which something changes by itself, or NEVER."""
        return min(lane.next_due_ms() for lane in self.lanes.values())

    def _run(self, told: Told, dead: list[DeadLetter], late: list[LateTouchpoint]) -> None:
        """Apply what waits in the lanes, and count what became of it."""
        began_s = self.pace()
        tolerance = self.model.settings.future_tolerance_ms if self.check_future else None
        for lane in self.lanes.values():
            if not lane.waiting:
                continue
            batch, records, refused = lane.apply_waiting(told, tolerance)
            dead += [self._dead_letter(record, error) for record, error in refused]
            counts = np.bincount(batch.outcome, minlength=advance.SUPPRESSED + 1).tolist()
            self.totals["applied"] += counts[advance.APPLIED]
            for outcome, name in _KERNEL_OUTCOMES.items():
                self.totals[name] += counts[outcome]
            self.totals["conflict"] += counts[advance.CONFLICTING]
            mapped = (batch.entry >= 0) | (batch.bits == advance.DELETION)
            self.totals["unmapped"] += int(((batch.outcome == advance.APPLIED) & ~mapped).sum())
            if counts[advance.LATE]:
                late += self._late(lane, batch, records)
        self.spent["apply"] += self.pace() - began_s

    def _count(self) -> None:
        """Add what the engine has counted since it was last asked."""
        for lane in self.lanes.values():
            for name, count in lane.counted(_COUNTED).items():
                self.totals[name] += count

    def _late(self, lane: Lane, batch: advance.Batch, records: Sequence[Record]) -> list[LateTouchpoint]:
        return [
            LateTouchpoint(
                customer_id=lane.table.names[int(batch.row[i])],
                value=records[i].value,
                late_by_ms=int(batch.late_by[i]),
                source_topic=self.source,
                source_offset=records[i].offset,
            )
            for i in np.flatnonzero(batch.outcome == advance.LATE).tolist()
        ]

    # Internal records and dead letters

    def _internal_record(self, record: Record, error: Exception) -> InternalRecord | None:
        """Return an internal record of a trusted log, None for anything else."""
        if self.check_internal or not isinstance(error, msgspec.ValidationError):
            return None
        try:
            internal = self._internal.decode(record.value)
        except msgspec.DecodeError:
            return None
        return internal if internal.kind in INTERNAL_KINDS else None

    def _obey(self, internal: InternalRecord, told: Told) -> None:
        """Let time pass by a tick; evaluate all rows under a changed model."""
        self.totals["internal"] += 1
        began_s = self.pace()
        if internal.kind == "tick":
            now = milliseconds(internal.timestamp)
            self.ticked_ms = max(self.ticked_ms, now)
            for lane in self.lanes.values():
                lane.elapse(now - self.model.settings.timer_grace_ms, told)
        elif internal.kind == "model" and internal.digest == self.model.digest:
            self.model_differs = False
            self.customer_lane.evaluate_model(told)
        self.spent["apply"] += self.pace() - began_s

    def _dead_letter(self, record: Record, error: Exception) -> DeadLetter:
        reason, message = reason_of(record.value, error)
        self.totals["dead_letter"] += 1
        self.dead_reasons[reason.value] += 1
        return DeadLetter(
            reason=reason,
            message=message,
            value=record.value[:KEPT_BYTES],
            key=record.key,
            source_topic=self.source,
            source_offset=record.offset,
        )

    # Storing

    def flush(self, number: int, *, carry_before: int = 0) -> Flush:
        """Return all that changed since the last flush, and rows last written before flush `carry_before`."""
        return self._flusher.flush(number, carry_before)

    def restore(self, bodies: Iterable[bytes]) -> None:
        """Take in the state: all flushes, in ascending order.

        Raises:
            ValueError: the bytes are not a flush, or of a newer version.
        """
        self._flusher.restore(bodies)

    # Reading

    def customers(self) -> Iterable[str]:
        """Yield the ids of live customers."""
        return view.live_names(self.customer_lane)

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return a customer as of its clock or the last tick, None if unknown or deleted."""
        return view.customer(self.customer_lane, customer_id, self.known_ms)

    def why(self, customer_id: str) -> Why | None:
        """Return why a customer is where it is, None if unknown or deleted."""
        return reasons.why(self.customer_lane, customer_id, self.known_ms)

    def kpis(self) -> PartitionKpis:
        """Return the figures of this partition as of the last instant that it knows."""
        return kpis.figures(self.customer_lane, self.now_ms, dict(self.totals))

    @property
    def now_ms(self) -> int:
        """Return the instant that figures are of: no later than what the log has seen, if its time counts."""
        latest_ms = self.appended_ms + self.model.settings.future_tolerance_ms
        return kpis.instant_of(self.customer_lane, self.known_ms, latest_ms)

    @property
    def known_ms(self) -> int:
        """Return the instant through which ticks have let time pass, or NONE."""
        return NONE if self.ticked_ms == NONE else self.ticked_ms - self.model.settings.timer_grace_ms
