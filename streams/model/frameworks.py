"""Read frameworks and levels: their stages, exits and flags with the rules between them."""

from streams.model.definition import Framework, Stage
from streams.model.expression import Rule
from streams.model.fields import (
    Notes,
    read_choice,
    read_duration,
    read_fields,
    read_mapping,
    read_name,
    read_names,
    read_number,
    read_rule,
    read_text,
)
from streams.model.hysteresis import relaxed
from streams.model.render import render
from streams.model.tree import Scalar, Tree, problem_at
from streams.model.written import UNREADABLE

FRAMEWORK_KEYS = ("kind", "dwell", "hard", "stages", "exits")
STAGE_KEYS = ("when", "stay", "hysteresis", "upon")
EXIT_KEYS = (*STAGE_KEYS, "from", "for")
KINDS = ("ladder", "free", "flags")


def read_frameworks(notes: Notes, tree: Tree | None) -> list[Framework]:
    """Return the frameworks in the order of the file."""
    frameworks: list[Framework] = []
    for key, value in read_mapping(notes, tree, "frameworks"):
        name = read_name(notes, key, "a framework", reserved=False)
        fields = read_fields(
            notes,
            value,
            FRAMEWORK_KEYS,
            what="a framework",
            hints={"levels": "levels: is a section of its own"},
        )
        kind = read_choice(notes, fields.get("kind"), KINDS, "kind of framework")
        if "kind" not in fields:
            notes.add(key, f"the framework {key.value} does not say its kind", f"kind: {', '.join(KINDS)}")
        stages = read_stages(notes, fields.get("stages"), keys=STAGE_KEYS, what="a stage")
        if not stages:
            notes.add(key, f"the framework {key.value} has no stages", "add stages: {first: {}, …}")
        if name is None or kind is None:
            continue
        frameworks.append(
            Framework(
                name=name,
                kind=kind,  # type: ignore[arg-type]  # one of KINDS
                stages=stages,
                exits=read_stages(notes, fields.get("exits"), keys=EXIT_KEYS, what="an exit"),
                dwell_ms=read_duration(notes, fields.get("dwell"), "dwell", zero=True) or 0,
                hard=read_names(notes, fields.get("hard"), "hard"),
                line=problem_at(key, "").line,
            )
        )
    return frameworks


def read_levels(notes: Notes, tree: Tree | None) -> list[Framework]:
    """Return the section `levels`: sets of named flags, of which the highest held is the level."""
    levels: list[Framework] = []
    for key, value in read_mapping(notes, tree, "levels"):
        name = read_name(notes, key, "a set of levels", reserved=False)
        stages = read_stages(notes, value, keys=STAGE_KEYS, what="a level")
        if not stages:
            notes.add(
                key,
                f"{key.value} has no levels",
                "name them from low to high: {low: {when: …}, high: {when: …}}",
            )
        if name is not None:
            levels.append(
                Framework(name=name, kind="flags", stages=stages, levels=True, line=problem_at(key, "").line)
            )
    return levels


def read_stages(notes: Notes, tree: Tree | None, *, keys: tuple[str, ...], what: str) -> tuple[Stage, ...]:
    """Return stages, flags or exits in the order of the file."""
    stages: list[Stage] = []
    for key, value in read_mapping(notes, tree, "stages"):
        name = read_name(notes, key, what, reserved=False)
        hints = {"hysterese": "did you mean hysteresis?"}
        if "from" not in keys:
            hints |= {"from": "only exits have from", "for": "only exits have for"}
        fields = read_fields(notes, value, keys, what=what, hints=hints)
        when = read_rule(notes, fields.get("when"), "when")
        stay, latch = read_stay(notes, fields, when)
        stages.append(
            Stage(
                name=name or "",
                when=when,
                stay=stay,
                latch=latch or "upon" in fields,
                upon=read_text(notes, fields.get("upon"), "upon"),
                from_stages=read_names(notes, fields.get("from"), "from"),
                for_ms=read_duration(notes, fields.get("for"), "for"),
                line=problem_at(key, "").line,
            )
        )
    return tuple(stages)


def read_stay(notes: Notes, fields: dict[str, Tree], when: Rule | None) -> tuple[Rule | None, bool]:
    """Return the rule that lets a stage stay, and whether it never lets go (`stay: always`)."""
    stay, hysteresis = fields.get("stay"), fields.get("hysteresis")
    if stay is not None and hysteresis is not None:
        notes.add(hysteresis, "hysteresis is short for stay; one of the two is enough", "remove hysteresis")
        return None, False
    if hysteresis is not None and "upon" in fields:
        notes.add(hysteresis, "a stage with upon stays by itself; hysteresis does nothing there", "remove it")
        return None, False
    if hysteresis is not None:
        return read_hysteresis(notes, hysteresis, when), False
    if isinstance(stay, Scalar) and stay.value == "always":
        return None, True
    if stay is not None and "upon" in fields:
        notes.add(stay, "a stage with upon stays by itself; stay does nothing there", "remove stay")
    return read_rule(notes, stay, "stay"), False


def read_hysteresis(notes: Notes, tree: Tree, when: Rule | None) -> Rule | None:
    """Return `when` with its comparisons of scores relaxed by so many points."""
    points = read_number(notes, tree, "hysteresis", low=0, high=100)
    if points is None or (when is not None and when.node == UNREADABLE):
        return None
    node = None if when is None else relaxed(when.node, points)
    if when is None or node is None or points == 0:
        notes.add(
            tree,
            "hysteresis has nothing to relax: `when` compares no score and no dimension"
            if points
            else "a hysteresis of 0 relaxes nothing",
            "write a stay rule, or remove it",
        )
        return None
    return Rule(text=render(node), node=node, line=when.line, column=when.column)
