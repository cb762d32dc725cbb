"""A model to what the engine runs: columns for its fields, arrays for its map, programs for its rules."""

from itertools import pairwise

from streams.engine.instants import DAY_MS
from streams.engine.operations import CLAMP
from streams.engine.plan import INT_SECTIONS, NUM_SECTIONS, Plan
from streams.model.causes import compile_causes
from streams.model.columns import Columns
from streams.model.compile_map import compile_map
from streams.model.compile_rules import Instruction, Program, RuleCompiler
from streams.model.compile_stages import compile_alerts, compile_frameworks
from streams.model.compiled import Compiled, Names
from streams.model.definition import Model
from streams.model.expression import Rule, Term
from streams.model.limits import excesses
from streams.model.reading import Reading
from streams.model.survey import Survey, survey


class Sections:
    """The growing sections of a plan: lists under the plan's names."""

    def __init__(self) -> None:
        self.ints: dict[str, list[int]] = {name: [] for name in INT_SECTIONS}
        self.nums: dict[str, list[float]] = {name: [] for name in NUM_SECTIONS}


class Programs:
    """All programs of a model, numbered in the order in which they were asked for."""

    def __init__(self, reading: Reading, rules: RuleCompiler) -> None:
        self.reading = reading
        self.rules = rules
        self.programs: list[Program] = []
        self.conditions: list[Rule] = []  # those of the programs after the values

    def add(self, rule: Rule | None) -> int:
        """Compile a condition and return its number, -1 for none."""
        if rule is None:
            return -1
        self.programs.append(self.rules.rule(rule, self.reading.sources))
        self.conditions.append(rule)
        return len(self.programs) - 1

    def add_value(self, rule: Rule) -> int:
        """Compile a score or dimension, clamped to 0..100, and return its number."""
        steps = (*self.rules.number(rule.node), Instruction(CLAMP))
        self.programs.append(Program(rule.text, steps))
        return len(self.programs) - 1


def compile_model(model: Model) -> Compiled:
    """Compile a checked model.

    Raises:
        ValueError: the model has more of something than the engine has room for.
    """
    for _, reason in excesses(model):
        raise ValueError(reason)
    found = survey(model)
    columns = Columns(model, found)
    sections = Sections()
    reading = Reading(model, found, columns, sections)
    stages = {f.name: tuple(s.name for s in (*f.stages, *f.exits)) for f in model.frameworks}
    flags = {f.name for f in model.frameworks if f.kind == "flags"}
    programs = Programs(reading, RuleCompiler(reading.read, stages, flags))
    compile_map(model, found, columns, sections)
    _compile_values(model, found, reading, programs, sections)
    compile_frameworks(model, found, programs, sections)
    compile_alerts(model, found, programs, sections, stages)
    _compile_settings(model, found, sections)
    _lay_out_programs(found, programs, sections)
    causes = compile_causes(model, found, programs.conditions, programs.programs, sections)
    plan = Plan(
        sizes=_sizes(model, found, programs, sections) | causes,
        columns=columns.positions,
        ints=sections.ints,
        nums=sections.nums,
    )
    return Compiled(
        model=model,
        plan=plan,
        layout=columns.layout(stages),
        names=_names(model, found, stages),
        programs=tuple(programs.programs),
        weights={score.name: reading.weights(score.value.node) for score in model.scores},
        dimension_weights={d.name: reading.weights(Term("dimension", d.name)) for d in model.dimensions},
    )


def _compile_values(
    model: Model, found: Survey, reading: Reading, programs: Programs, sections: Sections
) -> None:
    scores = {score.name: score for score in model.scores}
    for dimension in found.dimensions:
        program = -1 if dimension.value is None else programs.add_value(dimension.value)
        sections.ints["dimension_program"].append(program)
    parts, weights = sections.ints["score_part_dimension"], sections.nums["score_part_weight"]
    for name in found.scores:
        rule = scores[name].value
        sections.ints["score_program"].append(programs.add_value(rule))
        sections.ints["score_part"].append(len(parts))
        for dimension_name, weight in (reading.mean(rule.node) or {}).items():
            parts.append(found.dimension(dimension_name))
            weights.append(weight)
    sections.ints["score_part"].append(len(parts))


def _compile_settings(model: Model, found: Survey, sections: Sections) -> None:
    sections.ints["half_life"].extend(found.half_lives)
    sections.ints["question_window"].extend(question.window_ms for question in model.questions)
    sections.nums["min_change"].append(model.settings.min_change)
    alive = model.p_alive
    sections.nums["p_alive"].extend(
        (alive.r, alive.alpha, alive.a, alive.b, float(alive.unit_ms))
        if alive
        else (0.0, 1.0, 1.0, 1.0, float(DAY_MS))
    )
    for follow in model.follows:
        sections.ints["follow_open"].append(found.signal(follow.open))
        sections.ints["follow_close"].append(found.signal(follow.close))
        sections.ints["follow_within"].append(follow.within_ms)
        sections.ints["follow_closed"].append(found.signal(f"{follow.name}.closed"))
        sections.ints["follow_expired"].append(found.signal(f"{follow.name}.expired"))


def _lay_out_programs(found: Survey, programs: Programs, sections: Sections) -> None:
    """Write the instructions of rules one after the other, then one program for each of their terms."""
    ints, nums = sections.ints, sections.nums
    leaves: list[Program] = []
    rules = list(programs.programs)
    for program in rules:
        ints["rule_leaf"].append(len(ints["rule_leaf_program"]))
        ints["rule_source"].append(len(ints["rule_source_dimension"]))
        for leaf in program.leaves:
            ints["rule_leaf_program"].append(len(rules) + len(leaves))
            leaves.append(Program(leaf.text, (leaf.instruction,)))
        for dimension, weight in program.sources:
            ints["rule_source_dimension"].append(found.dimension(dimension))
            nums["rule_source_weight"].append(weight)
    for program in (*rules, *leaves):
        ints["program_first"].append(len(ints["code"]))
        ints["program_inexact"].append(int(program.inexact))
        for step in program.instructions:
            ints["code"].append(step.code)
            ints["arg"].append(step.arg)
            nums["num"].append(step.num)
    ints["program_first"].append(len(ints["code"]))
    ints["rule_leaf"].append(len(ints["rule_leaf_program"]))
    ints["rule_source"].append(len(ints["rule_source_dimension"]))


def _sizes(model: Model, found: Survey, programs: Programs, sections: Sections) -> dict[str, int]:
    starts = sections.ints["rule_leaf"]
    most_values = max((b - a for a, b in pairwise(starts)), default=0)
    values = len(found.dimensions) + len(found.scores)
    work = 0
    sizes = {
        "entries": max(1, len(model.touchpoints)),
        "half_lives": len(found.half_lives),
        "dimensions": len(found.dimensions),
        "scores": len(found.scores),
        "values": values,
        "types": len(found.types),
        "follows": len(model.follows),
        "frameworks": len(model.frameworks),
        "alerts": len(model.alerts),
        "traits": len(found.traits),
        "rings": len(found.count_rings),
        "amount_rings": len(found.amount_rings),
        "midnight_rings": len(found.midnights),
        "active_days": found.active_days,
        "told_values": most_values,
        "deepest": 1 + max((len(program.instructions) for program in programs.programs), default=0),
        "cap_days": found.cap_days,
        "most_told": sum(len(f.stages) + len(f.exits) for f in model.frameworks) + 2 * len(model.alerts) + 2,
        "activity": found.signal("activity"),
        "session": found.signal("session") if "session" in found.signals else -1,
        "purchase": found.signal("purchase") if "purchase" in found.signals else -1,
        "purchase_total": found.totals.index("purchase") if "purchase" in found.totals else -1,
        "backs": len(found.backs),
        "rules": len(programs.conditions),
        "first_rule": len(programs.programs) - len(programs.conditions),
        "longest_midnights": max((length for _, length in found.midnights), default=0),
        "grace": model.settings.grace_ms,
        "session_gap": model.settings.session_gap_ms,
        "score_interval": model.settings.score_interval_ms,
    }
    for name, width in (
        ("work_decay", len(found.half_lives)), ("work_value", values), ("work_low", values),
        ("work_high", values), ("work_until", values), ("work_back", len(found.backs)),
        ("work_back_until", len(found.backs)), ("work_stack", 0),
    ):  # fmt: skip
        sizes[name] = work
        work += width
    return sizes


def _names(model: Model, found: Survey, stages: dict[str, tuple[str, ...]]) -> Names:
    return Names(
        entries=tuple(entry.event for entry in model.touchpoints),
        signals=found.signals,
        totals=found.totals,
        dimensions=tuple(dimension.name for dimension in found.dimensions),
        scores=found.scores,
        types=found.types,
        questions=tuple(question.name for question in model.questions),
        follows=tuple(follow.name for follow in model.follows),
        frameworks=tuple(framework.name for framework in model.frameworks),
        stages=stages,
        alerts=tuple(alert.name for alert in model.alerts),
        traits=found.traits,
        seen_sets=found.seen_sets,
        inputs=found.inputs,
        codes=tuple(tuple(path for _, path in entry.seen) for entry in model.touchpoints),
    )
