"""One customer in time: how a row goes on to an instant, and what it tells on the way."""

from collections.abc import Callable, Iterator

from streams.model.definition import Alert, Framework, Stage
from tests.oracle.decisions import (
    Asker,
    anniversary,
    emission_due,
    first_instant,
    flag_turns,
    move,
    state_alert,
)
from tests.oracle.evaluation import rules_of, terms_of
from tests.oracle.judgement import Evaluation, Happening, scores_of
from tests.oracle.row import DAY, Row

Wish = Callable[[Asker], bool]
NOTHING: frozenset[str] = frozenset()


def elapse(row: Row, until: int) -> list[Happening]:
    """Let time pass up to and including `until`; the clock only moves to what was told or stored."""
    told: list[Happening] = []
    while (t := next_change(row, until)) is not None:
        move_clock(row, t)
        evaluation = Evaluation(row, t, "time")
        told += evaluation.run()
        assert evaluation.told or evaluation.stored, f"nothing came of the change found at {t}"
    row.silent_until = max(row.silent_until, until)
    return told


def next_change(row: Row, until: int) -> int | None:
    """Return the first instant after the clock, up to `until`, at which something would be told or stored."""
    start = max(row.clock, row.silent_until) + 1
    found = None
    for end in ends_of_follows(row):
        if max(start, end) <= until:
            found = until = max(start, end)
    for wish in wishes(row):
        instant = first_instant(row, wish, start, until if found is None else until - 1)
        if instant is not None:
            found = until = instant
    return found


def ends_of_follows(row: Row) -> list[int]:
    """Return when the follows that are open expire."""
    return [
        row.follows[follow.name][1] + follow.within_ms
        for follow in row.model.follows
        if follow.name in row.follows and row.follows[follow.name][0] == "open"
    ]


def wishes(row: Row) -> Iterator[Wish]:
    """Return all decisions that time alone can change, one by one."""

    def moves(framework: Framework) -> Wish:
        return lambda ask: move(row, framework, ask, NOTHING) is not None

    def turns(framework: Framework, flag: Stage) -> Wish:
        return lambda ask: flag_turns(row, framework, flag, ask, NOTHING)

    def acts(alert: Alert) -> Wish:
        return lambda ask: state_alert(row, alert, ask) is not None

    def recurs(alert: Alert) -> Wish:
        return lambda ask: anniversary(row, alert, ask)

    for framework in row.model.frameworks:
        if framework.kind == "flags":
            yield from (turns(framework, flag) for flag in framework.stages)
        else:
            yield moves(framework)
    for alert in row.model.alerts:
        yield acts(alert) if alert.kind == "state" else recurs(alert)
    yield lambda ask: emission_due(row, ask)


def move_clock(row: Row, t: int) -> None:
    """Let the clock go on to t, and keep the scores of the midnights that it passes.

    Of a long silence only the midnights are kept that a rule can still look back to.
    """
    rules = rules_of(row.model)
    backs = [term.back_ms for rule in rules for term in terms_of(rule.node) if term.kind == "score_at"]
    if backs:
        oldest = max(row.clock // DAY, (t - max(backs)) // DAY - 2)
        passed = range((oldest + 1) * DAY, t + 1, DAY)
        row.midnights |= {midnight: scores_of(row, midnight) for midnight in passed}
    row.clock = t
