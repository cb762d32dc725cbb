"""Read the touchpoint map: what each event means."""

import re
from typing import Literal

from streams.engine.kinds.sums import MOST_CAP
from streams.model.definition import Amount, AnswerSource, Condition, Entry, Scalar
from streams.model.fields import (
    BOOLEAN_WORDS,
    Notes,
    plain_number,
    read_fields,
    read_flag,
    read_mapping,
    read_name,
    read_names,
    read_text,
    read_whole,
)
from streams.model.tree import Mapping, Sequence, Tree, is_null, problem_at
from streams.model.tree import Scalar as Leaf

ENTRY_KEYS = (
    "event",
    "where",
    "type",
    "signals",
    "dimensions",
    "answers",
    "seen",
    "daily_cap",
    "activity",
    "tag",
    "forward",
)
ROOTS = ("properties", "traits", "campaign")
ENVELOPE = ("direction", "channel")
OPERATORS: tuple[Literal["ge", "le", "gt", "lt", "exists"], ...] = ("ge", "le", "gt", "lt", "exists")
SCALE = re.compile(r"(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)", re.ASCII)


def read_entries(notes: Notes, tree: Tree | None) -> list[tuple[Entry, Tree]]:
    """Return the entries of the touchpoint map with the trees that they were read from."""
    if tree is None:
        return []
    if not isinstance(tree, Sequence):
        notes.add(tree, "touchpoints must be a list", "start each entry with - {event: …}")
        return []
    found = [(read_entry(notes, item), item) for item in tree.items]
    return [(entry, item) for entry, item in found if entry is not None]


def read_entry(notes: Notes, tree: Tree) -> Entry | None:
    """Return one entry; None when it does not even say its event."""
    if not isinstance(tree, Mapping):
        notes.add(
            tree,
            "an entry must be keys and values",
            "write - {event: Order Completed, signals: {purchase: 1}}",
        )
        return None
    fields = read_fields(notes, tree, ENTRY_KEYS, what="an entry")
    event = read_text(notes, fields.get("event"), "event")
    if event is None:
        if "event" not in fields:
            notes.add(tree, "an entry must name its event", "add event: …, or event: '*' for all")
        return None
    activity = read_flag(notes, fields.get("activity"), "activity")
    return Entry(
        event=event,
        where=read_where(notes, fields.get("where")),
        type=read_name(notes, fields.get("type"), "a type", reserved=False),
        signals=read_amounts(notes, fields.get("signals"), "a signal", listed=True),
        dimensions=read_amounts(notes, fields.get("dimensions"), "a dimension", listed=False),
        answers=read_answers(notes, fields.get("answers")),
        seen=read_seen(notes, fields.get("seen")),
        daily_cap=read_whole(notes, fields.get("daily_cap"), "daily_cap", low=1, high=MOST_CAP),
        activity=True if activity is None else activity,
        tag=read_name(notes, fields.get("tag"), "a tag", reserved=False),
        forward=read_names(notes, fields.get("forward"), "forward"),
        line=problem_at(tree, "").line,
    )


def read_path(notes: Notes, tree: Tree, *, envelope: bool) -> str | None:
    """Return a path into the touchpoint, such as properties.revenue; channel too where `envelope`."""
    text = read_text(notes, tree, "a path")
    if text is None:
        return None
    root, _, rest = text.partition(".")
    if (envelope and text in ENVELOPE) or (root in ROOTS and rest and all(rest.split("."))):
        return text
    known = [f"{name}.…" for name in ROOTS] + (list(ENVELOPE) if envelope else [])
    hint = (
        f"write properties.{text}"
        if "." not in text and text not in ENVELOPE
        else f"paths are {', '.join(known)}"
    )
    notes.add(tree, f"{text[:60]} is not a path into a touchpoint", hint)
    return None


def read_where(notes: Notes, tree: Tree | None) -> tuple[Condition, ...]:
    """Return the conditions of `where`, in the order of the file."""
    conditions: list[Condition] = []
    for key, value in read_mapping(notes, tree, "where"):
        path = read_path(notes, key, envelope=True)
        if path is None:
            continue
        if isinstance(value, Mapping):
            conditions.extend(read_comparisons(notes, value, path))
        elif isinstance(value, Sequence):
            scalars = tuple(
                scalar for item in value.items if (scalar := read_scalar(notes, item)) is not None
            )
            if not value.items:
                notes.add(value, "an empty list matches nothing", "remove the condition, or name values")
            conditions.append(Condition(path=path, op="any", value=scalars))
        else:
            scalar = read_scalar(notes, value)
            if scalar is not None:
                is_pattern = isinstance(scalar, str) and any(sign in scalar for sign in "*?")
                conditions.append(Condition(path=path, op="glob" if is_pattern else "eq", value=scalar))
    return tuple(conditions)


def read_comparisons(notes: Notes, tree: Mapping, path: str) -> list[Condition]:
    """Return the conditions of a mapping such as {ge: 4, le: 8} or {exists: true}."""
    fields = read_fields(notes, tree, OPERATORS, what="a condition")
    conditions: list[Condition] = []
    for op in OPERATORS:
        value = fields.get(op)
        if value is None:
            continue
        if op == "exists":
            flag = read_flag(notes, value, "exists")
            if flag is not None:
                conditions.append(Condition(path=path, op=op, value=flag))
            continue
        number = plain_number(value)
        if number is None:
            notes.add(value, f"{op} compares with a number", f"write {{{op}: 4}}")
        else:
            conditions.append(Condition(path=path, op=op, value=number))
    return conditions


def read_scalar(notes: Notes, tree: Tree) -> Scalar | None:
    """Return a text, a number, or true / false; texts in quotes are always texts."""
    if not isinstance(tree, Leaf) or is_null(tree):
        notes.add(
            tree,
            "a condition compares with a text, a number, true or false",
            "use {exists: false} for absence",
        )
        return None
    if tree.plain and tree.value in ("true", "false"):
        return tree.value == "true"
    number = plain_number(tree)
    if number is not None:
        return number
    if tree.plain and tree.value.lower() in BOOLEAN_WORDS:
        notes.warn(
            tree,
            f"{tree.value} is taken as a text, other readers of YAML take it for true or false",
            "put it in quotes, or write true or false",
        )
    return tree.value


def read_amounts(
    notes: Notes, tree: Tree | None, what: str, *, listed: bool
) -> tuple[tuple[str, Amount], ...]:
    """Return names with amounts: a number, a path, or paths of which the first present one counts.

    Where `listed`, a list of names will do; each then counts 1.
    """
    if listed and tree is not None and not isinstance(tree, Mapping):
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        names = [read_name(notes, item, what, reserved=False) for item in items]
        return tuple((name, Amount(constant=1.0)) for name in dict.fromkeys(names) if name is not None)
    amounts: list[tuple[str, Amount]] = []
    for key, value in read_mapping(notes, tree, f"{what[2:]}s"):
        name = read_name(notes, key, what, reserved=False)
        amount = read_amount(notes, value)
        if name is not None and amount is not None:
            amounts.append((name, amount))
    return tuple(amounts)


def read_amount(notes: Notes, tree: Tree) -> Amount | None:
    """Return a constant or paths."""
    number = plain_number(tree)
    if number is not None:
        return Amount(constant=number)
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    paths = [read_path(notes, item, envelope=False) for item in items]
    known = tuple(path for path in paths if path is not None)
    if not items:
        notes.add(tree, "an empty list holds no amount", "write 1, or a path such as properties.revenue")
    return Amount(paths=known) if known else None


def read_answers(notes: Notes, tree: Tree | None) -> tuple[AnswerSource, ...]:
    """Return which questions an entry answers, and where."""
    answers: list[AnswerSource] = []
    for key, value in read_mapping(notes, tree, "answers"):
        name = read_name(notes, key, "a question", reserved=False)
        fields = read_fields(notes, value, ("value", "scale"), what="an answer")
        for missing in [field for field in ("value", "scale") if field not in fields]:
            notes.add(
                key, f"the answer {key.value} lacks {missing}", "write {value: properties.score, scale: 0-10}"
            )
        if len(fields) < 2:
            continue
        path = read_path(notes, fields["value"], envelope=False)
        scale = read_scale(notes, fields["scale"])
        if name is not None and path is not None and scale is not None:
            answers.append(AnswerSource(question=name, path=path, low=scale[0], high=scale[1]))
    return tuple(answers)


def read_scale(notes: Notes, tree: Tree) -> tuple[float, float] | None:
    """Return both ends of a scale such as 0-10."""
    match = SCALE.fullmatch(tree.value) if isinstance(tree, Leaf) else None
    if match is None or float(match[1]) >= float(match[2]):
        notes.add(tree, "a scale is its lowest and its highest answer", "write 0-10")
        return None
    return float(match[1]), float(match[2])


def read_seen(notes: Notes, tree: Tree | None) -> tuple[tuple[str, str], ...]:
    """Return which sets an entry feeds, and from which path."""
    seen: list[tuple[str, str]] = []
    for key, value in read_mapping(notes, tree, "seen"):
        name = read_name(notes, key, "a set", reserved=False)
        path = read_path(notes, value, envelope=True)
        if name is not None and path is not None:
            seen.append((name, path))
    return tuple(seen)
