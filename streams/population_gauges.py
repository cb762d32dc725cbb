"""The gauges of a partition: name, meaning, labels, and where in a reading its figures are found.

Labels are the model's names, so every series is there at zero too. Figures are sums: add those of several
partitions, and take ratios afterwards.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from schemas.touchpoint import Channel
from schemas.views import PartitionKpis
from streams.model.definition import Model
from streams.runtime.sizes import Sizes

UNTYPED: Final = "none"
WIDEST_SCALE: Final = 20  # of answers that have a series for each value


class PartitionReading(NamedTuple):
    """What a running partition shows now. `lag_seconds` is the age of the oldest record not processed.

    overdue_seconds: for how long the row that is due first has waited for a tick. live_bytes, stored_bytes:
    of the state, were it written once, and as it is stored.
    """

    kpis: PartitionKpis
    sizes: Sizes
    lag_records: int
    lag_seconds: float
    overdue_seconds: float
    live_bytes: int
    stored_bytes: int


class Names:
    """The closed sets of labels, from the model."""

    def __init__(self, model: Model) -> None:
        self.stages = {
            framework.name: [stage.name for stage in (*framework.stages, *framework.exits)]
            for framework in model.frameworks
        }
        self.single = {framework.name for framework in model.frameworks if framework.kind != "flags"}
        self.scores = [score.name for score in model.scores]
        self.questions = [question.name for question in model.questions]
        self.values = {question: _scale(model, question) for question in self.questions}
        self.alerts = [alert.name for alert in model.alerts]
        self.lasting_alerts = [alert.name for alert in model.alerts if alert.kind == "state"]
        self.signals = sorted({name for entry in model.touchpoints for name, _ in entry.signals})
        self.types = [*sorted({entry.type for entry in model.touchpoints if entry.type}), ""]


def _scale(model: Model, question: str) -> range:
    """Return the whole values of a question's scale; none where they are too many to be labels."""
    sources = [each for entry in model.touchpoints for each in entry.answers if each.question == question]
    low = int(min((each.low for each in sources), default=0))
    high = int(max((each.high for each in sources), default=-1))
    return range(low, high + 1) if high - low <= WIDEST_SCALE else range(0)


Series = Iterable[tuple[tuple[str, ...], float]]  # values of the labels, and the figure


class Gauge(NamedTuple):
    """A gauge with the label `partition` and these."""

    name: str
    what: str
    labels: tuple[str, ...]
    series: Callable[[PartitionReading, Names], Series]


def _one(name: str, what: str, figure: Callable[[PartitionReading], float]) -> Gauge:
    return Gauge(name, what, (), lambda reading, _: [((), figure(reading))])


def _of(
    name: str,
    what: str,
    label: str,
    known: Callable[[Names], Iterable[str]],
    figure: Callable[[PartitionReading, str], float],
) -> Gauge:
    return Gauge(
        name,
        what,
        (label,),
        lambda reading, names: [((each,), figure(reading, each)) for each in known(names)],
    )


def _in_stage(reading: PartitionReading, names: Names) -> Series:
    for framework, stages in names.stages.items():
        now = reading.kpis.stages.get(framework, {})
        yield from (((framework, stage), now.get(stage, 0)) for stage in stages)


def _dwell(reading: PartitionReading, names: Names) -> Series:
    for framework in names.stages:
        if framework in names.single:
            now = reading.kpis.dwell_ms.get(framework, {})
            yield from (((framework, each), now.get(each, 0) / 1_000) for each in names.stages[framework])


def _answer_values(reading: PartitionReading, names: Names) -> Iterator[tuple[tuple[str, ...], float]]:
    for question, scale in names.values.items():
        given = reading.kpis.answers.get(question)
        for value in map(str, scale):
            yield (question, value), 0 if given is None else given.values.get(value, 0)


def _types(reading: PartitionReading, names: Names) -> Series:
    return [((each or UNTYPED,), reading.kpis.types.get(each, 0)) for each in names.types]


def _answers(reading: PartitionReading, question: str) -> int:
    given = reading.kpis.answers.get(question)
    return 0 if given is None else given.answers


def _answers_sum(reading: PartitionReading, question: str) -> float:
    given = reading.kpis.answers.get(question)
    return 0.0 if given is None else given.sum


OF_STATE: Final = (
    _one("lag_records", "Records that are not processed yet.", lambda r: r.lag_records),
    _one("lag_seconds", "Age of the oldest record that is not processed yet.", lambda r: r.lag_seconds),
    _one("timers_due", "Rows that wait for time to pass: for a tick.", lambda r: r.sizes.timers_due),
    _one("timer_overdue_seconds", "For how long the first of them has waited.", lambda r: r.overdue_seconds),
    _one("state_live_bytes", "Size of the state, were it written once.", lambda r: r.live_bytes),
    _one("state_stored_bytes", "Size of the flushes that hold the state.", lambda r: r.stored_bytes),
    _one("ids_remembered", "Message ids that find duplicates.", lambda r: r.sizes.ids_remembered),
    Gauge(
        "table_rows", "Rows in memory, by kind of subject.", ("subject",),
        lambda r, _: [((subject,), count) for subject, count in r.sizes.rows.items()],
    ),
    Gauge(
        "table_bytes", "Memory of rows and message ids, by kind of subject.", ("subject",),
        lambda r, _: [((subject,), count) for subject, count in r.sizes.bytes.items()],
    ),
)  # fmt: skip

OF_CUSTOMERS: Final = (
    _one("figures_timestamp_seconds", "The instant of the figures.", lambda r: r.kpis.as_of.timestamp()),
    _one("customers", "Customers in the table.", lambda r: r.kpis.customers),
    _one("customers_new_today", "Customers first seen this UTC day.", lambda r: r.kpis.new_today),
    Gauge(
        "customers_active", "Customers active within so many UTC days, today included.", ("days",),
        lambda r, _: [((days,), count) for days, count in r.kpis.active.items()],
    ),
    Gauge("customers_in_stage", "Customers that are in a stage.", ("framework", "stage"), _in_stage),
    Gauge(
        "stage_dwell_seconds", "Time since customers entered their stage, added up over them.",
        ("framework", "stage"), _dwell,
    ),
    _of(
        "answers", "Answers that stand.", "question", lambda n: n.questions, _answers,
    ),
    _of("answers_value", "Their values, added up.", "question", lambda n: n.questions, _answers_sum),
    Gauge(
        "answers_of_value", "Those of each whole value, on scales of up to 21.", ("question", "value"),
        _answer_values,
    ),
    _of(
        "alerts_open", "State alerts that are open.", "alert", lambda n: n.lasting_alerts,
        lambda r, alert: r.kpis.alerts_open.get(alert, 0),
    ),
    _of(
        "signal_touchpoints_today", "Touchpoints of this UTC day, by signal.", "signal", lambda n: n.signals,
        lambda r, signal: r.kpis.signals.get(signal, (0, 0.0))[0],
    ),
    _of(
        "signal_amount_today", "Amounts of this UTC day, by signal.", "signal", lambda n: n.signals,
        lambda r, signal: r.kpis.signals.get(signal, (0, 0.0))[1],
    ),
    Gauge("type_touchpoints_today", "Touchpoints of this UTC day, by type.", ("type",), _types),
    _of(
        "channel_touchpoints_today", "Touchpoints of this UTC day, by channel.", "channel", lambda _: Channel,
        lambda r, channel: r.kpis.channels.get(channel, 0),
    ),
)  # fmt: skip


def bins(kpis: PartitionKpis, score: str) -> tuple[list[tuple[str, float]], float]:
    """Return the buckets of a score as Prometheus counts them (how many at or below), and the sum."""
    figures = kpis.scores.get(score)
    counts = [0] * 10 if figures is None else figures.bins
    below = [sum(counts[: place + 1]) for place in range(10)]
    bounds = [*(f"{10.0 * (place + 1)}" for place in range(9)), "+Inf"]
    return list(zip(bounds, map(float, below), strict=True)), 0.0 if figures is None else figures.sum
