"""Read single values of the model file: a function returns the value, or notes a problem and returns None."""

import keyword
import math
import re
from collections.abc import Iterable

from streams.model.expression import Rule
from streams.model.parse import read_expression
from streams.model.problems import Problem, SeverityOfProblem, did_you_mean, suggest
from streams.model.terms import WORDS
from streams.model.tokens import DURATION, LONGEST_DURATION_MS, UNIT_NAMES, duration_ms
from streams.model.tree import Mapping, Scalar, Sequence, Tree, is_null, problem_at
from streams.model.written import UNREADABLE

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
# Words of YAML 1.1 that other readers turn into true or false.
BOOLEAN_WORDS = frozenset({"yes", "no", "on", "off"})


class Notes:
    """Collects the problems of one model; a problem at one place with one reason is kept once."""

    def __init__(self) -> None:
        """Start with none."""
        self.problems: list[Problem] = []
        self.known: set[Problem] = set()

    def add(
        self,
        tree: Tree,
        reason: str,
        suggestion: str = "",
        *,
        offset: int | None = None,
        severity: SeverityOfProblem = "error",
    ) -> None:
        """Note a problem at `tree`; `offset` counts characters of a scalar's value from 0."""
        problem = problem_at(tree, reason, suggestion, offset=offset, severity=severity)
        if problem not in self.known:
            self.known.add(problem)
            self.problems.append(problem)

    def warn(self, tree: Tree, reason: str, suggestion: str = "", *, offset: int | None = None) -> None:
        """Note something that is allowed and probably not meant."""
        self.add(tree, reason, suggestion, offset=offset, severity="warning")


def read_mapping(notes: Notes, tree: Tree | None, what: str) -> tuple[tuple[Scalar, Tree], ...]:
    """Return the pairs of a mapping; nothing for null."""
    if tree is None or is_null(tree):
        return ()
    if isinstance(tree, Mapping):
        return tree.pairs
    notes.add(tree, f"{what} must be keys and values", "write key: value")
    return ()


def read_fields(
    notes: Notes, tree: Tree | None, allowed: Iterable[str], *, what: str, hints: dict[str, str] | None = None
) -> dict[str, Tree]:
    """Return the values of the known keys of a mapping; other keys are problems, nulls are left out."""
    known = tuple(allowed)
    fields: dict[str, Tree] = {}
    pairs = read_mapping(notes, tree, what)
    is_flow = isinstance(tree, Mapping) and tree.flow
    for key, value in pairs:
        if key.value in known:
            if not is_null(value):
                fields[key.value] = value
        elif is_flow and is_null(value):
            reason = f"{key.value} is not a key of {what}, and has no value"
            notes.add(key, reason, "a comma inside {…} tears a text apart: put the text before it in quotes")
        else:
            hint = (hints or {}).get(key.value) or boolean_hint(key, known)
            hint = hint or suggest(key.value, known, kind="keys")
            notes.add(key, f"{key.value} is not a key of {what}", hint)
    return fields


def boolean_hint(key: Scalar, known: tuple[str, ...]) -> str:
    """Return a hint for `on:` and the like, which YAML readers take for true or false."""
    if key.plain and key.value.lower() in BOOLEAN_WORDS:
        meant = "upon" if "upon" in known and key.value.lower() == "on" else ""
        return (f"did you mean {meant}? " if meant else "") + f"YAML takes {key.value} for true or false"
    return ""


def read_text(notes: Notes, tree: Tree | None, what: str) -> str | None:
    """Return a text that is not empty."""
    if tree is None:
        return None
    if not isinstance(tree, Scalar) or not tree.value:
        notes.add(tree, f"{what} must be a text")
        return None
    return tree.value


def read_name(notes: Notes, tree: Tree | None, what: str, *, reserved: bool = True) -> str | None:
    """Return a name: letters, digits and _, at most 64, no word of the language where that is reserved."""
    text = read_text(notes, tree, what)
    if text is None or tree is None:
        return None
    if not NAME.fullmatch(text) or not text.strip("_"):
        notes.add(
            tree,
            f"{text[:40]} is not a name for {what}",
            "names are letters, digits and _, such as good_review",
        )
        return None
    if keyword.iskeyword(text) or (reserved and text in WORDS):
        notes.add(tree, f"{text} is a word of the language and cannot name {what}", f"write {text}_")
        return None
    return text


def read_names(notes: Notes, tree: Tree | None, what: str) -> tuple[str, ...]:
    """Return a list of names or texts; a single text is a list of one."""
    if tree is None:
        return ()
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    texts = [read_text(notes, item, what) for item in items]
    return tuple(dict.fromkeys(text for text in texts if text is not None))


def read_choice(notes: Notes, tree: Tree | None, choices: tuple[str, ...], what: str) -> str | None:
    """Return one of a few words."""
    text = read_text(notes, tree, what)
    if text is None or tree is None or text in choices:
        return text
    near = did_you_mean(text, choices)
    notes.add(tree, f"{text[:40]} is not a {what}", near or f"one of {', '.join(choices)}")
    return None


def plain_number(tree: Tree) -> float | None:
    """Return the number that an unquoted scalar is, None when it is none."""
    if not isinstance(tree, Scalar) or not tree.plain:
        return None
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", tree.value, re.ASCII):
        return None
    value = float(tree.value)
    return value if math.isfinite(value) else None


def read_number(
    notes: Notes, tree: Tree | None, what: str, *, low: float = -1e15, high: float = 1e15
) -> float | None:
    """Return a number within low..high."""
    if tree is None:
        return None
    value = plain_number(tree)
    if value is None:
        notes.add(tree, f"{what} must be a number", "write it without quotes and without a unit")
        return None
    if not low <= value <= high:
        notes.add(tree, f"{what} must lie between {low:g} and {high:g}")
        return None
    return value


def read_positive(notes: Notes, tree: Tree | None, what: str) -> float | None:
    """Return a number above 0."""
    value = read_number(notes, tree, what)
    if value is not None and tree is not None and value <= 0:
        notes.add(tree, f"{what} must be above 0")
        return None
    return value


def read_whole(notes: Notes, tree: Tree | None, what: str, *, low: int, high: int) -> int | None:
    """Return a whole number within low..high."""
    value = read_number(notes, tree, what, low=low, high=high)
    if value is not None and tree is not None and value != int(value):
        notes.add(tree, f"{what} must be a whole number")
        return None
    return None if value is None else int(value)


def read_flag(notes: Notes, tree: Tree | None, what: str) -> bool | None:
    """Return true or false."""
    if tree is None:
        return None
    if isinstance(tree, Scalar) and tree.plain and tree.value in ("true", "false"):
        return tree.value == "true"
    notes.add(tree, f"{what} must be true or false")
    return None


def read_duration(notes: Notes, tree: Tree | None, what: str, *, zero: bool = False) -> int | None:
    """Return a duration in milliseconds, above 0 (or from 0 where `zero`), at most a hundred years."""
    if tree is None:
        return None
    text = tree.value if isinstance(tree, Scalar) else ""
    if not DURATION.fullmatch(text):
        number = plain_number(tree)
        hint = f"write {text}d or {text}h" if number is not None else f"a number and one of {UNIT_NAMES}: 30d"
        notes.add(tree, f"{what} must be a duration with its unit", hint)
        return None
    value = duration_ms(text)
    if value != int(value) or value > LONGEST_DURATION_MS or (value == 0 and not zero):
        notes.add(tree, f"{what} must be a whole number of milliseconds, above 0 and at most 100 years")
        return None
    return int(value)


def read_rule(notes: Notes, tree: Tree | None, what: str) -> Rule | None:
    """Return a rule with its place; its syntax tree is `UNREADABLE` after a fault."""
    if tree is None:
        return None
    if not isinstance(tree, Scalar):
        notes.add(tree, f"{what} must be a text", "put the rule in quotes")
        return None
    # Blanks only change shape, so that every offset stays an offset of the value in the file.
    text = re.sub(r"\s", " ", tree.value)
    node, faults = read_expression(text)
    for fault in faults:
        notes.add(tree, fault.reason, fault.suggestion, offset=fault.offset)
    place = problem_at(tree, "", offset=0)
    return Rule(text=text.strip(), node=UNREADABLE if faults else node, line=place.line, column=place.column)
