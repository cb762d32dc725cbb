"""The real processor on the embedded log: crashes, ticks and a changed model, against a run without any."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas.instants import instant
from schemas.touchpoint import Touchpoint
from schemas.views import CustomerView
from streams import topics
from streams.instrumentation import Instrumentation
from streams.model.definition import Model
from streams.model.load import load_model
from streams.runtime.embedded import recovery
from streams.runtime.embedded.inputs import Item
from streams.runtime.embedded.log import EmbeddedLog, Retention
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.outcome import Outcome
from streams.runtime.processor import Processor

START_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
ALL = 10**6
FOREVER = Retention(input_ms=None, outputs_ms={})
SETTINGS = RunSettings(chunk_records=9, flush_interval_ms=4 * HOUR_MS, flush_changes=40)
EVENTS = (
    ("Page Viewed", {"path": "/pricing"}),
    ("Page Viewed", {"path": "/"}),
    ("Order Completed", {"revenue": 42.5, "quantity": 2}),
    ("NPS Answered", {"score": 3}),
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("starter")


@pytest.fixture
def owner(tmp_path: Path, model: Model) -> Iterator["Owner"]:
    made = Owner(tmp_path, model)
    yield made
    made.log.close()


class Owner:
    """The loop on a log, with a clock by hand; `again` begins anew as after a crash."""

    def __init__(self, directory: Path, model: Model) -> None:
        self.directory = directory
        self.now_ms = START_MS
        self.open(model)

    def open(self, model: Model) -> None:
        """Open the log and make a loop on it."""
        self.log = EmbeddedLog(self.directory, retention=FOREVER)
        self.run = EmbeddedRun(
            self.log, model, lambda: Processor(model), clock=lambda: self.now_ms,
            pace=lambda: self.now_ms, settings=SETTINGS,
            instrumentation=Instrumentation(model, build="test", registry=CollectorRegistry()),
        )  # fmt: skip

    def again(self, model: Model) -> None:
        """Forget what was not written, and begin anew."""
        self.log.close()
        self.open(model)

    def finish(self) -> None:
        """Read to the end and write everything."""
        while self.run.step():
            pass
        with self.run.processor() as processor:
            behind = processor.position > 0
        if behind:
            self.run.flush()


def lives(seed: int) -> Iterator[tuple[int, Item]]:
    """Yield touchpoints of a few customers over four months, with silences, repeats and late ones."""
    chance = random.Random(seed)
    at_ms = START_MS
    for number in range(120):
        at_ms += int(chance.expovariate(1 / (20 * HOUR_MS)))
        event, properties = EVENTS[min(int(chance.expovariate(1)), 3)]
        early_ms = 90 * HOUR_MS if chance.random() < 0.1 else 0
        customer = f"c{min(int(chance.expovariate(0.3)), 9)}"
        touchpoint = Touchpoint(
            message_id=f"m{number - (chance.random() < 0.05)}",
            event=event,
            timestamp=instant(at_ms - early_ms),
            customer_id=customer,
            properties=properties,
        )
        yield at_ms, (customer.encode(), msgspec.json.encode(touchpoint))


def canonical(processor: Processor) -> tuple[dict[str, CustomerView], dict[str, int], object]:
    """Return the state by names and values; when a row is due next is a bound, closer after more ticks."""
    totals = {name: count for name, count in processor.totals.items() if name != "already_applied"}
    views = filter(None, map(processor.customer, sorted(processor.customers())))
    customers = {view.customer_id: msgspec.structs.replace(view, next_due=None) for view in views}
    return customers, totals, processor.kpis()


def check(owner: Owner, model: Model) -> Outcome:
    """Hold state and outputs against an undisturbed run over the same log; return what that one told."""
    records = owner.log.read(0, ALL)
    undisturbed = Processor(model)
    outcome = undisturbed.process(records)
    with owner.run.processor() as processor:
        assert canonical(processor) == canonical(undisturbed)
    assert canonical(recovery.restored(owner.log, lambda: Processor(model))) == canonical(undisturbed)
    encode = msgspec.json.encode
    for topic, told in (
        (topics.TRANSITIONS, outcome.transitions()),
        (topics.ALERTS, outcome.alerts()),
        (topics.LATE, outcome.late),
        (topics.DEAD_LETTERS, outcome.dead_letters),
    ):
        values, _ = owner.log.queries.outputs(topic.name, limit=ALL)
        assert Counter(values) == Counter(map(encode, told)), f"{topic.name}: lost or repeated"
    for score in outcome.scores():
        assert owner.log.queries.score(score.customer_id) == encode(score)
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_crashes_at_any_step_change_nothing(owner: Owner, model: Model, seed: int) -> None:
    """Laws 1 and 2: states, totals and outputs are those of one call over the same log."""
    chance = random.Random(seed)
    for at_ms, item in lives(seed):
        owner.now_ms = at_ms
        owner.log.append([item], at_ms)
        if chance.random() < 0.5:
            owner.run.step()
        if chance.random() < 0.1:
            owner.again(model)
    owner.now_ms += 100 * 24 * HOUR_MS
    owner.finish()

    outcome = check(owner, model)

    ticks = sum(record.key is None for record in owner.log.read(0, ALL))
    assert min(ticks, outcome.moves, outcome.raised, outcome.emissions, len(outcome.late)) > 0


def test_a_changed_model_is_announced_once_and_taken_over(owner: Owner, model: Model) -> None:
    """The state made by another digest is told so; when the announcement is processed it is its own."""
    owner.log.append([item for _, item in lives(3)][:50], START_MS + 10**9)
    owner.finish()
    other = msgspec.structs.replace(model, digest="other", version=model.version + 1)

    owner.again(other)
    owner.run.recover()
    with owner.run.processor() as processor:
        before = processor.model_differs
    owner.finish()
    owner.again(other)
    owner.run.recover()

    with owner.run.processor() as processor:
        assert (before, processor.model_differs) == (True, False)
    assert [record.offset for record in owner.log.read(0, ALL) if record.key is None] == [50]
