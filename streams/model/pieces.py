"""A model as nested texts in the words of the file: what `show` writes and `diff` compares."""

import re

import msgspec

from streams.model.definition import (
    Alert,
    Amount,
    AnswerSource,
    Condition,
    Dimension,
    Entry,
    Framework,
    Model,
    PAlive,
    Question,
    Settings,
    Stage,
    TransitionPattern,
)
from streams.model.definition import Scalar as Value
from streams.model.fields import BOOLEAN_WORDS
from streams.model.render import duration_text, number_text
from streams.model.sections import MODEL_KEYS

# A text is a scalar ready to stand in YAML.
Piece = str | dict[str, "Piece"] | list["Piece"]
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", re.ASCII)
WORDS_OF_YAML = BOOLEAN_WORDS | {"true", "false", "null"}


def pieces(model: Model) -> dict[str, Piece]:
    """Return the sections of a model under their keys; empty ones are left out."""
    sections: dict[str, Piece] = {
        "model": scalar(model.name),
        "version": str(model.version),
        "currency": scalar(model.currency) if model.currency else "",
        "touchpoints": [entry_piece(entry) for entry in model.touchpoints],
        "dimensions": {dimension.name: dimension_piece(dimension) for dimension in model.dimensions},
        "types": {"half_life": duration_text(model.types_half_life_ms)},
        "scores": {score.name: scalar(score.value.text) for score in model.scores},
        "answers": {question.name: question_piece(question) for question in model.questions},
        "follow": {
            follow.name: {
                "open": scalar(follow.open),
                "close": scalar(follow.close),
                "within": duration_text(follow.within_ms),
            }
            for follow in model.follows
        },
        "p_alive": p_alive_piece(model.p_alive) if model.p_alive is not None else "",
        "frameworks": {
            framework.name: framework_piece(framework)
            for framework in model.frameworks
            if not framework.levels
        },
        "levels": {
            framework.name: stages_piece(framework.stages)
            for framework in model.frameworks
            if framework.levels
        },
        "alerts": {alert.name: alert_piece(alert) for alert in model.alerts},
        "segments": texts(model.segments),
        "goals": {
            scalar(goal.name): {"target": number_text(goal.target), "direction": goal.direction}
            for goal in model.goals
        },
        "settings": settings_piece(model.settings),
    }
    return {key: sections[key] for key in MODEL_KEYS if sections.get(key)}


def without_empty(fields: dict[str, Piece]) -> dict[str, Piece]:
    """Return fields without those that say nothing."""
    return {key: value for key, value in fields.items() if value}


def entry_piece(entry: Entry) -> dict[str, Piece]:
    """Return an entry of the touchpoint map."""
    return without_empty(
        {
            "event": scalar(entry.event),
            "where": where_piece(entry.where),
            "type": entry.type or "",
            "signals": amounts_piece(entry.signals),
            "dimensions": amounts_piece(entry.dimensions),
            "answers": {source.question: answer_piece(source) for source in entry.answers},
            "seen": {name: scalar(path) for name, path in entry.seen},
            "daily_cap": str(entry.daily_cap) if entry.daily_cap is not None else "",
            "activity": "" if entry.activity else "false",
            "tag": entry.tag or "",
            "forward": texts(entry.forward),
        }
    )


def where_piece(where: tuple[Condition, ...]) -> Piece:
    """Return the conditions of an entry, those on one path together."""
    paths: dict[str, Piece] = {}
    bounds: dict[str, dict[str, Piece]] = {}
    for condition in where:
        path = scalar(condition.path)
        if isinstance(condition.value, tuple):
            paths[path] = [value_piece(value) for value in condition.value]
        elif condition.op in ("eq", "glob"):
            paths[path] = value_piece(condition.value)
        else:
            paths[path] = bounds.setdefault(path, {})
            bounds[path][condition.op] = value_piece(condition.value)
    return paths


def value_piece(value: Value) -> str:
    """Return a text, a number, or true / false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return scalar(value) if isinstance(value, str) else number_text(value)


def amounts_piece(amounts: tuple[tuple[str, Amount], ...]) -> Piece:
    """Return names with their amounts."""
    return {name: amount_piece(amount) for name, amount in amounts}


def amount_piece(amount: Amount) -> Piece:
    """Return a constant, a path, or several paths."""
    if amount.constant is not None:
        return number_text(amount.constant)
    paths = texts(amount.paths)
    return paths[0] if len(paths) == 1 else paths


def answer_piece(source: AnswerSource) -> Piece:
    """Return where an answer is found, and its scale."""
    return {"value": scalar(source.path), "scale": f"{number_text(source.low)}-{number_text(source.high)}"}


def dimension_piece(dimension: Dimension) -> Piece:
    """Return a dimension."""
    if dimension.value is not None:
        return {"value": scalar(dimension.value.text)}
    return {"half_life": duration_text(dimension.half_life_ms), "half_at": number_text(dimension.half_at)}


def question_piece(question: Question) -> Piece:
    """Return a question."""
    return without_empty(
        {"window": duration_text(question.window_ms), "invert": "true" if question.invert else ""}
    )


def p_alive_piece(p_alive: PAlive) -> Piece:
    """Return the parameters of p_alive."""
    numbers: dict[str, Piece] = {
        name: number_text(value)
        for name, value in (("r", p_alive.r), ("alpha", p_alive.alpha), ("a", p_alive.a), ("b", p_alive.b))
    }
    return {"signal": scalar(p_alive.signal), **numbers, "unit": duration_text(p_alive.unit_ms)}


def framework_piece(framework: Framework) -> Piece:
    """Return a framework."""
    return without_empty(
        {
            "kind": framework.kind,
            "dwell": duration_text(framework.dwell_ms) if framework.dwell_ms else "",
            "hard": texts(framework.hard),
            "stages": stages_piece(framework.stages),
            "exits": stages_piece(framework.exits),
        }
    )


def stages_piece(stages: tuple[Stage, ...]) -> Piece:
    """Return stages, flags or exits."""
    return {stage.name: stage_piece(stage) for stage in stages}


def stage_piece(stage: Stage) -> Piece:
    """Return one stage; a hysteresis is shown as the stay that it stands for."""
    stay = "always" if stage.latch and stage.upon is None else ""
    return without_empty(
        {
            "from": texts(stage.from_stages),
            "upon": scalar(stage.upon or ""),
            "when": scalar(stage.when.text) if stage.when is not None else "",
            "stay": scalar(stage.stay.text) if stage.stay is not None else stay,
            "for": duration_text(stage.for_ms) if stage.for_ms is not None else "",
        }
    )


def alert_piece(alert: Alert) -> Piece:
    """Return an alert."""
    return without_empty(
        {
            "kind": alert.kind,
            "upon": upon_piece(alert),
            "when": scalar(alert.when.text) if alert.when is not None else "",
            "clear": scalar(alert.clear.text) if alert.clear is not None else "",
            "severity": alert.severity,
            "cooldown": duration_text(alert.cooldown_ms),
            "daily_cap": str(alert.daily_cap) if alert.daily_cap is not None else "",
            "message": scalar(alert.message),
        }
    )


def upon_piece(alert: Alert) -> Piece:
    """Return what an event alert hangs on."""
    if alert.upon_every_ms is not None:
        return {"every": duration_text(alert.upon_every_ms)}
    if alert.upon_transition is not None:
        return transition_piece(alert.upon_transition)
    if alert.upon_question is not None:
        return {"question": scalar(alert.upon_question)}
    return {"signal": scalar(alert.upon_signal)} if alert.upon_signal is not None else ""


def transition_piece(pattern: TransitionPattern) -> Piece:
    """Return which transitions an alert hangs on."""
    return without_empty(
        {
            "transition": scalar(pattern.framework),
            "direction": pattern.direction or "",
            "from": texts(pattern.from_stages),
            "to": texts(pattern.to),
            "except_to": texts(pattern.except_to),
        }
    )


def settings_piece(settings: Settings) -> Piece:
    """Return the engine's constants, defaults included."""
    values: dict[str, Piece] = {}
    for name, value in msgspec.structs.asdict(settings).items():
        is_duration = name.endswith("_ms")
        values[name.removesuffix("_ms")] = duration_text(value) if is_duration else number_text(value)
    return values


def texts(values: tuple[str, ...]) -> list[Piece]:
    """Return texts as scalars."""
    return [scalar(value) for value in values]


def scalar(text: str) -> str:
    """Return a text as YAML reads it back: plain where that is safe, in quotes otherwise; "" stays empty."""
    if not text:
        return ""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS_OF_YAML:
        return text
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08X}" for sign in escaped) + '"'
