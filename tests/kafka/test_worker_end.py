"""How a worker ends when something fails while it is told to stop; no broker is needed."""

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.model.load import load_model
from streams.runtime.kafka.app import GroupSettings
from streams.runtime.kafka.errors import Verdict
from streams.runtime.kafka.worker import EXIT_DEFECT, Worker, WorkerSettings

PLACE = TP("engagement.touchpoints.v1", 0)
CLOSED = RuntimeError("Event loop is closed")


@pytest.mark.parametrize(
    ("told_to_stop", "error", "code"),
    [
        (True, CLOSED, 0),
        (True, RuntimeError("another"), EXIT_DEFECT),
        (False, CLOSED, EXIT_DEFECT),
    ],
)
def test_a_partition_that_comes_too_late_is_no_defect(
    told_to_stop: bool, error: RuntimeError, code: int
) -> None:
    """Told to stop while a partition is taken over, its consumer has closed its loop: that is no failure."""
    group = GroupSettings(app="a", client={"bootstrap_servers": "localhost:1"})
    worker = Worker(
        WorkerSettings(group=group), load_model("starter"), registry=CollectorRegistry(), build="0"
    )
    if told_to_stop:
        worker.stop()

    worker._fatal(PLACE, error, Verdict.DEFECT)

    assert worker.exit_code == code
    assert (worker.failure is None) == (code == 0)
