"""What the query side says about everybody: figures over time, flows between stages, the model, health."""

import msgspec

from schemas.touchpoint import AwareDatetime
from schemas.views import PartitionKpis


class KpiPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The figures as they stood last in the hour or day (UTC) that begins at `start`."""

    start: AwareDatetime
    kpis: PartitionKpis


class KpiHistory(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by `step` (`hour` or `day`), oldest first; a step in which nothing was written is absent."""

    step: str
    points: list[KpiPoint]


class StageFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A stage in a period: customers in it now, how long they have been, who came and who left.

    `mean_ms` is the mean time since they entered, null without customers.
    """

    stage: str
    customers: int
    mean_ms: float | None
    entered: int
    left: int


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """How many moved from one stage to another; null is no stage: before the first, or a flag off."""

    from_stage: str | None
    to_stage: str | None
    moves: int


class Flows(msgspec.Struct, frozen=True, kw_only=True):
    """The stages of a framework and the moves between them in the last `days` UTC days, today included."""

    framework: str
    kind: str
    days: int
    as_of: AwareDatetime
    stages: list[StageFlow]
    flows: list[Flow]
    by_day: dict[str, int]


class StageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A stage (or flag) as the model says it: the rules to enter and to stay, and where it may come from.

    `exit` marks those that are tried before all others. A rule that always holds reads `always`.
    """

    name: str
    when: str
    stay: str | None = None
    exit: bool = False
    upon: str | None = None
    from_stages: list[str] = []
    for_ms: int | None = None


class FrameworkInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A framework: `ladder`, `free` or `flags`; `levels` marks flags of which the highest held counts."""

    name: str
    kind: str
    levels: bool
    dwell_ms: int
    hard: list[str]
    stages: list[StageInfo]


class EntryInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the touchpoint map, and how many touchpoints matched it within the days that are kept.

    `matched` is null where that is not known.
    """

    event: str
    where: list[str]
    type: str | None
    signals: list[str]
    dimensions: list[str]
    answers: list[str]
    matched: int | None


class QuestionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A question, the range of its answers, and for how long one stands.

    `figure` is how answers are summed up: `nps` (0 to 10: the share of 9 and 10 less that of 0 to 6),
    `top_two` (1 to 5, 1 to 7, 1 to 10: the share of the two best values) or `mean`.
    """

    name: str
    low: float | None
    high: float | None
    window_ms: int
    figure: str


class AlertInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as the model says it."""

    name: str
    kind: str
    severity: str
    when: str | None
    message: str
    cooldown_ms: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of the model has to say."""

    severity: str
    line: int
    reason: str
    suggestion: str = ""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The model in force, and what its check says of it.

    `units` names the terms of rules whose values are no plain numbers: `duration` (milliseconds) or
    `instant` (milliseconds since 1970).
    """

    name: str
    version: int
    digest: str
    currency: str
    frameworks: list[FrameworkInfo]
    dimensions: list[str]
    scores: dict[str, str]
    signals: list[str]
    questions: list[QuestionInfo]
    alerts: list[AlertInfo]
    touchpoints: list[EntryInfo]
    unmapped: int | None
    segments: list[str]
    goals: dict[str, float]
    findings: list[Finding]
    units: dict[str, str] = {}


class PartitionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A partition as the query side knows it: until when its figures are, and how many customers it has."""

    partition: int
    as_of: AwareDatetime
    customers: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the service itself is.

    `mode` is `embedded` or `kafka`. `hindrance` says what keeps it from being ready. `behind` counts records
    that are stored and not yet processed or, on Kafka, outputs that are not yet taken over. `readers` are
    those of the event stream.
    """

    version: str
    mode: str
    started: AwareDatetime
    now: AwareDatetime
    ready: bool
    hindrance: str | None
    behind: int
    outcomes: dict[str, int]
    partitions: list[PartitionStatus]
    row_bytes: int | None
    readers: int
