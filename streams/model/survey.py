"""What a model needs in a row: every signal, ring, half-life, trait and midnight score that it names."""

import math
from collections.abc import Iterable

import msgspec

from streams.engine.instants import DAY_MS
from streams.engine.kinds.flags import BITS
from streams.model import walk
from streams.model.definition import Dimension, Entry, Model
from streams.model.expression import Rule, Term


class Credit(msgspec.Struct, frozen=True):
    """A decayed sum: points of one entry under one half-life; `path` where a property gives the points."""

    entry: int
    half_life_ms: int
    paths: tuple[str, ...] = ()


class Ring(msgspec.Struct, frozen=True):
    """A ring of panes of one signal."""

    signal: str
    hourly: bool
    length: int


class TraitColumn(msgspec.Struct, frozen=True):
    """A trait that rules read, as a text and number, or as a date (`until(trait.x)`)."""

    name: str
    date: bool = False


class Survey(msgspec.Struct, frozen=True):
    """Everything that the model names, numbered."""

    signals: tuple[str, ...]
    totals: tuple[str, ...]
    types: tuple[str, ...]
    traits: tuple[TraitColumn, ...]
    seen_sets: tuple[str, ...]
    dimensions: tuple[Dimension, ...]  # plain ones first, then expressions in order of dependency
    scores: tuple[str, ...]  # in order of dependency
    half_lives: tuple[int, ...]
    credits: tuple[Credit, ...]
    count_rings: tuple[Ring, ...]
    amount_rings: tuple[Ring, ...]
    backs: tuple[tuple[str, int], ...]  # (score, days back)
    midnights: tuple[tuple[str, int], ...]  # (score, days kept)
    active_days: int
    cap_days: int
    inputs: tuple[tuple[tuple[str, ...], ...], ...]  # per entry, the paths of each number

    def signal(self, name: str) -> int:
        """Return the number of a signal."""
        return self.signals.index(name)

    def dimension(self, name: str) -> int:
        """Return the number of a dimension."""
        return next(i for i, dimension in enumerate(self.dimensions) if dimension.name == name)

    def score(self, name: str) -> int:
        """Return the number of a score."""
        return self.scores.index(name)

    def count_ring(self, signal: str, *, hourly: bool) -> int:
        """Return the number of a signal's ring of counts, -1 where no rule reads such a window."""
        return _place(self.count_rings, signal, hourly=hourly)

    def amount_ring(self, signal: str, *, hourly: bool) -> int:
        """Return the number of a signal's ring of amounts, -1 where no rule reads such a window."""
        return _place(self.amount_rings, signal, hourly=hourly)


SIGNAL_TERMS = frozenset({"count", "sum", "days", "since", "ever", "first", "last"})


def survey(model: Model) -> Survey:
    """Collect what the model names."""
    terms = [term for placed in walk.rules(model, made=True) for term in walk.terms(placed.rule.node)]
    half_lives = _half_lives(model)
    backs = sorted({(term.name, term.back_ms // DAY_MS) for term in terms if term.kind == "score_at"})
    return Survey(
        signals=_signals(model, terms),
        totals=_totals(model, terms),
        types=_unique(entry.type for entry in model.touchpoints if entry.type),
        traits=_traits(model, terms),
        seen_sets=_unique([*(name for entry in model.touchpoints for name, _ in entry.seen)]),
        dimensions=_dimension_order(model),
        scores=_score_order(model),
        half_lives=half_lives,
        credits=_credits(model),
        count_rings=_rings(terms, {"count", "days", "sessions"}),
        amount_rings=_rings(terms, {"sum"}),
        backs=tuple(backs),
        midnights=tuple(
            (s, 2 + max(d for name, d in backs if name == s)) for s in _unique(n for n, _ in backs)
        ),
        active_days=_active_days(terms),
        cap_days=math.ceil(model.settings.grace_ms / DAY_MS) + 2,
        inputs=tuple(_inputs(entry) for entry in model.touchpoints),
    )


def _place(rings: tuple[Ring, ...], signal: str, *, hourly: bool) -> int:
    return next((i for i, ring in enumerate(rings) if ring.signal == signal and ring.hourly == hourly), -1)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _signals(model: Model, terms: list[Term]) -> tuple[str, ...]:
    found = ["activity"]
    if any(term.kind == "sessions" or term.name == "session" for term in terms):
        found.append("session")
    found += [name for entry in model.touchpoints for name, _ in entry.signals]
    for follow in model.follows:
        found += [follow.open, follow.close, f"{follow.name}.closed", f"{follow.name}.expired"]
    found += [term.name for term in terms if term.kind in SIGNAL_TERMS]
    for framework in model.frameworks:
        found += framework.hard
        found += [stage.upon for stage in (*framework.stages, *framework.exits) if stage.upon]
    found += [alert.upon_signal for alert in model.alerts if alert.upon_signal]
    if model.p_alive:
        found.append(model.p_alive.signal)
    return _unique(found)


def _traits(model: Model, terms: list[Term]) -> tuple[TraitColumn, ...]:
    found = [
        TraitColumn(term.name, date=term.kind == "until") for term in terms if term.kind in {"trait", "until"}
    ]
    return tuple(dict.fromkeys([*found, *map(TraitColumn, model.segments)]))


def _totals(model: Model, terms: list[Term]) -> tuple[str, ...]:
    """Return the signals whose amounts are not all 1, or whose sum is read."""
    found = [
        name
        for entry in model.touchpoints
        for name, amount in entry.signals
        if amount.paths or amount.constant not in {None, 1.0}
    ]
    return _unique([*found, *(term.name for term in terms if term.kind == "sum" and term.window is None)])


def _half_lives(model: Model) -> tuple[int, ...]:
    found = {d.half_life_ms for d in model.dimensions if d.value is None}
    if any(entry.type for entry in model.touchpoints):
        found.add(model.types_half_life_ms)
    return tuple(sorted(found))


def _credits(model: Model) -> tuple[Credit, ...]:
    half_lives = {d.name: d.half_life_ms for d in model.dimensions}
    found: dict[Credit, None] = {}
    for number, entry in enumerate(model.touchpoints):
        for name, amount in entry.dimensions:
            found[Credit(number, half_lives[name], amount.paths)] = None
        if entry.type:
            found[Credit(number, model.types_half_life_ms)] = None
    return tuple(found)


def _rings(terms: list[Term], kinds: set[str]) -> tuple[Ring, ...]:
    lengths: dict[tuple[str, bool], int] = {}
    for term in terms:
        if term.kind in kinds and term.window is not None:
            key = ("session" if term.kind == "sessions" else term.name, term.window.unit == "h")
            lengths[key] = max(lengths.get(key, 0), _panes(term))
    return tuple(Ring(signal, hourly, length) for (signal, hourly), length in lengths.items())


def _panes(term: Term) -> int:
    assert term.window is not None
    return (term.window.size + term.ago) * (7 if term.window.unit == "w" else 1)


def _active_days(terms: list[Term]) -> int:
    longest = max((_panes(term) for term in terms if term.kind == "days_active"), default=0)
    return math.ceil(max(longest, BITS) / BITS) * BITS


def _dimension_order(model: Model) -> tuple[Dimension, ...]:
    plain = [dimension for dimension in model.dimensions if dimension.value is None]
    rest = {dimension.name: dimension for dimension in model.dimensions if dimension.value is not None}
    uses = {name: _uses(d.value, "dimension") for name, d in rest.items()}
    return (*plain, *(rest[name] for name in _by_dependency(uses)))


def _score_order(model: Model) -> tuple[str, ...]:
    return _by_dependency({score.name: _uses(score.value, "score") for score in model.scores})


def _uses(rule: Rule | None, kind: str) -> set[str]:
    return set() if rule is None else {term.name for term in walk.terms(rule.node) if term.kind == kind}


def _by_dependency(uses: dict[str, set[str]]) -> tuple[str, ...]:
    done: dict[str, None] = {}
    waiting = dict(uses)
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs & waiting.keys() - {name}]
        for name in ready:
            done[name] = None
            del waiting[name]
    return tuple(done)


def _inputs(entry: Entry) -> tuple[tuple[str, ...], ...]:
    found: dict[tuple[str, ...], None] = {}
    for _, amount in (*entry.signals, *entry.dimensions):
        if amount.paths:
            found[amount.paths] = None
    for source in entry.answers:
        found[(source.path,)] = None
    return tuple(found)
