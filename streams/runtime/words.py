"""Numbers back into words: the values of a rule's terms, contributions, and how they read. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.outputs import Contribution, MoveDirection
from streams.engine import operations as op
from streams.model.compile_rules import FOLLOW_STATES, Leaf, Program
from streams.model.compiled import Compiled
from streams.model.definition import Alert, Stage
from streams.runtime.texts import Texts

MOST_CONTRIBUTIONS = 5
DURATIONS = frozenset({op.SINCE, op.TENURE, op.RHYTHM, op.UNTIL_TRAIT})
INSTANTS = frozenset({op.FIRST_OF, op.LAST_OF})
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


def raising(alert: Alert, rule: str) -> str:
    """Return how an alert is raised: by its rule, or upon something that happens and any rule beside."""
    upon = _upon(alert)
    if upon is None:
        return rule
    return f"upon {upon}" if alert.when is None else f"upon {upon} when {rule}"


def _upon(alert: Alert) -> str | None:
    if alert.upon_every_ms is not None:
        return f"every {duration(alert.upon_every_ms)}"
    pattern = alert.upon_transition
    if pattern is None:
        return alert.upon_signal or alert.upon_question
    parts = [("from", pattern.from_stages), ("to", pattern.to), ("except to", pattern.except_to)]
    stages = [f"{word} {' or '.join(names)}" for word, names in parts if names]
    return " ".join(filter(None, [f"transition {pattern.framework}", pattern.direction, *stages]))


def spoken(leaf: Leaf, value: float | str | None) -> str:
    """Return a term's value for a person: durations in days and hours, numbers without noise."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value
    if leaf.instruction.code in DURATIONS:
        return duration(int(value))
    return f"{value:.1f}".removesuffix(".0")


def units(compiled: Compiled) -> dict[str, str]:
    """Return, by their text, the terms of a model's rules whose values are no plain numbers.

    `duration` is in milliseconds, `instant` in milliseconds since 1970.
    """
    found = {}
    for leaf in (leaf for program in compiled.programs for leaf in program.leaves):
        if leaf.instruction.code in DURATIONS:
            found[leaf.text] = "duration"
        elif leaf.instruction.code in INSTANTS:
            found[leaf.text] = "instant"
    return found


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
    if len(together) == 1:  # the usual case
        [(event, value)] = together.items()
        return [Contribution(event=event, points=value, share=1.0)] if value else []
    total = sum(map(abs, together.values())) or 1.0  # points may cancel each other
    largest = sorted(together.items(), key=_size, reverse=True)[:MOST_CONTRIBUTIONS]
    return [Contribution(event=event, points=value, share=abs(value) / total) for event, value in largest]


def _size(item: tuple[str, float]) -> float:
    return abs(item[1])


class Move(NamedTuple):
    """What moves have in common whose rule, and stages before and after it, are the same."""

    framework: str
    before: str | None
    after: str | None
    direction: MoveDirection
    rule: str  # as it is quoted


class Source(NamedTuple):
    """A term that looks at a signal: its place among the values, the event behind it, what it means."""

    place: int
    signal: str
    event: str
    counts: bool  # its value is a number of touchpoints or days
    is_since: bool  # zero means that it happened just now


def sources_of(program: Program, compiled: Compiled) -> list[Source]:
    """Return the terms of a rule that look at signals."""
    return [
        Source(
            place, leaf.name, compiled.event_of.get(leaf.name, leaf.name),
            counts=leaf.instruction.code in COUNTED, is_since=leaf.instruction.code == op.SINCE,
        )
        for place, leaf in enumerate(program.leaves)
        if leaf.instruction.code in OF_SIGNALS
    ]  # fmt: skip


def signal_contributions(sources: Iterable[Source], values: Sequence[float]) -> list[Contribution]:
    """Return, for a rule that reads no score, the events behind the signals that it reads.

    Points are touchpoints (or days) counted, the most where a rule counts a signal in several ways; one for a
    signal that is only looked up.
    """
    counted: dict[str, float] = {}
    events: dict[str, str] = {}
    for place, signal, event, counts, is_since in sources:
        value = values[place]
        if value != value or (value == 0.0 and not is_since):
            continue
        points = value if counts else 1.0
        if points > counted.get(signal, 0.0):
            counted[signal] = points
            events[signal] = event
    return contributions([*counted.values()], [*events.values()])
