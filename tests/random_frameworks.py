"""Hypothesis strategies for frameworks and alerts of every kind."""

from hypothesis import strategies as st

from streams.model.definition import (
    Alert,
    Framework,
    Stage,
    TransitionPattern,
)
from streams.model.expression import Rule
from tests.nodes import DAY, HOUR, compare, rule, term
from tests.random_rules import conditions
from tests.random_words import LONGER, THRESHOLDS, Words, picked


@st.composite
def frameworks(draw: st.DrawFn, words: Words) -> tuple[tuple[Framework, ...], Words]:
    """Return up to three frameworks in dependency order, and the words with their stages."""
    kinds = draw(st.lists(st.sampled_from(("ladder", "free", "flags", "levels")), max_size=3, unique=True))
    found = []
    for kind in kinds:
        framework = draw(framework_of(kind, words))
        found.append(framework)
        named = (*framework.stages, *framework.exits)
        words = words._replace(stages=words.stages + tuple((framework.name, stage.name) for stage in named))
    return tuple(found), words


@st.composite
def framework_of(draw: st.DrawFn, kind: str, words: Words) -> Framework:
    """Return a framework of a kind; `levels` is flags with the mark of that section."""
    flags = kind in ("flags", "levels")
    names = [f"{kind}_{letter}" for letter in "abc"[: draw(st.integers(2, 3))]]
    stages = [draw(stage_of(name, words, flag=flags)) for name in names]
    if kind == "ladder":
        stages[0] = Stage(names[0])
    exits: list[Stage] = []
    if not flags:
        for number_, name in enumerate([f"{kind}_x", f"{kind}_y"][: draw(st.integers(0, 2))]):
            sources = (*names, *[each.name for each in exits])
            exits.append(draw(exit_of(name, words, sources, needs_source=number_ > 0)))
    return Framework(
        name=kind,
        kind="flags" if flags else kind,  # type: ignore[arg-type] # one of the three
        stages=tuple(stages),
        exits=tuple(exits),
        dwell_ms=0 if flags else picked(draw, (0, HOUR, DAY, 3 * DAY)),
        hard=() if flags else tuple(draw(st.lists(st.sampled_from(words.signals), max_size=1))),
        levels=kind == "levels",
    )


@st.composite
def stage_of(draw: st.DrawFn, name: str, words: Words, *, flag: bool) -> Stage:
    """Return a stage with `when`, and perhaps `stay`, a latch or `upon`."""
    how = picked(draw, ("when", "when", "hysteresis", "stay", "latch", "upon"))
    if how == "hysteresis" and words.scores:
        score, bar = term("score", picked(draw, words.scores)), picked(draw, THRESHOLDS)
        return Stage(name, when=rule(compare(score, ">=", bar)), stay=rule(compare(score, ">=", bar - 1)))
    when = rule(draw(conditions(words)))
    if how == "stay":
        return Stage(name, when=when, stay=rule(draw(conditions(words, depth=0))))
    if how == "latch" and flag:
        return Stage(name, when=when, latch=True)
    if how == "upon":
        guard = draw(st.none() | st.just(when))
        return Stage(name, when=guard, upon=picked(draw, upon_signals(words)), latch=True)
    return Stage(name, when=when)


@st.composite
def exit_of(
    draw: st.DrawFn, name: str, words: Words, sources: tuple[str, ...], *, needs_source: bool
) -> Stage:
    """Return an exit, perhaps only from some stages, perhaps ending by itself."""
    stage = draw(stage_of(name, words, flag=False))
    least = 1 if needs_source else 0
    chosen = draw(st.lists(st.sampled_from(sources), min_size=least, max_size=2, unique=True))
    return Stage(
        name,
        when=stage.when,
        stay=stage.stay,
        latch=stage.latch,
        upon=stage.upon,
        from_stages=tuple(chosen),
        for_ms=draw(st.none() | st.sampled_from(LONGER)),
    )


def upon_signals(words: Words) -> tuple[str, ...]:
    """Return the signals that a stage or an alert may hang on."""
    fed = [f"{name}.{end}" for name in words.follows for end in ("closed", "expired")]
    return (*words.signals, "activity", "session", *fed)


@st.composite
def alerts(draw: st.DrawFn, words: Words, found: tuple[Framework, ...]) -> tuple[Alert, ...]:
    """Return up to three alerts of both kinds."""
    return tuple(
        draw(alert_of(f"alert_{number_}", words, found)) for number_ in range(draw(st.integers(0, 3)))
    )


@st.composite
def alert_of(draw: st.DrawFn, name: str, words: Words, found: tuple[Framework, ...]) -> Alert:
    """Return an alert: of a state, or upon a signal, a question, a transition, an anniversary."""
    ways = (
        ["state", "state", "signal", "every"] + ["question"] * bool(words.questions) + ["move"] * bool(found)
    )
    way = picked(draw, ways)
    cooldown_ms = picked(draw, (0, HOUR, DAY, 7 * DAY))
    if way == "state":
        clear: Rule | None = draw(st.none() | conditions(words, depth=0).map(rule))
        return Alert(name, "state", when=rule(draw(conditions(words))), clear=clear, cooldown_ms=cooldown_ms)
    return Alert(
        name,
        "event",
        when=draw(st.none() | conditions(words, depth=0).map(rule)),
        cooldown_ms=cooldown_ms,
        daily_cap=picked(draw, (None, 1, 2)),
        upon_signal=picked(draw, upon_signals(words)) if way == "signal" else None,
        upon_question=picked(draw, words.questions) if way == "question" else None,
        upon_transition=draw(pattern_of(picked(draw, found))) if way == "move" else None,
        upon_every_ms=picked(draw, LONGER) if way == "every" else None,
    )


@st.composite
def pattern_of(draw: st.DrawFn, framework: Framework) -> TransitionPattern:
    """Return which transitions of a framework an alert hangs on."""
    names = [stage.name for stage in (*framework.stages, *framework.exits)]
    some = st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)
    return TransitionPattern(
        framework.name,
        direction=picked(draw, (None, "forward", "back", "lateral")),
        to=draw(some),
        except_to=draw(some),
        from_stages=draw(some),
    )
