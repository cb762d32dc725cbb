"""What is told of records that are applied, and of a bug that was met at one."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry

from streams.instrumentation import Instrumentation
from streams.runtime.kafka.applying import apply
from streams.runtime.kafka.outputs import Renderer
from streams.runtime.kafka.services import Services
from streams.runtime.kafka.state import PartitionState
from streams.runtime.kafka.takeover import Place
from streams.runtime.outcome import Outcome
from streams.runtime.processor import BARE, Processor
from streams.runtime.record import Record
from streams.runtime.suspects import Portion, Suspects

RECORDS = [Record(offset, 0, b"c", b"{") for offset in (3, 4)]


class Failing(Processor):
    """Fails at everything."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(BARE)
        self._error = error

    def process(self, records: Sequence[Record]) -> Outcome:
        """Fail."""
        raise self._error


def state_of(processor: Processor) -> PartitionState:
    return PartitionState(
        Place("t", 0, 1, "c"), processor, chain=None, head=None, committed=0,
        renderer=Renderer(app="a", prefix="", partition=0), part_bytes=1_000,
    )  # fmt: skip


def services(registry: CollectorRegistry) -> Services:
    told = Instrumentation(BARE, build="", registry=registry)
    chosen: dict[str, Any] = {"instrumentation": told, "pace_ms": lambda: 0, "clock_ms": lambda: 0}
    return Services(**(dict.fromkeys(Services._fields) | chosen))


def test_a_failure_is_counted_and_its_records_are_not() -> None:
    """It is returned and not raised; what was not applied will be read again."""
    registry, suspects = CollectorRegistry(), Suspects()

    failed = apply(
        state_of(Failing(KeyError("x"))), Portion(RECORDS), suspects, services(registry), partition=0
    )

    assert failed is not None
    assert (failed.first, failed.last) == (3, 4)
    assert registry.get_sample_value("engagement_processing_failures_total") == 1
    assert registry.get_sample_value("engagement_records_read_total") == 0
    assert [len(each.records) for each in suspects.portions(RECORDS)] == [1, 1]


def test_a_record_that_is_set_aside_counts_as_read() -> None:
    """The metrics balance: read once, and one dead letter."""
    registry = CollectorRegistry()

    failed = apply(
        state_of(Failing(KeyError())), Portion(RECORDS[:1], "hopeless"), Suspects(), services(registry),
        partition=0,
    )  # fmt: skip

    assert failed is None
    assert registry.get_sample_value("engagement_records_read_total") == 1
    assert registry.get_sample_value("engagement_touchpoints_total", {"outcome": "dead_letter"}) == 1
