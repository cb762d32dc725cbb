"""Figures about everybody: column scans for who customers are now, the day's panes for what flowed. Pure.

All figures are sums, so those of several partitions are added; ratios are taken afterwards.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from schemas.instants import instant
from schemas.views import AnswerFigures, PartitionKpis, ScoreFigures
from streams.engine import ground, population
from streams.engine.instants import DAY_MS, NONE
from streams.model.survey import TraitColumn

if TYPE_CHECKING:
    from streams.runtime.lane import Lane

WINDOWS = (1, 7, 28)


def figures(lane: "Lane", known_ms: int, outcomes: dict[str, int]) -> PartitionKpis:
    """Return the figures as of the later of `known_ms` and the newest row clock."""
    g, rows = lane.table.ground, lane.table.rows
    live = np.flatnonzero(g.small[:rows, ground.STATUS] == ground.LIVE)
    newest = int(g.at[live, ground.CLOCK].max()) if len(live) else 0
    at_ms = max(known_ms, newest) if known_ms != NONE else newest
    today = at_ms // DAY_MS
    names, p = lane.compiled.names, lane.compiled.plan.named
    active = {str(days): population.active(g, live, today, days) for days in WINDOWS}
    new = int((g.at[live, ground.FIRST] // DAY_MS == today).sum())
    opened = {
        name: int((g.at[live, p["alert_open"] + a] != NONE).sum()) for a, name in enumerate(names.alerts)
    }
    moves, raised, signals = _flows(lane, today)
    return PartitionKpis(
        as_of=instant(at_ms),
        customers=len(live),
        new_today=new,
        active=active,
        stages=_stages(lane, live),
        scores=_scores(lane, live, at_ms),
        answers=_answers(lane, live, at_ms),
        transitions=moves,
        alerts_open=opened,
        alerts_raised=raised,
        signals=signals,
        segments=_segments(lane, live),
        outcomes=outcomes,
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
    values = population.scores(lane.table.ground, live, at_ms, len(names.scores))
    found = {}
    for k, name in enumerate(names.scores):
        known = values[:, k][~np.isnan(values[:, k])]
        bins = np.bincount(np.clip(known // 10, 0, 9).astype(np.int64), minlength=10)
        found[name] = ScoreFigures(customers=len(known), sum=float(known.sum()), bins=bins.tolist())
    return found


def _answers(lane: "Lane", live: NDArray[np.int64], at_ms: int) -> dict[str, AnswerFigures]:
    g, p = lane.table.ground, lane.compiled.plan.named
    found = {}
    for q, question in enumerate(lane.compiled.model.questions):
        at = g.at[live, p["answer_at"] + q]
        standing = (at != NONE) & (at > at_ms - question.window_ms)
        values = g.real[live, p["answer"] + q][standing]
        whole, counts = np.unique(np.floor(values).astype(np.int64), return_counts=True)
        found[question.name] = AnswerFigures(
            answers=len(values),
            sum=float(values.sum()),
            values={str(value): count for value, count in zip(whole.tolist(), counts.tolist(), strict=True)},
        )
    return found


def _flows(
    lane: "Lane", today: int
) -> tuple[dict[str, dict[str, int]], dict[str, int], dict[str, tuple[int, float]]]:
    """Return today's transitions, alerts raised, and touchpoints and amounts per signal."""
    flows, names, p = lane.flows, lane.compiled.names, lane.compiled.plan.named
    slot = flows.slot_of(today)
    moves: dict[str, dict[str, int]] = {}
    for k, framework in enumerate(names.frameworks):
        stages = ("", *names.stages[framework])
        pairs = np.argwhere(flows.moves[slot, k]) if slot >= 0 else np.zeros((0, 2), np.int64)
        moves[framework] = {
            f"{stages[before]}>{stages[after]}": int(flows.moves[slot, k, before, after])
            for before, after in pairs.tolist()
        }
    raised = {name: int(flows.raised[slot, a]) if slot >= 0 else 0 for a, name in enumerate(names.alerts)}
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
    return moves, raised, signals


def _signal_place(lane: "Lane", entry: int) -> int:
    return int(lane.table.ground.ints[lane.compiled.plan.named["entry_signal"] + entry])


def _segments(lane: "Lane", live: NDArray[np.int64]) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Return, per segment trait and value, the customers per stage of each framework with one stage."""
    g, p, names = lane.table.ground, lane.compiled.plan.named, lane.compiled.names
    found: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
    for trait in lane.compiled.model.segments:
        codes = g.small[live, p["trait_code"] + names.traits.index(TraitColumn(trait))]
        values: dict[str, list[int]] = {}
        for code in np.unique(codes).tolist():
            values.setdefault(lane.texts[code] if code else "", []).append(code)
        found[trait] = {text: _stages(lane, live[np.isin(codes, alike)]) for text, alike in values.items()}
    return found
