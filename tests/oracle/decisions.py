"""What a row would do: moves of frameworks, state alerts, anniversaries and score emission.

A decision puts questions to an asker: does this rule hold, has this length of time passed? `Instant` answers
for one millisecond. `Throughout` answers for a stretch, or raises `Undecided` when the answer changes within
it. Decisions change nothing.
"""

from collections.abc import Callable
from typing import Protocol

from streams.model.definition import Alert, Framework, Stage
from streams.model.expression import Rule, Term
from tests.oracle.evaluation import EQUAL_WITHIN, evaluate, reading_instant, score_at_instant
from tests.oracle.ranges import Stretch
from tests.oracle.row import Row
from tests.oracle.stretches import term_within, truths_within

SPLITS_AT_MOST = 20_000


class Undecided(Exception):
    """A question has more than one answer within a stretch: ask about its halves."""


class Unsearchable(Exception):
    """A decision stays undecided over too many stretches, as when two equal scores are compared.

    The oracle does not guess: change the model so that the sides of the comparison differ.
    """


class Asker(Protocol):
    """Who answers the questions of a decision."""

    def holds(self, rule: Rule) -> bool:
        """Is the rule true (not false, not unknown)?"""

    def passed(self, start: int, length: int) -> bool:
        """Is at least this long over since then?"""

    def strayed(self, score: str, sent: float | None) -> bool:
        """Does the score differ from the one sent by min_change, or did it come or go?"""

    def recurs(self, start: int, every: int) -> bool:
        """Is it a whole number of times `every` (not 0) since then?"""


class Instant:
    """Answers for one millisecond."""

    def __init__(self, row: Row, t: int) -> None:
        self.row, self.t = row, t

    def holds(self, rule: Rule) -> bool:
        """See `Asker`."""
        return evaluate(self.row, rule.node, reading_instant(self.row, rule, self.t)) is True

    def passed(self, start: int, length: int) -> bool:
        """See `Asker`."""
        return self.t - start >= length

    def strayed(self, score: str, sent: float | None) -> bool:
        """See `Asker`."""
        value = score_at_instant(self.row, score, self.t)
        if value is None or sent is None:
            return (value is None) != (sent is None)
        return abs(value - sent) >= self.row.model.settings.min_change - EQUAL_WITHIN

    def recurs(self, start: int, every: int) -> bool:
        """See `Asker`."""
        return self.t > start and (self.t - start) % every == 0


class Throughout:
    """Answers for every millisecond of a stretch at once."""

    def __init__(self, row: Row, stretch: Stretch) -> None:
        self.row, self.stretch = row, stretch

    def holds(self, rule: Rule) -> bool:
        """See `Asker`."""
        ends = [reading_instant(self.row, rule, t) for t in self.stretch]
        if ends[0] == ends[1]:
            return evaluate(self.row, rule.node, ends[0]) is True
        truths = {truth is True for truth in truths_within(self.row, rule.node, Stretch(*ends))}
        return only(truths)

    def passed(self, start: int, length: int) -> bool:
        """See `Asker`."""
        return only({t - start >= length for t in self.stretch})

    def strayed(self, score: str, sent: float | None) -> bool:
        """See `Asker`."""
        value = term_within(self.row, Term(kind="score", name=score), self.stretch)
        if sent is None:
            return only({True} if not value.absent else {True, False} if value.has_numbers else {False})
        if not value.has_numbers:
            return True
        least = max(value.low - sent, sent - value.high, 0.0)
        most = max(abs(value.low - sent), abs(value.high - sent))
        far = self.row.model.settings.min_change - EQUAL_WITHIN
        return only({least >= far, most >= far} | ({True} if value.absent else set()))

    def recurs(self, start: int, every: int) -> bool:
        """See `Asker`."""
        a, b = self.stretch
        latest = start + (b - start) // every * every
        return only({True, False} if latest >= a and latest > start else {False})


def only(answers: set[bool]) -> bool:
    """Return the one answer there is."""
    if len(answers) > 1:
        raise Undecided
    return answers.pop()


def first_instant(row: Row, wish: Callable[[Asker], bool], a: int, b: int) -> int | None:
    """Return the first millisecond from a to b at which a decision would do something."""
    waiting = [Stretch(a, b)] if a <= b else []
    for _ in range(SPLITS_AT_MOST):
        if not waiting:
            return None
        stretch = waiting.pop()
        if stretch.a == stretch.b:
            if wish(Instant(row, stretch.a)):
                return stretch.a
            continue
        try:
            if wish(Throughout(row, stretch)):
                return stretch.a
        except Undecided:
            middle = (stretch.a + stretch.b) // 2
            waiting += [Stretch(middle + 1, stretch.b), Stretch(stretch.a, middle)]
    raise Unsearchable(f"customer {row.customer_id}, {a} to {b}")


def move(row: Row, framework: Framework, ask: Asker, carried: frozenset[str]) -> str | None:
    """Return the stage that a ladder or free framework moves to; None: it stays."""
    current, since = row.stages[framework.name], row.entered[framework.name]
    hard = is_hard(framework, carried)

    def held() -> bool:
        return current is not None and not hard and not ask.passed(since, framework.dwell_ms)

    for stage in framework.exits:
        if stage.name == current:
            if stage.for_ms is not None:
                if not hard and not ask.passed(since, stage.for_ms):
                    return None
            elif keeps(stage, ask, carried):
                return None
        elif admits(stage, current) and enters(stage, ask, carried):
            return stage.name
    if framework.kind == "free":
        for stage in framework.stages:
            if enters(stage, ask, carried) or (stage.name == current and stays(stage, ask)):
                return None if stage.name == current or held() else stage.name
        return None
    names = [stage.name for stage in framework.stages]
    target = next((s.name for s in reversed(framework.stages) if enters(s, ask, carried)), names[0])
    if target == current:
        return None
    if current not in names or names.index(target) > names.index(current):
        return target
    if keeps(framework.stages[names.index(current)], ask, carried) or held():
        return None
    return target


def admits(stage: Stage, current: str | None) -> bool:
    """Tell whether an exit takes customers from their current stage; never before a first placement."""
    return current is not None and (not stage.from_stages or current in stage.from_stages)


def is_hard(framework: Framework, carried: frozenset[str]) -> bool:
    """Tell whether the evaluation is one of a hard signal."""
    return any(signal in carried for signal in framework.hard)


def enters(stage: Stage, ask: Asker, carried: frozenset[str]) -> bool:
    """Tell whether `when` holds; with `upon`, only where that signal is carried."""
    if stage.upon is not None and stage.upon not in carried:
        return False
    return stage.when is None or ask.holds(stage.when)


def stays(stage: Stage, ask: Asker) -> bool:
    """Tell whether the stage keeps whom it has without `when`."""
    if stage.latch or stage.upon is not None:
        return True
    return stage.stay is not None and ask.holds(stage.stay)


def keeps(stage: Stage, ask: Asker, carried: frozenset[str]) -> bool:
    """Tell whether `when` or `stay` holds."""
    return stays(stage, ask) or enters(stage, ask, carried)


def flag_turns(row: Row, framework: Framework, flag: Stage, ask: Asker, carried: frozenset[str]) -> bool:
    """Tell whether a flag goes on or off."""
    if flag.name in row.flags[framework.name]:
        return not keeps(flag, ask, carried)
    return enters(flag, ask, carried)


def state_alert(row: Row, alert: Alert, ask: Asker) -> str | None:
    """Return "raise", "resolve" or None for an alert of kind state."""
    state = row.alerts[alert.name]
    true = alert.when is None or ask.holds(alert.when)
    if state.open_since is None:
        if true and (state.raised is None or ask.passed(state.raised, alert.cooldown_ms)):
            return "raise"
        return None
    if not true and (alert.clear is None or ask.holds(alert.clear)):
        return "resolve"
    return None


def anniversary(row: Row, alert: Alert, ask: Asker) -> bool:
    """Tell whether an alert `upon: {every: …}` occurs, its `when` included."""
    if alert.upon_every_ms is None or (alert.when is not None and not ask.holds(alert.when)):
        return False
    return ask.recurs(row.first, alert.upon_every_ms)


def emission_due(row: Row, ask: Asker) -> bool:
    """Tell whether scores are to be sent though no stage moved."""
    if row.sent is None or row.sent_at is None:
        return True
    if not ask.passed(row.sent_at, row.model.settings.score_interval_ms):
        return False
    return any(ask.strayed(name, value) for name, value in row.sent.items())
