"""One evaluation of all rules of a row, and what it tells."""

from dataclasses import dataclass, field

import xxhash

from streams.model.definition import Alert, Framework, TransitionPattern
from streams.model.expression import Rule
from tests.oracle.decisions import (
    Instant,
    anniversary,
    emission_due,
    flag_turns,
    is_hard,
    move,
    state_alert,
)
from tests.oracle.evaluation import read, reading_instant, score_at_instant, terms_of
from tests.oracle.row import DAY, Row, Value

Happening = dict[str, object]


@dataclass
class Evaluation:
    """One evaluation of all rules of a row: at an instant, for a reason, with the signals that came.

    told: what it told. stored: whether a follow expired or an alert was thinned, which is told to nobody.
    """

    row: Row
    t: int
    trigger: str
    message_id: str | None = None
    carried: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()
    clock_moved: bool = True
    moved: list[tuple[str, str | None, str | None, str]] = field(default_factory=list)
    told: list[Happening] = field(default_factory=list)
    stored: bool = False

    def run(self) -> list[Happening]:
        """Expire follows, move frameworks, raise and resolve alerts, send scores; in this order."""
        expired = expire_follows(self.row, self.t)
        self.stored = bool(expired)
        self.carried |= frozenset(expired)
        for framework in self.row.model.frameworks:
            self.move_framework(framework)
        for alert in self.row.model.alerts:
            if alert.kind == "state":
                self.judge_state(alert)
            elif self.trigger != "model" and self.occurs(alert):
                self.judge_occurrence(alert)
        if self.moved or emission_due(self.row, Instant(self.row, self.t)):
            self.send_scores()
        return self.told

    def move_framework(self, framework: Framework) -> None:
        """Make the one move of a ladder or free framework, or turn all flags that are due."""
        ask = Instant(self.row, self.t)
        if framework.kind != "flags":
            target = move(self.row, framework, ask, self.carried)
            if target is not None:
                current = self.row.stages[framework.name]
                self.row.stages[framework.name] = target
                hard = is_hard(framework, self.carried)
                self.tell_move(framework, current, target, direction_of(framework, current, target, hard))
            return
        held = self.row.flags[framework.name]
        for flag in framework.stages:
            if not flag_turns(self.row, framework, flag, ask, self.carried):
                continue
            if flag.name in held:
                held.remove(flag.name)
                self.tell_move(framework, flag.name, None, "back")
            else:
                held.add(flag.name)
                self.tell_move(framework, None, flag.name, "forward")

    def tell_move(self, framework: Framework, source: str | None, target: str | None, direction: str) -> None:
        """Tell a transition; its dwell is counted since the framework's last change."""
        dwell = self.t - self.row.entered[framework.name]
        self.row.entered[framework.name] = self.t
        self.moved.append((framework.name, source, target, direction))
        stage = next((each for each in (*framework.stages, *framework.exits) if each.name == target), None)
        rule = None if stage is None else stage.when
        more: Happening = {"from": source, "to": target, "direction": direction, "dwell_ms": dwell}
        self.tell("stage", framework.name, more | {"values": self.values(rule)})

    def judge_state(self, alert: Alert) -> None:
        """Open or resolve a state alert; in a model pass a true one opens silently."""
        state, ask = self.row.alerts[alert.name], Instant(self.row, self.t)
        if self.trigger == "model" and state.open_since is None:
            if alert.when is None or ask.holds(alert.when):
                state.open_since, state.raised_id = self.t, None
            return
        action = state_alert(self.row, alert, ask)
        if action == "raise":
            state.open_since = self.t
            self.raise_alert(alert)
        if action == "resolve":
            state.open_since = None
            self.tell("resolved", alert.name, {"raised_id": state.raised_id})

    def occurs(self, alert: Alert) -> bool:
        """Tell whether what an event alert hangs on happens in this evaluation, and its `when` holds."""
        if alert.upon_every_ms is not None:
            return self.clock_moved and anniversary(self.row, alert, Instant(self.row, self.t))
        if alert.upon_transition is not None:
            happened = any(fits(alert.upon_transition, each, self.row) for each in self.moved)
        elif alert.upon_question is not None:
            happened = alert.upon_question in self.questions
        else:
            happened = alert.upon_signal in self.carried
        return happened and (alert.when is None or Instant(self.row, self.t).holds(alert.when))

    def judge_occurrence(self, alert: Alert) -> None:
        """Raise an event alert, unless the cooldown or the daily cap thins it."""
        state = self.row.alerts[alert.name]
        cooling = state.raised is not None and self.t - state.raised < alert.cooldown_ms
        today = state.today if state.raised is not None and state.raised // DAY == self.t // DAY else 0
        if cooling or (alert.daily_cap is not None and today >= alert.daily_cap):
            state.thinned += 1
            self.stored = True
        else:
            self.raise_alert(alert)

    def raise_alert(self, alert: Alert) -> None:
        """Tell that an alert is raised."""
        state = self.row.alerts[alert.name]
        same_day = state.raised is not None and state.raised // DAY == self.t // DAY
        state.today = state.today + 1 if same_day else 1
        state.raised = self.t
        self.tell("raised", alert.name, {"values": self.values(alert.when)})
        state.raised_id = str(self.told[-1]["id"])

    def send_scores(self) -> None:
        """Send all scores."""
        self.row.sent = scores_of(self.row, self.t)
        self.row.sent_at = self.t
        self.tell("scores", "scores", {"values": dict(self.row.sent)})

    def values(self, rule: Rule | None) -> dict[str, Value]:
        """Return what the terms of a rule read."""
        if rule is None:
            return {}
        t = reading_instant(self.row, rule, self.t)
        return {term.text: read(self.row, term, t) for term in terms_of(rule.node)}

    def tell(self, kind: str, what: str, more: Happening) -> None:
        """Add a happening under the row's next sequence number."""
        row = self.row
        row.sequence += 1
        identity = f"{row.customer_id}\x1f{what}\x1f{row.sequence}\x1f{row.incarnation}"
        happening: Happening = {"kind": kind, "subject": row.customer_id, "what": what}
        happening |= {"from": None, "to": None, "direction": None, "dwell_ms": None, "raised_id": None}
        happening |= {"at": self.t, "seq": row.sequence, "id": xxhash.xxh3_128_hexdigest(identity.encode())}
        happening |= {"trigger": self.trigger, "message_id": self.message_id}
        self.told.append(happening | more)


def direction_of(framework: Framework, source: str | None, target: str, hard: bool) -> str:
    """Return which way a move of a ladder or free framework goes."""
    exits = {stage.name: stage for stage in framework.exits}
    if source is None or (target in exits and exits[target].from_stages):
        return "forward"
    if target in exits:
        return "lateral" if source in exits else "back"
    if source in exits:
        return "forward"
    names = [stage.name for stage in framework.stages]
    if names.index(target) > names.index(source):
        return "forward"
    return "lateral" if hard else "back"


def fits(pattern: TransitionPattern, moved: tuple[str, str | None, str | None, str], row: Row) -> bool:
    """Tell whether a transition is one that an alert hangs on; a first placement never is."""
    framework, source, target, direction = moved
    if framework != pattern.framework or (source is None and framework not in row.flags):
        return False
    return (
        pattern.direction in (None, direction)
        and (not pattern.to or target in pattern.to)
        and target not in pattern.except_to
        and (not pattern.from_stages or source in pattern.from_stages)
    )


def expire_follows(row: Row, t: int) -> list[str]:
    """Expire what is due at t, and return the signals fed, each dated to the end of its follow."""
    fed = []
    for follow in row.model.follows:
        state, opened = row.follows.get(follow.name, ("", 0))
        if state == "open" and opened + follow.within_ms <= t:
            row.follows[follow.name] = ("expired", opened)
            row.happened[f"{follow.name}.expired"].append((opened + follow.within_ms, None))
            fed.append(f"{follow.name}.expired")
    return fed


def scores_of(row: Row, t: int) -> dict[str, float | None]:
    """Return all scores at t."""
    return {score.name: score_at_instant(row, score.name, t) for score in row.model.scores}
