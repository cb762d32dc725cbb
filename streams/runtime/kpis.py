"""Figures about everybody: column scans for who customers are now, the day's panes for what flowed. Pure.

All figures are sums, so those of several partitions are added; ratios are taken afterwards.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from schemas.instants import instant
from schemas.views import AnswerFigures, PartitionKpis, ScoreFigures
from streams.engine import ground, population
from streams.engine.instants import DAY_MS, NONE
from streams.model.survey import TraitColumn
from streams.runtime.decode import CHANNEL_CODES
from streams.runtime.flows import OTHER_SOURCES

if TYPE_CHECKING:
    from streams.runtime.lane import Lane

WINDOWS = (1, 7, 28)
MOST_SEGMENTS = 50  # values of a trait, those of most customers; all others together are "other"


def instant_of(lane: "Lane", known_ms: int, latest_ms: int) -> int:
    """Return the instant that figures are of: the later of what ticks and row clocks know.

    latest_ms: no row clock counts beyond it (unless ticks have come so far); one subject whose time is wrong
    must not put everybody into another day.
    """
    g, rows = lane.table.ground, lane.table.rows
    live = g.small[:rows, ground.STATUS] == ground.LIVE
    newest = int(g.at[:rows, ground.CLOCK].max(where=live, initial=0))
    return max(min(newest, max(latest_ms, 0)), known_ms)


def figures(lane: "Lane", at_ms: int, outcomes: dict[str, int]) -> PartitionKpis:
    """Return the figures as of `at_ms`; of a row that knows a later instant, as of that."""
    g, rows = lane.table.ground, lane.table.rows
    live = np.flatnonzero(g.small[:rows, ground.STATUS] == ground.LIVE)
    today = at_ms // DAY_MS
    names, p = lane.compiled.names, lane.compiled.plan.named
    active = {str(days): population.active(g, live, today, days) for days in WINDOWS}
    new = int((g.at[live, ground.FIRST] // DAY_MS == today).sum())
    first = p["alert_open"]
    opened = (g.at[:rows, first : first + len(names.alerts)][live] != NONE).sum(axis=0).tolist()
    moves, signals = _moves(lane, today), _signals(lane, today)
    flows = lane.flows
    slot = flows.slot_of(today)
    return PartitionKpis(
        as_of=instant(at_ms),
        customers=len(live),
        new_today=new,
        active=active,
        stages=_stages(lane, live),
        scores=_scores(lane, live, at_ms),
        answers=_answers(lane, live, at_ms),
        transitions=moves,
        alerts_open=dict(zip(names.alerts, opened, strict=True)),
        alerts_raised=_by_name(names.alerts, flows.raised, slot),
        signals=signals,
        segments=_segments(lane, live),
        outcomes=outcomes,
        dwell_ms=_dwell(lane, live, at_ms),
        alerts_resolved=_by_name(names.alerts, flows.resolved, slot),
        types=_types(lane, slot),
        channels=_by_name(tuple(CHANNEL_CODES), flows.channels, slot),
        sources=_sources(lane, slot),
        entries=flows.touchpoints.sum(axis=0).tolist(),
    )


def _stages(lane: "Lane", live: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    g, p, names = lane.table.ground, lane.compiled.plan.named, lane.compiled.names
    found = {}
    for k, framework in enumerate(lane.compiled.model.frameworks):
        stages = names.stages[framework.name]
        if framework.kind == "flags":
            held = g.at[live, p["held"] + k]
            counts = [int((held >> bit & 1).sum()) for bit in range(len(stages))]
        else:
            counts = np.bincount(g.small[live, p["stage"] + k], minlength=len(stages) + 1)[1:].tolist()
        found[framework.name] = dict(zip(stages, counts, strict=True))
    return found


def _scores(lane: "Lane", live: NDArray[np.int64], at_ms: int) -> dict[str, ScoreFigures]:
    names = lane.compiled.names
    values = scores_of(lane, live, at_ms)
    found = {}
    for k, name in enumerate(names.scores):
        known = values[:, k][~np.isnan(values[:, k])]
        bins = np.bincount(np.minimum(known.astype(np.int64) // 10, 9), minlength=10)
        found[name] = ScoreFigures(customers=len(known), sum=float(known.sum()), bins=bins.tolist())
    return found


def scores_of(lane: "Lane", rows: NDArray[np.int64], at_ms: int) -> NDArray[np.float64]:
    """Return the scores of rows, a line a row: as of `at_ms`, or of the row's clock where that is later."""
    g, count = lane.table.ground, len(lane.compiled.names.scores)
    ahead = g.at[rows, ground.CLOCK] > at_ms  # nothing can be read before its time
    if not ahead.any():
        return population.scores(g, rows, at_ms, count)
    values = np.zeros((len(rows), count))
    values[~ahead] = population.scores(g, rows[~ahead], at_ms, count)
    for place in np.flatnonzero(ahead).tolist():
        clock_ms = int(g.at[rows[place], ground.CLOCK])
        values[place] = population.scores(g, rows[place : place + 1], clock_ms, count)[0]
    return values


def _answers(lane: "Lane", live: NDArray[np.int64], at_ms: int) -> dict[str, AnswerFigures]:
    g, p = lane.table.ground, lane.compiled.plan.named
    found = {}
    for q, question in enumerate(lane.compiled.model.questions):
        at = g.at[live, p["answer_at"] + q]
        standing = (at != NONE) & (at > at_ms - question.window_ms)
        values = g.real[live[standing], p["answer"] + q]
        whole, counts = np.unique(np.floor(values).astype(np.int64), return_counts=True)
        found[question.name] = AnswerFigures(
            answers=len(values),
            sum=float(values.sum()),
            values={str(value): count for value, count in zip(whole.tolist(), counts.tolist(), strict=True)},
        )
    return found


def _dwell(lane: "Lane", live: NDArray[np.int64], at_ms: int) -> dict[str, dict[str, int]]:
    """Return, by framework and stage, the time since they entered it of all that are in it, added."""
    g, p, names = lane.table.ground, lane.compiled.plan.named, lane.compiled.names
    found = {}
    for k, framework in enumerate(lane.compiled.model.frameworks):
        if framework.kind == "flags":
            continue
        stages = names.stages[framework.name]
        stage, waited = g.small[live, p["stage"] + k], np.maximum(at_ms - g.at[live, p["entered"] + k], 0)
        sums = [int(waited[stage == number].sum()) for number in range(1, len(stages) + 1)]
        found[framework.name] = dict(zip(stages, sums, strict=True))
    return found


def _moves(lane: "Lane", today: int) -> dict[str, dict[str, int]]:
    """Return today's transitions by framework, `from>to`; nothing stands for no stage."""
    flows, names = lane.flows, lane.compiled.names
    slot = flows.slot_of(today)
    moves: dict[str, dict[str, int]] = {}
    for k, framework in enumerate(names.frameworks):
        stages = ("", *names.stages[framework])
        pairs = np.argwhere(flows.moves[slot, k]) if slot >= 0 else np.zeros((0, 2), np.int64)
        moves[framework] = {
            f"{stages[before]}>{stages[after]}": int(flows.moves[slot, k, before, after])
            for before, after in pairs.tolist()
        }
    return moves


def _signals(lane: "Lane", today: int) -> dict[str, tuple[int, float]]:
    """Return today's touchpoints and amounts per signal."""
    flows, p = lane.flows, lane.compiled.plan.named
    slot = flows.slot_of(today)
    signals: dict[str, tuple[int, float]] = dict.fromkeys(
        (name for entry in lane.compiled.model.touchpoints for name, _ in entry.signals), (0, 0.0)
    )
    for number, entry in enumerate(lane.compiled.model.touchpoints if slot >= 0 else ()):
        touchpoints = int(flows.touchpoints[slot, number])
        for k, (name, amount) in enumerate(entry.signals):
            place = int(lane.table.ground.ints[p["entry_signal_input"] + _signal_place(lane, number) + k])
            added = (
                float(flows.amounts[slot, number, place])
                if place >= 0
                else touchpoints * (amount.constant or 0.0)
            )
            count, total = signals[name]
            signals[name] = (count + touchpoints, total + added)
    return signals


def _types(lane: "Lane", slot: int) -> dict[str, int]:
    """Return today's touchpoints by engagement type, those without one under ""."""
    types = [*(entry.type or "" for entry in lane.compiled.model.touchpoints), ""]
    found = dict.fromkeys((*lane.compiled.names.types, ""), 0)
    for number, name in enumerate(types if slot >= 0 else ()):
        found[name] += int(lane.flows.touchpoints[slot, number])
    return found


def _sources(lane: "Lane", slot: int) -> dict[str, int]:
    """Return today's touchpoints by source, those without one under "", the many rare ones under "other"."""
    found: dict[str, int] = {}
    codes, counts = lane.flows.sources[slot] if slot >= 0 else np.zeros((2, 0), np.int64)
    for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
        if count:
            name = "other" if code == OTHER_SOURCES else lane.texts[code] if code else ""
            found[name] = found.get(name, 0) + count
    return found


def _by_name(names: Sequence[str], panes: NDArray[np.int64], slot: int) -> dict[str, int]:
    return {name: int(panes[slot, k]) if slot >= 0 else 0 for k, name in enumerate(names)}


def _signal_place(lane: "Lane", entry: int) -> int:
    return int(lane.table.ground.ints[lane.compiled.plan.named["entry_signal"] + entry])


def _segments(lane: "Lane", live: NDArray[np.int64]) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Return, per segment trait and value, the customers per stage of each framework."""
    g, p, names = lane.table.ground, lane.compiled.plan.named, lane.compiled.names
    found: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
    for trait in lane.compiled.model.segments:
        codes = g.small[live, p["trait_code"] + names.traits.index(TraitColumn(trait))]
        values: dict[str, list[int]] = {}
        distinct, counts = np.unique(codes, return_counts=True)
        by_size = np.argsort(-counts, kind="stable").tolist()
        for number, place in enumerate(by_size):
            code = int(distinct[place])
            text = "other" if number >= MOST_SEGMENTS else lane.texts[code] if code else ""
            values.setdefault(text, []).append(code)
        found[trait] = {text: _stages(lane, live[np.isin(codes, alike)]) for text, alike in values.items()}
    return found
