"""Our own code fails at a record: its partition is held up for seconds, and nothing else is wrong."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from streams.model.definition import Model
from streams.runtime.outcome import Outcome
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from streams.runtime.suspects import MOST_FAILURES, Suspects
from tests.kafka import load
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.faulty_child import BUG, SHAKY
from tests.kafka.fleet import wait_for
from tests.kafka.load import Pair
from tests.kafka.trial import trial


def done_by(customer: bytes, count: int) -> list[Pair]:
    """Return touchpoints of a customer, now."""
    found = []
    for number, (_, value) in enumerate(islice(load.touchpoints(31, bad=False), count)):
        said = {
            "customer_id": customer.decode(),
            "message_id": f"{customer.decode()}-{number}",
            "event": "buy",
        }
        found.append((customer, msgspec.json.encode(msgspec.json.decode(value) | said)))
    return found


class Sparing(Processor):
    """An undisturbed processor, one record at a time, that leaves out what the worker cannot do."""

    def __init__(self, model: Model, *, source: str, storing: bool) -> None:
        super().__init__(model, source=source, storing=storing)
        suspects, record = Suspects(), Record(0, 0, BUG, b"")
        for _ in range(MOST_FAILURES):
            suspects.failed([record], ZeroDivisionError())
        self._message = str(next(suspects.portions([record])).hopeless)

    def process(self, records: Sequence[Record]) -> Outcome:
        """Set aside what `bug` does, and apply everything else."""
        (record,) = records
        return self.set_aside(record, self._message) if record.key == BUG else super().process(records)


def test_a_record_at_which_our_code_fails_is_set_aside(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """It is tried three times, seen in readiness, log and metric, and is a dead letter with its own bytes.

    One that fails only twice is applied; whatever else was in the log is as in an undisturbed run, although
    each failure leaves a torn state behind.
    """
    with trial(broker, fresh, tmp_path, seed=31) as run:
        (member,) = run.fleet.start(fault=("defect",))
        run.fleet.wait_until_ready()
        run.flow(rate=150)
        run.wait_until_flowing(50)
        bad, shaky = done_by(BUG, 2), done_by(SHAKY, 1)
        good = islice(load.touchpoints(32, bad=False), 100)

        run.load.write([bad[0], *good, bad[1]], partition=0)
        run.load.write(shaky, partition=1)
        for partition in (0, 1):
            told = f"partition {partition} is .*ProcessingFailed: ZeroDivisionError"
            wait_for("/readyz tells of it", lambda told=told: run.hindered(told))
        run.see_work_pending()
        run.wait_until_flowing(50)
        met = member.metrics("engagement_processing_failures_total")
        failed = member.told("processing_failed")
        evidence = run.settle(undisturbed=Sparing, chunk=1)

    letters = [each for each in evidence.dead_letters if each.headers["error.reason"] == b"internal_error"]
    assert [(each.key, each.value) for each in letters] == bad
    assert all(b"ZeroDivisionError" in each.headers["error.message"] for each in letters)
    assert not any(b"Traceback" in each.headers["error.message"] for each in letters)
    assert any(each.key == SHAKY for each in evidence.transitions)
    assert not any(each.key == BUG for each in evidence.transitions)
    assert len(failed) == met[""]
    assert 2 + 4 <= len(failed) <= 2 + 2 * MOST_FAILURES, f"{[each['failures'] for each in failed]}"
    assert all("planted" in each["traceback"] and each["level"] == "error" for each in failed)
