"""What the query side answers: a customer as of an instant, why, and figures about everybody."""

import msgspec

from schemas.outputs import Contribution, Rfm
from schemas.touchpoint import AwareDatetime


class SignalView(msgspec.Struct, frozen=True, kw_only=True):
    """A signal over the lifetime: touchpoints, distinct UTC days, sum of amounts, first and last instant."""

    count: int
    days: int
    sum: float
    first: AwareDatetime
    last: AwareDatetime


class AnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """The latest answer to a question, and when it was given."""

    value: float
    at: AwareDatetime


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A state alert that is open now."""

    alert: str
    since: AwareDatetime


class RecentChange(msgspec.Struct, frozen=True, kw_only=True):
    """One of the last eight transitions and alerts, compact: what it was about and what it became."""

    at: AwareDatetime
    kind: str
    what: str
    to: str | None


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as of `as_of`; `next_due` is when something can next change by itself.

    `first` and `last` are the times of its touchpoints, null where only its outputs are known.
    """

    customer_id: str
    as_of: AwareDatetime
    first: AwareDatetime | None = None
    last: AwareDatetime | None = None
    scores: dict[str, float | None]
    dimensions: dict[str, float | None]
    mix: dict[str, float]
    levels: dict[str, str | None]
    stages: dict[str, str | list[str] | None]
    signals: dict[str, SignalView]
    answers: dict[str, AnswerView]
    open_alerts: list[OpenAlert]
    recent: list[RecentChange]
    rfm: Rfm | None
    next_due: AwareDatetime | None


class ScoreWhy(msgspec.Struct, frozen=True, kw_only=True):
    """A score (or dimension) and the events that made it, largest first; their points sum to the score."""

    value: float | None
    touchpoints: list[Contribution]


class StageWhy(msgspec.Struct, frozen=True, kw_only=True):
    """The stage now, since when, the rule that holds it there and what that rule reads now.

    `others` says for every other stage what its rule is and reads: why the customer is not there.
    """

    stage: str | list[str] | None
    since: AwareDatetime
    rule: str
    values: dict[str, float | str | None]
    others: dict[str, "StageReading"]


class RuleReading(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, whether it is true now, and the values that it reads."""

    rule: str
    holds: bool
    values: dict[str, float | str | None]


class StageReading(RuleReading, frozen=True, kw_only=True):
    """How a stage's rule reads; the stage is entered only from one of `from_stages`, if any are named.

    One that is entered only at a touchpoint (`rule` begins with `upon`) does not hold by itself.
    """

    from_stages: list[str] = []


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a customer is where it is."""

    customer_id: str
    as_of: AwareDatetime
    scores: dict[str, ScoreWhy]
    dimensions: dict[str, ScoreWhy]
    stages: dict[str, StageWhy]
    alerts: dict[str, RuleReading]


class ScoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The distribution of a score: customers that have it, their sum, and ten bins of ten points."""

    customers: int
    sum: float
    bins: list[int]


class AnswerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Answers that stand at the instant: how many, their sum, and how many of each whole value."""

    answers: int
    sum: float
    values: dict[str, int]


class PartitionKpis(msgspec.Struct, frozen=True, kw_only=True):
    """Mergeable population figures of one partition at an instant: add them, then take ratios.

    `stages` counts customers per stage of each framework (flags: customers that hold the flag).
    `active` counts customers by days back: 1 (today), 7 and 28 UTC days.
    `transitions` counts today's moves ("clm": {"awareness>engagement": 3}); `outcomes` are running totals
    of touchpoints by what became of them, `signals` today's count and sum of amounts per signal.
    `segments`: per bounded trait and value, customers per stage. `dwell_ms` is, per stage of frameworks with
    one stage at a time, the sum over its customers of the time since they entered. `types`, `channels` and
    `sources` count today's touchpoints; untyped ones and those without a source under "". `entries` counts
    touchpoints by line of the map within the days that are kept (400), the last number those of no line.
    """

    as_of: AwareDatetime
    customers: int
    new_today: int
    active: dict[str, int]
    stages: dict[str, dict[str, int]]
    scores: dict[str, ScoreFigures]
    answers: dict[str, AnswerFigures]
    transitions: dict[str, dict[str, int]]
    alerts_open: dict[str, int]
    alerts_raised: dict[str, int]
    signals: dict[str, tuple[int, float]]
    segments: dict[str, dict[str, dict[str, dict[str, int]]]]
    outcomes: dict[str, int]
    dwell_ms: dict[str, dict[str, int]] = {}
    alerts_resolved: dict[str, int] = {}
    types: dict[str, int] = {}
    channels: dict[str, int] = {}
    sources: dict[str, int] = {}
    entries: list[int] = []
