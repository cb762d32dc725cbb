"""Happenings into outputs: transitions and alerts as the public contract has them. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from schemas.instants import instant
from schemas.outputs import (
    AlertRaised,
    AlertResolved,
    Because,
    MoveDirection,
    Severity,
    StageChanged,
    Trigger,
)
from streams.engine import ground
from streams.model.compile_rules import Program
from streams.model.definition import TransitionPattern
from streams.model.message import fill
from streams.runtime import words
from streams.runtime.identity import output_id

if TYPE_CHECKING:
    from streams.runtime.lane import Lane

_DIRECTIONS = (MoveDirection.FORWARD, MoveDirection.BACK, MoveDirection.LATERAL)
_ALWAYS = Program("always", ())
_BY_MODEL, _BY_TIME = Trigger(kind="model"), Trigger(kind="time")


class Renderer:
    """Turns one harvest of happenings into outputs."""

    def __init__(
        self, lane: "Lane", told_at: NDArray[np.int64], told: NDArray[np.float64], messages: Sequence[str]
    ) -> None:
        self.lane = lane
        self.compiled = lane.compiled
        self.model = lane.compiled.model
        self.happenings: list[list[int]] = told_at.tolist()
        self.told = told
        self.messages = messages

    def kind(self, i: int) -> int:
        """Return the kind of happening `i`."""
        return self.happenings[i][ground.TOLD_KIND]

    def places(self, *kinds: int) -> list[int]:
        """Return the places of the happenings of some kinds."""
        return [i for i, happening in enumerate(self.happenings) if happening[ground.TOLD_KIND] in kinds]

    def is_level(self, i: int) -> bool:
        """Return whether happening `i` belongs to a section `levels:`, which tells through scores alone."""
        return self.model.frameworks[self.happenings[i][ground.TOLD_WHAT]].levels

    def transition(self, i: int) -> StageChanged:
        """Return happening `i` as a transition."""
        h = self.happenings[i]
        framework, before, after, direction, rule = self._move(h)
        subject = self.lane.table.names[h[ground.TOLD_ROW]]
        return StageChanged(
            id=output_id(subject, framework, h[ground.TOLD_SEQUENCE], h[ground.TOLD_INCARNATION]),
            customer_id=subject,
            at=instant(h[ground.TOLD_AT]),
            model=self.model.name,
            model_version=self.model.version,
            framework=framework,
            from_stage=before,
            to_stage=after,
            direction=direction,
            dwell_ms=h[ground.TOLD_DWELL],
            because=self._because(i, rule),
        )

    def raised(self, i: int) -> AlertRaised:
        """Return happening `i` as an alert raised."""
        h = self.happenings[i]
        alert = self.model.alerts[h[ground.TOLD_WHAT]]
        subject = self.lane.table.names[h[ground.TOLD_ROW]]
        program = self._program(h)
        return AlertRaised(
            id=output_id(subject, alert.name, h[ground.TOLD_SEQUENCE], h[ground.TOLD_INCARNATION]),
            customer_id=subject,
            at=instant(h[ground.TOLD_AT]),
            model=self.model.name,
            model_version=self.model.version,
            alert=alert.name,
            severity=Severity(alert.severity),
            message=fill(alert.message, self._message_values(i, subject, alert.name)),
            because=self._because(i, words.raising(alert, program.text)),
        )

    def resolved(self, i: int) -> AlertResolved:
        """Return happening `i` as the end of an alert."""
        h = self.happenings[i]
        alert = self.compiled.names.alerts[h[ground.TOLD_WHAT]]
        subject = self.lane.table.names[h[ground.TOLD_ROW]]
        text = self._program(h).text
        return AlertResolved(
            id=output_id(subject, alert, h[ground.TOLD_SEQUENCE], h[ground.TOLD_INCARNATION]),
            customer_id=subject,
            at=instant(h[ground.TOLD_AT]),
            model=self.model.name,
            model_version=self.model.version,
            alert=alert,
            raised_id=output_id(subject, alert, h[ground.TOLD_RAISED], h[ground.TOLD_INCARNATION]),
            because=self._because(i, f"not ({text})" if h[ground.TOLD_MODE] == ground.ENDED else text),
        )

    def _stage(self, framework: str, number: int) -> str | None:
        return self.compiled.names.stages[framework][number - 1] if number > 0 else None

    def _program(self, happening: list[int]) -> Program:
        rule = happening[ground.TOLD_RULE]
        return self.compiled.programs[rule] if rule >= 0 else _ALWAYS

    def _move(self, happening: list[int]) -> words.Move:
        """Return what all moves like this one have in common; worked out once."""
        kind = (
            *happening[ground.TOLD_WHAT : ground.TOLD_DIRECTION + 1],
            happening[ground.TOLD_RULE],
            happening[ground.TOLD_MODE],
        )
        known = self.lane.moves.get(kind)
        if known is None:
            framework = self.compiled.names.frameworks[happening[ground.TOLD_WHAT]]
            known = self.lane.moves[kind] = words.Move(
                framework,
                self._stage(framework, happening[ground.TOLD_FROM]),
                self._stage(framework, happening[ground.TOLD_TO]),
                _DIRECTIONS[happening[ground.TOLD_DIRECTION]],
                self._move_rule(happening),
            )
        return known

    def _move_rule(self, happening: list[int]) -> str:
        """Return what to quote as the reason of a move: the rule that fired, or the one that ended."""
        text = self._program(happening).text
        about = self.model.frameworks[happening[ground.TOLD_WHAT]]
        stages = (*about.stages, *about.exits)
        match happening[ground.TOLD_MODE]:
            case ground.FIRED:
                return words.entering(stages[happening[ground.TOLD_TO] - 1], text)
            case ground.ENDED:
                return f"not ({text})"
            case _:
                lasted = stages[happening[ground.TOLD_FROM] - 1].for_ms or 0
                return f"for {words.duration(lasted)} is over"

    def _because(self, i: int, rule: str) -> Because:
        h = self.happenings[i]
        program = _ALWAYS if h[ground.TOLD_MODE] == ground.TIME_OVER else self._program(h)
        if not (program.leaves or program.sources):
            return Because(rule=rule, values={}, touchpoints=[], trigger=self._trigger(h))
        numbers = self.told[i].tolist()
        values = {
            leaf.text: words.shown(leaf, value, self.compiled, self.lane.texts)
            for leaf, value in zip(program.leaves, numbers, strict=False)
        }
        if program.sources:
            first, names = self.compiled.plan.named["told_values"], self.compiled.names.entries
            touchpoints = words.contributions(numbers[first : first + len(names)], names)
        else:
            touchpoints = words.signal_contributions(self._sources(program), numbers)
        return Because(rule=rule, values=values, touchpoints=touchpoints, trigger=self._trigger(h))

    def _sources(self, program: Program) -> Sequence[words.Source]:
        """Return the terms of a rule that look at signals; worked out once."""
        known = self.lane.sources.get(program.text)
        if known is None:
            known = self.lane.sources[program.text] = words.sources_of(program, self.compiled)
        return known

    def _trigger(self, happening: list[int]) -> Trigger:
        match happening[ground.TOLD_TRIGGER]:
            case ground.BY_TOUCHPOINT:
                return Trigger(kind="touchpoint", message_id=self.messages[happening[ground.TOLD_TOUCHPOINT]])
            case ground.BY_MODEL:
                return _BY_MODEL
            case _:
                return _BY_TIME

    def _message_values(self, i: int, subject: str, alert: str) -> dict[str, str]:
        """Return what an alert's message may name: terms of its rule, scores, stages, the transition."""
        h, names = self.happenings[i], self.compiled.names
        numbers = self.told[i].tolist()
        program = self._program(h)
        found = {"customer": subject, "alert": alert}
        for leaf, value in zip(program.leaves, numbers, strict=False):
            found[leaf.text] = words.spoken(leaf, words.shown(leaf, value, self.compiled, self.lane.texts))
        first = self.compiled.plan.named["told_values"] + self.compiled.plan.named["entries"]
        for k, score in enumerate(names.scores):
            found[f"score.{score}"] = f"{numbers[first + k]:.0f}"
        for k, framework in enumerate(names.frameworks):
            stage = int(numbers[first + len(names.scores) + k])
            found[f"stage.{framework}"] = self._stage(framework, stage) or "none"
        pattern = self.model.alerts[h[ground.TOLD_WHAT]].upon_transition
        if pattern is not None:
            before, after = self._move_before(i, pattern)
            found["from_stage"], found["to_stage"] = before or "none", after or "none"
        return found

    def _move_before(self, i: int, pattern: TransitionPattern) -> tuple[str | None, str | None]:
        """Return from where to where the move went that alert `i` hangs on.

        It was told in the same evaluation, just before the alert: one of several where flags moved together.
        """
        framework = pattern.framework
        place = self.compiled.names.frameworks.index(framework)
        moves = (
            (self._stage(framework, h[ground.TOLD_FROM]), self._stage(framework, h[ground.TOLD_TO]))
            for h in map(self.happenings.__getitem__, range(i - 1, -1, -1))
            if h[ground.TOLD_KIND] == ground.STAGE
            and h[ground.TOLD_WHAT] == place
            and pattern.direction in {None, _DIRECTIONS[h[ground.TOLD_DIRECTION]].value}
        )
        return next(
            (before, after)
            for before, after in moves
            if (after in pattern.to or not pattern.to)
            and after not in pattern.except_to
            and (before in pattern.from_stages or not pattern.from_stages)
        )
