"""The syntax tree of a rule: frozen nodes that the parser makes, the checks read and the compiler walks."""

from typing import Literal

import msgspec

Unit = Literal["number", "duration", "instant", "text", "truth"]
PaneUnit = Literal["h", "d", "w"]


class Window(msgspec.Struct, frozen=True):
    """A whole number of panes: `30d` is 30 UTC days, `6h` six hours, `4w` four Monday weeks."""

    size: int
    unit: PaneUnit


class Constant(msgspec.Struct, frozen=True, tag=True):
    """A number, or a duration or instant in milliseconds."""

    value: float
    unit: Unit = "number"
    column: int = 0


class Text(msgspec.Struct, frozen=True, tag=True):
    """A quoted text, compared with a trait or a stage."""

    value: str
    column: int = 0


class Term(msgspec.Struct, frozen=True, tag=True):
    """A leaf that reads the row.

    kind: score, score_at, dimension, type, count, sum, days, days_active, channels, seen, since, ever,
    first, last, answer, follow, sessions, rhythm, p_alive, trait, until, stage, tenure.
    name: the signal, score, question, set, trait or framework that is read ("" where there is none).
    window: None means over the lifetime. ago: whole panes that the window lies back.
    back_ms: for score_at, how many milliseconds before this UTC midnight (a whole number of days).
    text: as the author wrote it, for `because`.
    """

    kind: str
    name: str = ""
    window: Window | None = None
    ago: int = 0
    back_ms: int = 0
    text: str = ""
    column: int = 0


class Arithmetic(msgspec.Struct, frozen=True, tag=True):
    """left op right, op one of + - * /; absent when one side is, or when the divisor is 0."""

    op: Literal["+", "-", "*", "/"]
    left: "Node"
    right: "Node"
    column: int = 0


class Negative(msgspec.Struct, frozen=True, tag=True):
    """Minus operand."""

    operand: "Node"
    column: int = 0


class Fold(msgspec.Struct, frozen=True, tag=True):
    """min, max or mean of at least one argument; absent when one argument is."""

    op: Literal["min", "max", "mean"]
    arguments: tuple["Node", ...]
    column: int = 0


class Default(msgspec.Struct, frozen=True, tag=True):
    """`operand`, or `fallback` where operand is absent."""

    operand: "Node"
    fallback: "Node"
    column: int = 0


class Known(msgspec.Struct, frozen=True, tag=True):
    """Whether operand is present; never absent itself."""

    operand: "Node"
    column: int = 0


class Holds(msgspec.Struct, frozen=True, tag=True):
    """How many of the conditions are true (unknown is not true): a number."""

    conditions: tuple["Node", ...]
    column: int = 0


class Compare(msgspec.Struct, frozen=True, tag=True):
    """left op right; unknown when one side is absent. Text is only compared with == and !=."""

    op: Literal["<", "<=", ">", ">=", "==", "!="]
    left: "Node"
    right: "Node"
    column: int = 0


class And(msgspec.Struct, frozen=True, tag=True):
    """All of the conditions."""

    conditions: tuple["Node", ...]
    column: int = 0


class Or(msgspec.Struct, frozen=True, tag=True):
    """Any of the conditions."""

    conditions: tuple["Node", ...]
    column: int = 0


class Not(msgspec.Struct, frozen=True, tag=True):
    """The contrary; unknown stays unknown."""

    condition: "Node"
    column: int = 0


Node = (
    Constant | Text | Term | Arithmetic | Negative | Fold | Default | Known | Holds | Compare | And | Or | Not
)


class Rule(msgspec.Struct, frozen=True):
    """A whole expression with its source text (outputs quote it) and where it stands in the file (from 1)."""

    text: str
    node: Node
    line: int = 0
    column: int = 0
