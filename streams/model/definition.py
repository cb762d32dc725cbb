"""A model as the language says it, read and checked: names and syntax trees, nothing compiled yet."""

from typing import Literal

import msgspec

from streams.model.expression import Rule

Scalar = str | float | int | bool


class Condition(msgspec.Struct, frozen=True):
    """One line of `where`: the value at `path` (dotted; or `direction`, `channel`) against `value`.

    op `any` takes a tuple of scalars; `exists` a bool; `glob` a pattern with * and ?; a bool never
    equals a number; the number comparisons are false on anything that is not a finite number.
    """

    path: str
    op: Literal["eq", "glob", "any", "ge", "le", "gt", "lt", "exists"]
    value: Scalar | tuple[Scalar, ...]


class Amount(msgspec.Struct, frozen=True):
    """A constant, or the first path that holds a finite number (no bool); absent when none does."""

    constant: float | None = None
    paths: tuple[str, ...] = ()


class AnswerSource(msgspec.Struct, frozen=True):
    """Where an entry finds the answer to `question`; values outside low..high are refused and counted."""

    question: str
    path: str
    low: float
    high: float


class Entry(msgspec.Struct, frozen=True):
    """One line of the touchpoint map; the first line that matches a touchpoint gives it its meaning."""

    event: str
    where: tuple[Condition, ...] = ()
    type: str | None = None
    signals: tuple[tuple[str, Amount], ...] = ()
    dimensions: tuple[tuple[str, Amount], ...] = ()
    answers: tuple[AnswerSource, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    daily_cap: int | None = None
    activity: bool = True
    tag: str | None = None
    forward: tuple[str, ...] = ()
    line: int = 0


class Dimension(msgspec.Struct, frozen=True):
    """Decayed points on 0 to 100 (`half_at` points give 50), or an expression (`value`) clamped to 0..100."""

    name: str
    half_life_ms: int = 0
    half_at: float = 0.0
    value: Rule | None = None


class Score(msgspec.Struct, frozen=True):
    """An expression of dimensions and other terms, clamped to 0..100."""

    name: str
    value: Rule


class Question(msgspec.Struct, frozen=True):
    """How long an answer stands; `invert` turns a scale round (low + high - value)."""

    name: str
    window_ms: int
    invert: bool = False


class Follow(msgspec.Struct, frozen=True):
    """`open` followed by `close` within `within_ms`; feeds the signals name.closed and name.expired."""

    name: str
    open: str
    close: str
    within_ms: int


class PAlive(msgspec.Struct, frozen=True):
    """BG/NBD parameters (Fader, Hardie & Lee 2005) for the term p_alive; `unit_ms` is one time unit."""

    signal: str
    r: float
    alpha: float
    a: float
    b: float
    unit_ms: int


class Stage(msgspec.Struct, frozen=True):
    """One stage or flag.

    when: None is always true (a ladder's first stage). stay: None means `when` alone; `hysteresis` is
    already turned into a stay by the reader; `latch` (stay: always, or `upon`) never lets go by itself.
    upon: a signal; `when` is evaluated only at such a touchpoint. from_stages and for_ms only for exits.
    """

    name: str
    when: Rule | None = None
    stay: Rule | None = None
    latch: bool = False
    upon: str | None = None
    from_stages: tuple[str, ...] = ()
    for_ms: int | None = None
    line: int = 0


class Framework(msgspec.Struct, frozen=True):
    """Stages and the rules between them. `levels` marks a section `levels:`: flags and the highest held."""

    name: str
    kind: Literal["ladder", "free", "flags"]
    stages: tuple[Stage, ...]
    exits: tuple[Stage, ...] = ()
    dwell_ms: int = 0
    hard: tuple[str, ...] = ()
    levels: bool = False
    line: int = 0


class TransitionPattern(msgspec.Struct, frozen=True):
    """Which transitions an event alert hangs on; empty means any."""

    framework: str
    direction: str | None = None
    to: tuple[str, ...] = ()
    except_to: tuple[str, ...] = ()
    from_stages: tuple[str, ...] = ()


class Alert(msgspec.Struct, frozen=True):
    """A business statement about a subject.

    upon, for kind event: exactly one of signal, question, transition, every_ms (anniversaries of tenure).
    message is filled by name: {customer}, {stage.clm}, {score.engagement}, ... never by str.format.
    """

    name: str
    kind: Literal["state", "event"]
    when: Rule | None = None
    clear: Rule | None = None
    severity: Literal["info", "warning", "critical"] = "info"
    message: str = ""
    cooldown_ms: int = 0
    daily_cap: int | None = None
    upon_signal: str | None = None
    upon_question: str | None = None
    upon_transition: TransitionPattern | None = None
    upon_every_ms: int | None = None
    line: int = 0


class Goal(msgspec.Struct, frozen=True):
    """What a KPI should come to."""

    name: str
    target: float
    direction: Literal["up", "down"] = "up"


class Settings(msgspec.Struct, frozen=True):
    """The engine's constants that a model may set (durations in milliseconds)."""

    grace_ms: int = 86_400_000
    timer_grace_ms: int = 60_000
    future_tolerance_ms: int = 300_000
    session_gap_ms: int = 1_800_000
    score_interval_ms: int = 60_000
    min_change: float = 1.0


class Model(msgspec.Struct, frozen=True):
    """A whole model, `extends` already followed, frameworks in dependency order."""

    name: str
    version: int
    digest: str
    currency: str = ""
    touchpoints: tuple[Entry, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    scores: tuple[Score, ...] = ()
    types_half_life_ms: int = 2_592_000_000
    questions: tuple[Question, ...] = ()
    follows: tuple[Follow, ...] = ()
    p_alive: PAlive | None = None
    frameworks: tuple[Framework, ...] = ()
    alerts: tuple[Alert, ...] = ()
    segments: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = ()
    settings: Settings = Settings()
