"""Read alerts: what is said about a subject, when, and how often at most."""

from typing import NamedTuple

from streams.model.definition import Alert, TransitionPattern
from streams.model.fields import (
    Notes,
    read_choice,
    read_duration,
    read_fields,
    read_mapping,
    read_name,
    read_names,
    read_rule,
    read_text,
    read_whole,
)
from streams.model.tree import Mapping, Tree, problem_at

ALERT_KEYS = ("kind", "upon", "when", "clear", "severity", "message", "cooldown", "daily_cap")
UPON_KEYS = ("signal", "question", "transition", "direction", "to", "except_to", "from", "every")
KINDS = ("state", "event")
SEVERITIES = ("info", "warning", "critical")
DIRECTIONS = ("forward", "back", "lateral")


class Upon(NamedTuple):
    """What an event alert hangs on: one of the four, or nothing after a problem."""

    signal: str | None = None
    question: str | None = None
    transition: TransitionPattern | None = None
    every_ms: int | None = None


def read_alerts(notes: Notes, tree: Tree | None, *, signals: set[str], questions: set[str]) -> list[Alert]:
    """Return the alerts in the order of the file; `upon: name` is a signal or a question of these."""
    alerts: list[Alert] = []
    for key, value in read_mapping(notes, tree, "alerts"):
        name = read_name(notes, key, "an alert", reserved=False)
        fields = read_fields(notes, value, ALERT_KEYS, what="an alert")
        kind = read_choice(notes, fields.get("kind"), KINDS, "kind of alert")
        if "kind" not in fields:
            notes.add(key, f"the alert {key.value} does not say its kind", "kind: state, or kind: event")
        upon = read_upon(notes, fields.get("upon"), signals=signals, questions=questions)
        if name is None or kind is None:
            continue
        alerts.append(
            Alert(
                name=name,
                kind=kind,  # type: ignore[arg-type]  # one of KINDS
                when=read_rule(notes, fields.get("when"), "when"),
                clear=read_rule(notes, fields.get("clear"), "clear"),
                severity=read_choice(notes, fields.get("severity"), SEVERITIES, "severity") or "info",  # type: ignore[arg-type]  # one of SEVERITIES
                message=read_text(notes, fields.get("message"), "message") or "",
                cooldown_ms=read_duration(notes, fields.get("cooldown"), "cooldown", zero=True) or 0,
                daily_cap=read_whole(notes, fields.get("daily_cap"), "daily_cap", low=1, high=1_000_000),
                upon_signal=upon.signal,
                upon_question=upon.question,
                upon_transition=upon.transition,
                upon_every_ms=upon.every_ms,
                line=problem_at(key, "").line,
            )
        )
        check_shape(notes, key, fields, kind)
    return alerts


def check_shape(notes: Notes, key: Tree, fields: dict[str, Tree], kind: str) -> None:
    """Note what an alert of this kind lacks, and what it cannot have."""
    if kind == "state":
        if "when" not in fields:
            notes.add(key, "a state alert needs when", 'add when: "…"')
        for name in ("upon", "daily_cap"):
            if name in fields:
                notes.add(
                    fields[name], f"{name} belongs to event alerts", "make it kind: event, or remove it"
                )
    else:
        if "upon" not in fields:
            notes.add(
                key,
                "an event alert needs upon",
                "upon: a signal, a question, {transition: …} or {every: 365d}",
            )
        if "clear" in fields:
            notes.add(
                fields["clear"],
                "an event alert is never open, so it has nothing to clear",
                "remove clear, or make it kind: state",
            )
    if "cooldown" not in fields:
        notes.warn(
            key,
            "without a cooldown this alert may be raised at every touchpoint",
            "add cooldown: 1d, or cooldown: 0d when that is meant",
        )
    if "message" not in fields:
        notes.warn(key, "the alert has no message", "say in words what happened: message: …")


def read_upon(notes: Notes, tree: Tree | None, *, signals: set[str], questions: set[str]) -> Upon:
    """Return what an event alert hangs on."""
    if tree is None:
        return Upon()
    if not isinstance(tree, Mapping):
        name = read_text(notes, tree, "upon")
        if name is not None and name in signals and name in questions:
            notes.add(
                tree,
                f"{name} is a signal and a question",
                f"write {{signal: {name}}} or {{question: {name}}}",
            )
        return Upon(question=name) if name in questions and name not in signals else Upon(signal=name)
    fields = read_fields(notes, tree, UPON_KEYS, what="upon")
    named = [key for key in ("signal", "question", "transition", "every") if key in fields]
    if len(named) != 1:
        notes.add(tree, "upon names exactly one of signal, question, transition, every")
        return Upon()
    for key in ("direction", "to", "except_to", "from"):
        if key in fields and named != ["transition"]:
            notes.add(
                fields[key], f"{key} belongs to {{transition: …}}", "name the framework: {transition: clm, …}"
            )
    if named == ["every"]:
        return Upon(every_ms=read_duration(notes, fields["every"], "every"))
    name = read_text(notes, fields[named[0]], named[0])
    if named == ["signal"] or name is None:
        return Upon(signal=name)
    if named == ["question"]:
        return Upon(question=name)
    return Upon(
        transition=TransitionPattern(
            framework=name,
            direction=read_choice(notes, fields.get("direction"), DIRECTIONS, "direction"),
            to=read_names(notes, fields.get("to"), "to"),
            except_to=read_names(notes, fields.get("except_to"), "except_to"),
            from_stages=read_names(notes, fields.get("from"), "from"),
        )
    )
