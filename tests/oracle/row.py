"""What one customer's life has left behind: plain lists and dicts, nothing folded together."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from streams.model.definition import Model

HOUR, DAY = 3_600_000, 86_400_000
SEEN_CODES = 32
RHYTHM_GAPS = 8

Value = float | str | bool | frozenset[str] | None


@dataclass
class AlertState:
    """What is remembered of one alert; `today` counts the raises on the UTC day of the last raise."""

    open_since: int | None = None
    raised: int | None = None
    raised_id: str | None = None
    today: int = 0
    thinned: int = 0


@dataclass
class Row:
    """One life of one customer. Instants are epoch milliseconds.

    happened: per signal every (timestamp, amount or None), the built-in and the fed signals included.
    points: per "dimension.x" or "type.x" every (instant it is dated to, weight).
    midnights: per UTC midnight that the clock passed, the scores as they were known then.
    touched: the clock at the last touchpoint; silent_until: no change comes before or at it (a cache).
    """

    model: Model
    customer_id: str
    first: int
    clock: int
    incarnation: int = 0
    deleted_at: int | None = None
    status: str = "live"
    sequence: int = 0
    touched: int = 0
    silent_until: int = 0
    happened: dict[str, list[tuple[int, float | None]]] = field(default_factory=lambda: defaultdict(list))
    points: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    channels: list[tuple[int, str]] = field(default_factory=list)
    seen: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    answers: dict[str, tuple[float, int, int]] = field(default_factory=dict)
    traits: dict[str, tuple[Value, int]] = field(default_factory=dict)
    follows: dict[str, tuple[str, int]] = field(default_factory=dict)
    gaps: list[int] = field(default_factory=list)
    last_active_day: int | None = None
    matched: Counter[tuple[int, int]] = field(default_factory=Counter)
    stages: dict[str, str | None] = field(default_factory=dict)
    flags: dict[str, set[str]] = field(default_factory=dict)
    entered: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, AlertState] = field(default_factory=dict)
    midnights: dict[int, dict[str, float | None]] = field(default_factory=dict)
    sent: dict[str, float | None] | None = None
    sent_at: int | None = None


def new_row(model: Model, customer_id: str, at: int, *, incarnation: int, deleted_at: int | None) -> Row:
    """Start a life at its first touchpoint's timestamp."""
    row = Row(model, customer_id, first=at, clock=at, incarnation=incarnation, deleted_at=deleted_at)
    row.touched = row.silent_until = at
    for framework in model.frameworks:
        row.entered[framework.name] = at
        if framework.kind == "flags":
            row.flags[framework.name] = set()
        else:
            row.stages[framework.name] = None
    row.alerts = {alert.name: AlertState() for alert in model.alerts}
    return row
