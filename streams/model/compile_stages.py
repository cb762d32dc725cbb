"""Frameworks and alerts to arrays."""

from typing import TYPE_CHECKING

from streams.engine import alerts, frameworks
from streams.engine.instants import NEVER
from streams.model.definition import Framework, Model, Stage, TransitionPattern
from streams.model.survey import Survey

if TYPE_CHECKING:
    from streams.model.compile import Programs, Sections

_KINDS = {"ladder": frameworks.LADDER, "free": frameworks.FREE, "flags": frameworks.FLAGS}
_DIRECTIONS = {None: -1, "forward": 0, "back": 1, "lateral": 2}


def compile_frameworks(model: Model, found: Survey, programs: "Programs", sections: "Sections") -> None:
    """Write the sections of frameworks and stages."""
    ints = sections.ints
    for framework in model.frameworks:
        ints["framework_kind"].append(_KINDS[framework.kind])
        ints["framework_dwell"].append(framework.dwell_ms)
        ints["framework_stage"].append(len(ints["stage_when"]))
        ints["framework_exit"].append(len(ints["stage_when"]) + len(framework.stages))
        ints["framework_hard"].append(len(ints["framework_hard_signal"]))
        ints["framework_hard_signal"].extend(found.signal(name) for name in framework.hard)
        for stage in (*framework.stages, *framework.exits):
            _stage(framework, stage, found, programs, sections)
    ints["framework_stage"].append(len(ints["stage_when"]))
    ints["framework_hard"].append(len(ints["framework_hard_signal"]))


def _stage(
    framework: Framework, stage: Stage, found: Survey, programs: "Programs", sections: "Sections"
) -> None:
    ints = sections.ints
    names = [each.name for each in (*framework.stages, *framework.exits)]
    is_fallback = framework.kind == "ladder" and stage == framework.stages[0]
    ints["stage_when"].append(-1 if is_fallback else programs.add(stage.when))
    ints["stage_stay"].append(programs.add(stage.stay))
    ints["stage_latch"].append(int(stage.latch or stage.upon is not None))
    ints["stage_upon"].append(-1 if stage.upon is None else found.signal(stage.upon))
    ints["stage_for"].append(-1 if stage.for_ms is None else stage.for_ms)
    ints["stage_from"].append(sum(1 << (names.index(name) + 1) for name in stage.from_stages))


def compile_alerts(
    model: Model,
    found: Survey,
    programs: "Programs",
    sections: "Sections",
    stages: dict[str, tuple[str, ...]],
) -> None:
    """Write the sections of alerts."""
    ints = sections.ints
    names = [framework.name for framework in model.frameworks]
    questions = [question.name for question in model.questions]
    for alert in model.alerts:
        ints["alert_kind"].append(alerts.STATE if alert.kind == "state" else alerts.EVENT)
        ints["alert_when"].append(programs.add(alert.when))
        ints["alert_clear"].append(programs.add(alert.clear))
        ints["alert_cooldown"].append(alert.cooldown_ms)
        ints["alert_cap"].append(NEVER if alert.daily_cap is None else alert.daily_cap)
        ints["alert_signal"].append(-1 if alert.upon_signal is None else found.signal(alert.upon_signal))
        ints["alert_question"].append(
            -1 if alert.upon_question is None else questions.index(alert.upon_question)
        )
        ints["alert_every"].append(alert.upon_every_ms or 0)
        _transition(alert.upon_transition, names, stages, sections)


def _transition(
    pattern: TransitionPattern | None,
    names: list[str],
    stages: dict[str, tuple[str, ...]],
    sections: "Sections",
) -> None:
    ints = sections.ints
    if pattern is None:
        for name in ("alert_framework", "alert_direction"):
            ints[name].append(-1)
        ints["alert_to"].append(0)
        ints["alert_from"].append(0)
        return
    ints["alert_framework"].append(names.index(pattern.framework))
    ints["alert_direction"].append(_DIRECTIONS[pattern.direction])
    names_here = stages[pattern.framework]
    wanted = tuple(name for name in pattern.to or names_here if name not in pattern.except_to)
    ints["alert_to"].append(_bits(wanted, names_here) | int(not pattern.to))  # bit 0: a flag that goes off
    ints["alert_from"].append(_bits(pattern.from_stages, names_here))


def _bits(names: tuple[str, ...], stages: tuple[str, ...]) -> int:
    return sum(1 << (stages.index(name) + 1) for name in names)
