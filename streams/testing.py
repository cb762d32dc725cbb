"""TopologyTestDriver: the production processor with no log and a manual clock, for tests of models and rules.

Feed touchpoints with `pipe`, let time pass with `tick`, read states and outputs. `crash` drops what was
not flushed and takes the state over from the flushes, as a real log's owner would.
"""

import math
from collections.abc import Mapping

import msgspec

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.instants import EPOCH, instant
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from schemas.touchpoint import InternalRecord, Touchpoint
from streams.engine import ground
from streams.engine.instants import NONE
from streams.engine.kinds import rhythm
from streams.model.definition import Model
from streams.runtime.lane import Lane
from streams.runtime.outcome import Outcome
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from streams.runtime.view import RowReader

STATUSES = ("blank", "live", "redirect", "deleted")
FOLLOWED = ("", "open", "closed", "expired")


class TopologyTestDriver:
    """One partition under test. Outputs gather in lists; a crash takes back those that were not flushed."""

    def __init__(self, model: Model, *, check_future: bool = False, remembered_ids: int = 1_000_000) -> None:
        self.model = model
        self.check_future = check_future
        self.remembered_ids = remembered_ids
        self.log: list[Record] = []
        self.flushes: list[bytes] = []
        self.processor = self._new()
        self.outcomes: list[Outcome] = []
        self.flushed_outcomes = 0

    def _new(self) -> Processor:
        return Processor(self.model, check_future=self.check_future, remembered_ids=self.remembered_ids)

    # Doing

    def append(self, value: bytes, *, key: bytes | None = None, appended_ms: int = 0) -> None:
        """Append a record to the log without processing it."""
        self.log.append(Record(len(self.log), appended_ms, key, value))

    def pipe(self, touchpoint: Touchpoint | Mapping[str, object] | bytes, *, appended_ms: int = 0) -> Outcome:
        """Append a touchpoint and process the log to its end."""
        value = touchpoint if isinstance(touchpoint, bytes) else msgspec.json.encode(touchpoint)
        self.append(value, appended_ms=appended_ms)
        return self.run()

    def tick(self, instant_ms: int) -> Outcome:
        """Append a tick and process the log to its end."""
        self.append(msgspec.json.encode(InternalRecord(kind="tick", timestamp=instant(instant_ms))))
        return self.run()

    def run(self, chunk: int = 1_000_000) -> Outcome:
        """Process the log to its end in chunks of `chunk` records; return the last outcome."""
        outcome = self.processor.process(())
        while self.processor.position < len(self.log):
            at = self.processor.position
            outcome = self.processor.process(self.log[at : at + chunk])
            self.outcomes.append(outcome)
        return outcome

    def elapse(self, until_ms: int) -> Outcome:
        """Let time pass through `until_ms`, as at the end of a file."""
        self.outcomes.append(self.processor.elapse(until_ms))
        return self.outcomes[-1]

    def flush(self, *, carry_before: int = 0) -> None:
        """Store what changed; flushes before number `carry_before` are dropped."""
        flush = self.processor.flush(len(self.flushes) + 1, carry_before=carry_before)
        self.flushes = [b"" if n + 1 < carry_before else body for n, body in enumerate(self.flushes)]
        self.flushes.append(flush.body)
        self.flushed_outcomes = len(self.outcomes)

    def crash(self, model: Model | None = None) -> None:
        """Drop everything in memory and take the state over from the flushes (under `model`, if given)."""
        self.model = model or self.model
        self.processor = self._new()
        self.processor.restore(filter(None, self.flushes))
        del self.outcomes[self.flushed_outcomes :]

    def change_model(self, model: Model) -> Outcome:
        """Go over to another model: flush, take over under it, and append the model record."""
        self.flush()
        self.crash(model)
        record = InternalRecord(
            kind="model", timestamp=EPOCH, model=model.name, version=model.version, digest=model.digest
        )
        self.append(msgspec.json.encode(record))
        return self.run()

    # Reading

    @property
    def transitions(self) -> list[StageChanged]:
        """Return all transitions so far, in order."""
        return [each for outcome in self.outcomes for each in outcome.transitions()]

    @property
    def alerts(self) -> list[AlertRaised | AlertResolved]:
        """Return all alerts raised and resolved so far, in order."""
        return [each for outcome in self.outcomes for each in outcome.alerts()]

    @property
    def scores(self) -> list[ScoreUpdated]:
        """Return the score updates so far: per call, the last of each customer."""
        return [each for outcome in self.outcomes for each in outcome.scores()]

    @property
    def late(self) -> list[LateTouchpoint]:
        """Return the late touchpoints so far."""
        return [each for outcome in self.outcomes for each in outcome.late]

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """Return the dead letters so far."""
        return [each for outcome in self.outcomes for each in outcome.dead_letters]

    @property
    def totals(self) -> dict[str, int]:
        """Return touchpoints by outcome."""
        return self.processor.totals

    def state(self, customer_id: str) -> dict[str, object] | None:
        """Return the canonical decoded state of a customer, names to values, read at its clock."""
        lane = next(iter(self.processor.lanes.values()))
        row = lane.table.index.get(customer_id)
        if row is None or int(lane.table.ground.small[row, ground.STATUS]) == ground.BLANK:
            return None
        return canonical_state(lane, row)


def canonical_state(lane: Lane, row: int) -> dict[str, object]:
    """Return everything that a row means, in words; never its bytes."""
    status = STATUSES[int(lane.table.ground.small[row, ground.STATUS])]
    reader = RowReader(lane, row, NONE)
    if status == "deleted":
        incarnation = reader.small(ground.INCARNATION)
        return {"status": status, "clock": reader.at(ground.CLOCK), "incarnation": incarnation}
    p, names = reader.p, reader.names
    sent = {name: _known(reader.real(p["sent"] + k)) for k, name in enumerate(names.scores)}
    sent_at = _instant(reader.at(ground.SENT_AT))
    return {
        "clock": reader.at(ground.CLOCK),
        "first": reader.at(ground.FIRST),
        "touched": reader.at(ground.TOUCHED),
        "status": status,
        "incarnation": reader.small(ground.INCARNATION),
        "sequence": reader.at(ground.SEQUENCE),
        "signals": _signals(reader),
        "terms": _terms(reader),
        "scores": reader.scores(),
        "dimensions": reader.dimensions(),
        "mix": {name: reader.mix().get(name) for name in names.types},
        "stages": {
            name: sorted(reader.held(k)) if framework.kind == "flags" else reader.stage(k)
            for k, (name, framework) in enumerate(
                zip(names.frameworks, lane.compiled.model.frameworks, strict=True)
            )
        },
        "entered": {name: reader.at(p["entered"] + k) for k, name in enumerate(names.frameworks)},
        "alerts": {
            name: {
                "open_since": _instant(reader.at(p["alert_open"] + a)),
                "raised": _instant(reader.at(p["alert_raised"] + a)),
                "today": reader.small(p["alert_today"] + a),
                "thinned": reader.small(p["thinned"] + a),
            }
            for a, name in enumerate(names.alerts)
        },
        "answers": {
            name: None
            if reader.at(p["answer_at"] + q) == NONE
            else [reader.real(p["answer"] + q), reader.at(p["answer_at"] + q)]
            for q, name in enumerate(names.questions)
        },
        "follows": {
            name: [FOLLOWED[reader.small(p["follow"] + f)], reader.at(p["opened"] + f)]
            if reader.small(p["follow"] + f)
            else None
            for f, name in enumerate(names.follows)
        },
        "rhythm": _known(float(rhythm.read(reader.g, row))),
        "sent": sent if sent_at is not None else None,
        "sent_at": sent_at,
    }


def _signals(reader: RowReader) -> dict[str, dict[str, float] | None]:
    p, names = reader.p, reader.names
    found: dict[str, dict[str, float] | None] = {}
    for s, name in enumerate(names.signals):
        count = reader.small(p["count"] + s)
        found[name] = {
            "count": count,
            "days": reader.small(p["days"] + s),
            "sum": reader.total(name, count),
            "first": reader.at(p["first_at"] + s),
            "last": reader.at(p["last_at"] + s),
        } if count else None  # fmt: skip
    return found


def _terms(reader: RowReader) -> dict[str, float | str | None]:
    """Return what every term of every rule reads at the row's clock."""
    found: dict[str, float | str | None] = {}
    for program in reader.compiled.programs:
        found.update(reader.program_values(program))
    return found


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _instant(ms: int) -> int | None:
    return None if ms == NONE else ms
