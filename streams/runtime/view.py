"""What a reader sees of a row: its state at an instant, and why it is where it is. Pure.

Readings are taken at max(row clock, last tick − timer grace) and change nothing in the row.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemas.instants import LAST_MS, instant
from schemas.outputs import Contribution, Rfm
from schemas.views import (
    AnswerView,
    CustomerView,
    OpenAlert,
    RecentChange,
    RuleReading,
    ScoreWhy,
    SignalView,
)
from streams.engine import ground, programs, readings
from streams.engine.instants import NEVER, NONE
from streams.engine.kinds import answers, sums
from streams.model.compile_rules import Program
from streams.runtime import words

if TYPE_CHECKING:
    from streams.runtime.lane import Lane

_LOG_KINDS = ("stage", "alert_raised", "alert_resolved")


def live_names(lane: "Lane") -> Iterator[str]:
    """Yield the subjects that are live."""
    status = lane.table.ground.small[: lane.table.rows, ground.STATUS]
    return (
        name for name, state in zip(lane.table.names, status.tolist(), strict=True) if state == ground.LIVE
    )


class RowReader:
    """One live row, read at one instant."""

    def __init__(self, lane: "Lane", row: int, known_ms: int) -> None:
        self.lane = lane
        self.compiled = lane.compiled
        self.names = lane.compiled.names
        self.g = lane.table.ground
        self.p = lane.compiled.plan.named
        self.row = row
        self.at_ms = max(int(self.g.at[row, ground.CLOCK]), known_ms)
        readings.read(self.g, row, self.at_ms)

    def at(self, column: int) -> int:
        """Return a cell of `at`."""
        return int(self.g.at[self.row, column])

    def small(self, column: int) -> int:
        """Return a cell of `small`."""
        return int(self.g.small[self.row, column])

    def real(self, column: int) -> float:
        """Return a cell of `real`."""
        return float(self.g.real[self.row, column])

    def value(self, place: int) -> float | None:
        """Return a dimension or score, None when absent."""
        number = float(self.g.work[self.p["work_value"] + place])
        return number if number == number else None

    def dimensions(self) -> dict[str, float | None]:
        """Return all dimensions."""
        return {name: self.value(k) for k, name in enumerate(self.names.dimensions)}

    def scores(self) -> dict[str, float | None]:
        """Return all scores."""
        return {name: self.value(len(self.names.dimensions) + k) for k, name in enumerate(self.names.scores)}

    def mix(self) -> dict[str, float]:
        """Return the share of each engagement type, empty without typed touchpoints."""
        shares = {name: float(sums.share(self.g, self.row, k)) for k, name in enumerate(self.names.types)}
        return {name: share for name, share in shares.items() if share == share}

    def signals(self) -> dict[str, SignalView]:
        """Return the signals that happened, over the lifetime."""
        found = {}
        for s, name in enumerate(self.names.signals):
            count = self.small(self.p["count"] + s)
            if count:
                found[name] = SignalView(
                    count=count,
                    days=self.small(self.p["days"] + s),
                    sum=self.total(name, count),
                    first=instant(self.at(self.p["first_at"] + s)),
                    last=instant(self.at(self.p["last_at"] + s)),
                )
        return found

    def total(self, signal: str, count: int) -> float:
        """Return the sum of a signal's amounts."""
        if signal in self.names.totals:
            return self.real(self.p["total"] + self.names.totals.index(signal))
        return float(count) if self.compiled.counts_amounts(signal) else 0.0

    def stages(self) -> dict[str, str | list[str] | None]:
        """Return the stage of each framework, or the flags held."""
        return {
            framework.name: self.stage(k)
            for k, framework in enumerate(self.compiled.model.frameworks)
            if not framework.levels
        }

    def stage(self, k: int) -> str | list[str] | None:
        """Return the stage of framework `k`, or the flags held."""
        name = self.names.frameworks[k]
        if self.compiled.model.frameworks[k].kind == "flags":
            return self.held(k)
        number = self.small(self.p["stage"] + k)
        return self.names.stages[name][number - 1] if number > 0 else None

    def held(self, k: int) -> list[str]:
        """Return the flags of framework `k` that are held."""
        bits = self.at(self.p["held"] + k)
        return [
            name for bit, name in enumerate(self.names.stages[self.names.frameworks[k]]) if bits >> bit & 1
        ]

    def levels(self) -> dict[str, str | None]:
        """Return the highest level held of each section `levels:`."""
        found: dict[str, str | None] = {}
        for k, framework in enumerate(self.compiled.model.frameworks):
            if framework.levels:
                held = self.held(k)
                found[framework.name] = held[-1] if held else None
        return found

    def answers(self) -> dict[str, AnswerView]:
        """Return the answers that stand."""
        found = {}
        for q, name in enumerate(self.names.questions):
            value, _ = answers.read(self.g, self.row, q, self.at_ms)
            if value == value:
                found[name] = AnswerView(value=float(value), at=instant(self.at(self.p["answer_at"] + q)))
        return found

    def open_alerts(self) -> list[OpenAlert]:
        """Return the state alerts that are open."""
        opened = {name: self.at(self.p["alert_open"] + a) for a, name in enumerate(self.names.alerts)}
        return [OpenAlert(alert=name, since=instant(at)) for name, at in opened.items() if at != NONE]

    def recent(self) -> list[RecentChange]:
        """Return the last transitions and alerts, newest first."""
        logged, found = self.small(ground.LOGGED), []
        for n in range(logged - 1, max(-1, logged - 1 - ground.LOG_KEPT), -1):
            place = n % ground.LOG_KEPT
            kind, what, to = (self.small(self.p["log_code"] + place * ground.LOG_WIDTH + k) for k in range(3))
            if what < 0:
                continue
            framework = self.names.frameworks[what] if kind == ground.STAGE else ""
            found.append(
                RecentChange(
                    at=instant(self.at(self.p["log_at"] + place)),
                    kind=_LOG_KINDS[kind],
                    what=framework or self.names.alerts[what],
                    to=self.names.stages[framework][to - 1] if framework and to > 0 else None,
                )
            )
        return found

    def rfm(self) -> Rfm | None:
        """Return recency, frequency and monetary value, None where the model has no purchases."""
        signal = self.p["purchase"]
        if signal < 0:
            return None
        count, place = self.small(self.p["count"] + signal), self.p["purchase_total"]
        recency = self.at_ms - self.at(self.p["last_at"] + signal) if count else None
        monetary = self.real(self.p["total"] + place) if place >= 0 else float(count)
        return Rfm(recency_ms=recency, frequency=count, monetary=monetary)

    def program_values(self, program: Program) -> dict[str, float | str | None]:
        """Return what a rule's terms read now."""
        first = self.compiled.programs.index(program)
        starts = self.p["rule_leaf"]
        place = int(self.g.ints[starts + first])
        found = {}
        seen_at = int(readings.reading_instant(self.g, first, self.row, self.at_ms))
        readings.read(self.g, self.row, seen_at)
        for k, leaf in enumerate(program.leaves):
            number = int(self.g.ints[self.p["rule_leaf_program"] + place + k])
            value = float(programs.run(self.g, number, self.row, seen_at))
            found[leaf.text] = words.shown(leaf, value, self.compiled, self.lane.texts)
        readings.read(self.g, self.row, self.at_ms)
        return found

    def reading(self, number: int) -> RuleReading:
        """Return a rule, whether it is true now, and what it reads; -1 is the rule that always holds."""
        if number < 0:
            return RuleReading(rule="always", holds=True, values={})
        program = self.compiled.programs[number]
        holds, _ = readings.read_rule(self.g, number, self.row, self.at_ms)
        return RuleReading(rule=program.text, holds=bool(holds), values=self.program_values(program))

    def score_why(self, weights: dict[str, float], value: float | None) -> ScoreWhy:
        """Return a score with the events that made it; their points sum to a score that is linear."""
        points = [0.0] * len(self.names.entries)
        for name, weight in weights.items():
            d = self.names.dimensions.index(name)
            strength = float(sums.strength(self.g, self.row, d))
            if strength <= 0.0:
                continue
            half = int(self.g.ints[self.p["dimension_half"] + d])
            scale = (
                weight * (self.value(d) or 0.0) / strength * float(self.g.work[self.p["work_decay"] + half])
            )
            first, end = (int(self.g.ints[self.p["dimension_sum"] + d + k]) for k in range(2))
            for j in range(first, end):
                s = int(self.g.ints[self.p["dimension_sum_id"] + j])
                part = float(self.g.nums[self.p["dimension_weight"] + j]) * self.real(self.p["sum"] + s)
                points[int(self.g.ints[self.p["source_entry"] + s])] += scale * part
        found: list[Contribution] = words.contributions(points, self.names.entries)
        return ScoreWhy(value=value, touchpoints=found)


def reader_of(lane: "Lane", subject_id: str, known_ms: int) -> RowReader | None:
    """Return a reader of a live subject's row as of max(its clock, `known_ms`), None if there is none."""
    row = lane.table.index.get(subject_id)
    if row is None or int(lane.table.ground.small[row, ground.STATUS]) != ground.LIVE:
        return None
    return RowReader(lane, row, known_ms)


def customer(lane: "Lane", customer_id: str, known_ms: int) -> CustomerView | None:
    """Return a customer's state as of max(its clock, `known_ms`)."""
    reader = reader_of(lane, customer_id, known_ms)
    if reader is None:
        return None
    due = reader.at(ground.DUE)
    return CustomerView(
        customer_id=customer_id,
        as_of=instant(reader.at_ms),
        first=instant(reader.at(ground.FIRST)),
        last=instant(reader.at(ground.TOUCHED)),
        scores=reader.scores(),
        dimensions=reader.dimensions(),
        mix=reader.mix(),
        levels=reader.levels(),
        stages=reader.stages(),
        signals=reader.signals(),
        answers=reader.answers(),
        open_alerts=reader.open_alerts(),
        recent=reader.recent(),
        rfm=reader.rfm(),
        next_due=None if due == NEVER or due > LAST_MS else instant(due),
    )
