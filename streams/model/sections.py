"""Read a whole model from its tree: each section of the file in turn, then the model as one value."""

import msgspec

from streams.model.above import without_overridden
from streams.model.alerts import read_alerts
from streams.model.definition import Dimension, Entry, Follow, Goal, Model, PAlive, Question, Score, Settings
from streams.model.entries import read_entries
from streams.model.fields import (
    Notes,
    read_choice,
    read_duration,
    read_fields,
    read_flag,
    read_mapping,
    read_name,
    read_names,
    read_number,
    read_positive,
    read_rule,
    read_text,
    read_whole,
)
from streams.model.frameworks import read_frameworks, read_levels
from streams.model.tree import Mapping, Scalar, Tree, child

MODEL_KEYS = (
    "model",
    "version",
    "description",
    "extends",
    "currency",
    "touchpoints",
    "dimensions",
    "types",
    "scores",
    "answers",
    "follow",
    "p_alive",
    "frameworks",
    "levels",
    "alerts",
    "segments",
    "goals",
    "settings",
)
SETTING_KEYS = ("grace", "timer_grace", "future_tolerance", "session_gap", "score_interval", "min_change")
P_ALIVE_KEYS = ("signal", "r", "alpha", "a", "b", "unit")
DEFAULT_WINDOW_MS = 90 * 86_400_000
DEFAULT_TYPES_MS = 30 * 86_400_000


class Draft(msgspec.Struct, frozen=True):
    """A model as read, with the tree of each entry of its touchpoint map; the digest is still empty."""

    model: Model
    tree: Tree
    entries: tuple[Tree, ...]


def read_model(notes: Notes, tree: Tree) -> Draft:
    """Return the model that a tree says; what cannot be read is noted and left out."""
    fields = read_fields(
        notes, tree, MODEL_KEYS, what="a model", hints={"touchpoint": "did you mean touchpoints?"}
    )
    entries = without_overridden(read_entries(notes, fields.get("touchpoints")))
    map_entries = tuple(entry for entry, _ in entries)
    follows = read_follows(notes, fields.get("follow"))
    questions = read_questions(notes, fields.get("answers"), tree, entries)
    frameworks = [
        *read_frameworks(notes, fields.get("frameworks")),
        *read_levels(notes, fields.get("levels")),
    ]
    alerts = read_alerts(
        notes,
        fields.get("alerts"),
        signals=produced_signals(map_entries, follows),
        questions={question.name for question in questions},
    )
    model = Model(
        name=read_text(notes, fields.get("model"), "model") or "",
        version=read_whole(notes, fields.get("version"), "version", low=1, high=2**31 - 1) or 1,
        digest="",
        currency=read_text(notes, fields.get("currency"), "currency") or "",
        touchpoints=map_entries,
        dimensions=tuple(read_dimensions(notes, fields.get("dimensions"))),
        scores=tuple(read_scores(notes, fields.get("scores"))),
        types_half_life_ms=read_types(notes, fields.get("types")),
        questions=tuple(questions),
        follows=tuple(follows),
        p_alive=read_p_alive(notes, fields.get("p_alive")),
        frameworks=tuple(frameworks),
        alerts=tuple(alerts),
        segments=read_names(notes, fields.get("segments"), "segments"),
        goals=tuple(read_goals(notes, fields.get("goals"))),
        settings=read_settings(notes, fields.get("settings")),
    )
    if "model" not in fields and isinstance(tree, Mapping):
        notes.add(tree, "the model has no name", "add model: my-model")
    return Draft(model=model, tree=tree, entries=tuple(item for _, item in entries))


def produced_signals(entries: tuple[Entry, ...], follows: list[Follow] | tuple[Follow, ...]) -> set[str]:
    """Return every signal that can occur: of entries, of follows, and the two built-in ones."""
    produced = {name for entry in entries for name, _ in entry.signals}
    produced |= {f"{follow.name}.{outcome}" for follow in follows for outcome in ("closed", "expired")}
    return produced | {"activity", "session"}


def read_dimensions(notes: Notes, tree: Tree | None) -> list[Dimension]:
    """Return dimensions: decayed points with a half-life, or an expression."""
    dimensions: list[Dimension] = []
    for key, value in read_mapping(notes, tree, "dimensions"):
        name = read_name(notes, key, "a dimension")
        fields = read_fields(notes, value, ("half_life", "half_at", "value"), what="a dimension")
        half_life = read_duration(notes, fields.get("half_life"), "half_life")
        half_at = read_positive(notes, fields.get("half_at"), "half_at")
        rule = read_rule(notes, fields.get("value"), "value")
        if "value" in fields and len(fields) > 1:
            notes.add(
                key,
                f"{key.value} is points or an expression, not both",
                "remove value, or half_life and half_at",
            )
        for missing in [
            field for field in ("half_life", "half_at") if field not in fields and "value" not in fields
        ]:
            notes.add(key, f"the dimension {key.value} lacks {missing}", "write {half_life: 30d, half_at: 8}")
        if name is not None:
            dimensions.append(
                Dimension(name=name, half_life_ms=half_life or 0, half_at=half_at or 0.0, value=rule)
            )
    return dimensions


def read_scores(notes: Notes, tree: Tree | None) -> list[Score]:
    """Return scores."""
    scores: list[Score] = []
    for key, value in read_mapping(notes, tree, "scores"):
        name = read_name(notes, key, "a score")
        rule = read_rule(notes, value, "a score")
        if name is not None and rule is not None:
            scores.append(Score(name=name, value=rule))
    return scores


def read_types(notes: Notes, tree: Tree | None) -> int:
    """Return the half-life of the engagement types in milliseconds."""
    fields = read_fields(notes, tree, ("half_life",), what="types")
    return read_duration(notes, fields.get("half_life"), "half_life") or DEFAULT_TYPES_MS


def read_questions(
    notes: Notes, tree: Tree | None, root: Tree, entries: list[tuple[Entry, Tree]]
) -> list[Question]:
    """Return the questions of `answers`; one that only an entry names stands for 90 days."""
    questions: dict[str, Question] = {}
    for key, value in read_mapping(notes, tree, "answers"):
        name = read_name(notes, key, "a question", reserved=False)
        fields = read_fields(notes, value, ("window", "invert"), what="a question")
        window = read_duration(notes, fields.get("window"), "window")
        invert = read_flag(notes, fields.get("invert"), "invert")
        if name is not None:
            questions[name] = Question(name=name, window_ms=window or DEFAULT_WINDOW_MS, invert=bool(invert))
    for entry, item in entries:
        for source in entry.answers:
            if source.question not in questions:
                questions[source.question] = Question(name=source.question, window_ms=DEFAULT_WINDOW_MS)
                notes.warn(
                    child(item, "answers") or root,
                    f"how long an answer to {source.question} stands is not said: 90d is taken",
                    f"add answers: {{{source.question}: {{window: 90d}}}}",
                )
    return list(questions.values())


def read_follows(notes: Notes, tree: Tree | None) -> list[Follow]:
    """Return what is expected to follow what, and within which time."""
    follows: list[Follow] = []
    for key, value in read_mapping(notes, tree, "follow"):
        name = read_name(notes, key, "a follow", reserved=False)
        fields = read_fields(notes, value, ("open", "close", "within"), what="a follow")
        for missing in [field for field in ("open", "close", "within") if field not in fields]:
            notes.add(key, f"{key.value} lacks {missing}", "write {open: ticket, close: reply, within: 2d}")
        opens = read_text(notes, fields.get("open"), "open")
        closes = read_text(notes, fields.get("close"), "close")
        within = read_duration(notes, fields.get("within"), "within")
        if name is not None and opens is not None and closes is not None and within is not None:
            follows.append(Follow(name=name, open=opens, close=closes, within_ms=within))
    return follows


def read_p_alive(notes: Notes, tree: Tree | None) -> PAlive | None:
    """Return the parameters of p_alive; all of them are needed."""
    if tree is None:
        return None
    fields = read_fields(notes, tree, P_ALIVE_KEYS, what="p_alive")
    for missing in [field for field in P_ALIVE_KEYS if field not in fields]:
        notes.add(tree, f"p_alive lacks {missing}", "all of signal, r, alpha, a, b and unit are needed")
    signal = read_text(notes, fields.get("signal"), "signal")
    r, alpha, a, b = (read_positive(notes, fields.get(name), name) for name in ("r", "alpha", "a", "b"))
    unit = read_duration(notes, fields.get("unit"), "unit")
    if signal is None or r is None or alpha is None or a is None or b is None or unit is None:
        return None
    return PAlive(signal=signal, r=r, alpha=alpha, a=a, b=b, unit_ms=unit)


def read_goals(notes: Notes, tree: Tree | None) -> list[Goal]:
    """Return what figures should come to."""
    goals: list[Goal] = []
    for key, value in read_mapping(notes, tree, "goals"):
        fields = read_fields(notes, value, ("target", "direction"), what="a goal")
        target = read_number(notes, fields.get("target"), "target")
        direction = read_choice(notes, fields.get("direction"), ("up", "down"), "direction") or "up"
        if "target" not in fields:
            notes.add(key, f"the goal {key.value} has no target", "write {target: 40, direction: up}")
        if target is not None:
            goals.append(Goal(name=key.value, target=target, direction=direction))  # type: ignore[arg-type]  # up or down
    return goals


def read_settings(notes: Notes, tree: Tree | None) -> Settings:
    """Return the engine's constants; what is not said keeps its default."""
    fields = read_fields(notes, tree, SETTING_KEYS, what="settings")
    durations = {
        f"{name}_ms": value
        for name in SETTING_KEYS[:-1]
        if (value := read_duration(notes, fields.get(name), name, zero=name != "session_gap")) is not None
    }
    change = read_number(notes, fields.get("min_change"), "min_change", low=0, high=100)
    settings = msgspec.structs.replace(Settings(), **durations)
    return settings if change is None else msgspec.structs.replace(settings, min_change=change)


def scalar_text(tree: Tree | None) -> str:
    """Return the text of a scalar, "" for anything else."""
    return tree.value if isinstance(tree, Scalar) else ""
