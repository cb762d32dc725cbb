"""Check frameworks and alerts: stages that nobody can reach, and settings that do nothing."""

from streams.model.definition import Framework, Stage
from streams.model.fields import Notes
from streams.model.logic import Facts, Weighed, implies
from streams.model.sections import Draft
from streams.model.tree import Tree, at_path, key_at
from streams.model.walk import Path, framework_path


def check_stages(notes: Notes, draft: Draft, facts: Facts, faulty: set[Path]) -> None:
    """Note what is wrong with the stages of each framework."""
    seen: dict[str, int] = {}
    for framework in draft.model.frameworks:
        section: Path = ("levels",) if framework.levels else ("frameworks",)
        key = key_at(draft.tree, (*section, framework.name))
        if framework.name in seen:
            reason = f"levels and frameworks share their names, and {framework.name} is a framework too"
            notes.add(key, reason, f"write {framework.name}_level")
        seen[framework.name] = framework.line
        check_repeated(notes, draft, framework)
        if framework.kind == "flags":
            check_flags(notes, draft, framework)
        else:
            check_exits(notes, draft, framework, Conditions(framework, "exits", facts, faulty))
            check_reach(notes, draft, framework, Conditions(framework, "stages", facts, faulty))


def key_of_stage(draft: Draft, framework: Framework, section: str, stage: Stage) -> Tree:
    """Return the key of a stage or an exit."""
    return key_at(draft.tree, (*framework_path(framework, section), stage.name))


def setting(draft: Draft, framework: Framework, name: str) -> Tree:
    """Return the value of a setting of a framework, or the framework itself."""
    return at_path(draft.tree, ("frameworks", framework.name, name))


def check_repeated(notes: Notes, draft: Draft, framework: Framework) -> None:
    """Note an exit that has the name of a stage."""
    stages = {stage.name for stage in framework.stages}
    for stage in framework.exits:
        if stage.name in stages:
            key = key_of_stage(draft, framework, "exits", stage)
            notes.add(key, f"{stage.name} is a stage and an exit", "give one of them another name")


def check_flags(notes: Notes, draft: Draft, framework: Framework) -> None:
    """Note what flags cannot have, and flags that everybody holds."""
    if framework.exits:
        reason = "flags have no exits: they go off by themselves"
        notes.add(setting(draft, framework, "exits"), reason, "say when they go off with stay")
    if framework.dwell_ms:
        reason = "flags have no dwell: they are independent of each other"
        notes.add(setting(draft, framework, "dwell"), reason, "remove dwell, or use hysteresis")
    if framework.hard:
        reason = "a hard signal waives dwell, and flags have none"
        notes.add(setting(draft, framework, "hard"), reason, "remove hard")
    for stage in framework.stages:
        if stage.when is None and stage.upon is None:
            key = key_of_stage(draft, framework, "stages", stage)
            notes.warn(key, f"{stage.name} has no when, so everybody holds it", 'add when: "…"')


def check_exits(notes: Notes, draft: Draft, framework: Framework, conditions: "Conditions") -> None:
    """Note exits that always hold, that others hide, or whose stay does nothing."""
    for number, stage in enumerate(framework.exits):
        key = key_of_stage(draft, framework, "exits", stage)
        if stage.when is None and stage.upon is None:
            notes.add(
                key, f"the exit {stage.name} has no when, so everybody leaves through it", 'add when: "…"'
            )
        path: Path = (*framework_path(framework, "exits"), stage.name)
        if stage.for_ms is not None and stage.stay is not None:
            reason = "an exit with for ends by itself; stay does nothing there"
            notes.warn(at_path(draft.tree, (*path, "stay")), reason, "remove stay or for")
        for above in framework.exits[:number]:
            if above.for_ms is not None or above.upon is not None or above.when is None:
                continue
            if above.from_stages and not (
                stage.from_stages and set(stage.from_stages) <= set(above.from_stages)
            ):
                continue
            if conditions.follows(stage, above):
                report_hidden(notes, key, stage, above, "before it")
                break


def check_reach(notes: Notes, draft: Draft, framework: Framework, conditions: "Conditions") -> None:
    """Note stages that another one, tried first, always takes."""
    stages = framework.stages
    if framework.kind == "ladder" and stages[0].when is not None:
        path: Path = (*framework_path(framework, "stages"), stages[0].name, "when")
        reason = (
            "the first stage of a ladder is where everybody is who is nowhere else; its when does nothing"
        )
        notes.warn(at_path(draft.tree, path), reason, "write {}, or make the framework free")
    for number, stage in enumerate(stages):
        is_ladder = framework.kind == "ladder"
        tried_first = stages[:number:-1] if is_ladder else stages[:number]
        for above in tried_first:
            if above.upon is None and conditions.follows(stage, above):
                key = key_of_stage(draft, framework, "stages", stage)
                report_hidden(notes, key, stage, above, "above it" if is_ladder else "before it")
                break


class Conditions:
    """The conditions of a framework's stages or exits, each weighed once and held against all others."""

    def __init__(self, framework: Framework, section: str, facts: Facts, faulty: set[Path]) -> None:
        """Weigh those whose rule has no fault."""
        path = framework_path(framework, section)
        self._weighed = {
            stage.name: Weighed(None if stage.when is None else stage.when.node, facts)
            for stage in (framework.exits if section == "exits" else framework.stages)
            if (*path, stage.name, "when") not in faulty
        }

    def follows(self, stage: Stage, above: Stage) -> bool:
        """Whether `above` surely holds whenever `stage` does; false when one of them has a faulty rule."""
        given, asked = self._weighed.get(stage.name), self._weighed.get(above.name)
        return given is not None and asked is not None and implies(given, asked)


def report_hidden(notes: Notes, key: Tree, stage: Stage, above: Stage, where: str) -> None:
    """Note that a stage can never be reached."""
    reason = f"{stage.name} can never be reached: {above.name} is tried {where} and holds whenever it does"
    hint = "narrow that rule, or change the order"
    if above.when is None:
        reason = f"{stage.name} can never be reached: {above.name} is tried {where} and has no when"
        hint = f"give {above.name} a when"
    notes.add(key, reason, hint)
