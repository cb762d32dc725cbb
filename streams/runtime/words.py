"""Numbers back into words: the values of a rule's terms, contributions, and how they read. Pure."""

import math
from collections.abc import Sequence

from schemas.outputs import Contribution
from streams.engine import operations as op
from streams.model.compile_rules import FOLLOW_STATES, Leaf, Program
from streams.model.compiled import Compiled
from streams.model.definition import Stage
from streams.runtime.texts import Texts

MOST_CONTRIBUTIONS = 5
DURATIONS = frozenset({op.SINCE, op.TENURE, op.RHYTHM, op.UNTIL_TRAIT})
COUNTED = frozenset({op.COUNT, op.COUNT_ALL, op.DAYS_IN, op.DAYS_ALL})
OF_SIGNALS = COUNTED | {op.SINCE, op.EVER, op.FIRST_OF, op.LAST_OF, op.AMOUNT, op.AMOUNT_ALL}
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000))


def shown(leaf: Leaf, value: float, compiled: Compiled, texts: Texts) -> float | str | None:
    """Return a term's value as outputs carry it; durations and instants stay milliseconds."""
    if math.isnan(value):
        return None
    if leaf.shown == "stage":
        return compiled.names.stages[leaf.name][int(value) - 1]
    if leaf.shown == "text":
        return texts[int(value)]
    if leaf.shown == "follow":
        return FOLLOW_STATES[int(value) - 1]
    return value


def entering(stage: Stage, rule: str) -> str:
    """Return how a stage is entered: by its rule and, where it says `upon`, only at such a touchpoint."""
    if stage.upon is None:
        return rule
    return f"upon {stage.upon}" if stage.when is None else f"upon {stage.upon} when {rule}"


def spoken(leaf: Leaf, value: float | str | None) -> str:
    """Return a term's value for a person: durations in days and hours, numbers without noise."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value
    if leaf.instruction.code in DURATIONS:
        return duration(int(value))
    return f"{value:.1f}".removesuffix(".0")


def duration(ms: int) -> str:
    """Return a duration in its two largest units: `9d 4h`, `35m`, `0s`."""
    parts, left = [], abs(ms)
    for unit, size in _UNITS:
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
    return ("-" if ms < 0 else "") + (" ".join(parts[:2]) or "0s")


def contributions(points: Sequence[float], events: Sequence[str]) -> list[Contribution]:
    """Return the largest contributions, those of one event together; shares are of all points."""
    together: dict[str, float] = {}
    for event, value in zip(events, points, strict=False):
        if value != 0.0:
            together[event] = together.get(event, 0.0) + value
    total = sum(abs(value) for value in together.values())
    largest = sorted(together.items(), key=lambda item: -abs(item[1]))[:MOST_CONTRIBUTIONS]
    return [Contribution(event=event, points=value, share=abs(value) / total) for event, value in largest]


def signal_contributions(program: Program, values: Sequence[float], compiled: Compiled) -> list[Contribution]:
    """Return, for a rule that reads no score, the events behind the signals that it reads.

    Points are touchpoints (or days) counted, the most where a rule counts a signal in several ways; one for a
    signal that is only looked up.
    """
    counted: dict[str, float] = {}
    for leaf, value in zip(program.leaves, values, strict=False):
        if leaf.instruction.code in OF_SIGNALS and not math.isnan(value) and value != 0.0:
            points = value if leaf.instruction.code in COUNTED else 1.0
        elif leaf.instruction.code == op.SINCE and value == 0.0:
            points = 1.0
        else:
            continue
        counted[leaf.name] = max(points, counted.get(leaf.name, 0.0))
    events = [compiled.event_of.get(signal, signal) for signal in counted]
    return contributions(tuple(counted.values()), events)
