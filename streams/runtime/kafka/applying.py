"""Applying records to a partition's state, and telling of it; an error there is a bug, met at one of them."""

from streams.runtime.kafka.services import Services
from streams.runtime.kafka.state import PartitionState
from streams.runtime.suspects import Portion, ProcessingFailed, Suspects


def apply(
    state: PartitionState, portion: Portion, suspects: Suspects, services: Services, *, partition: int
) -> ProcessingFailed | None:
    """Apply a portion; return what failed, and then the state is not to be used again.

    Raises:
        MemoryError: that is no record's fault.
    """
    began, before = services.pace_ms(), dict(state.processor.totals)
    try:
        state.process(portion, suspects)
    except ProcessingFailed as failed:
        services.instrumentation.processing_failed(partition=partition, failed=failed)
        return failed
    services.instrumentation.processed(
        records=len(portion.records), before=before, after=state.processor.totals,
        seconds=(services.pace_ms() - began) / 1_000, spent=state.processor.take_spent(),
        delay_ms=services.clock_ms() - portion.records[0].appended_ms,
    )  # fmt: skip
    return None
