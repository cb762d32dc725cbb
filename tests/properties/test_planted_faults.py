"""The checks of the laws find the faults that they are for: each is planted, and each is caught."""

from collections.abc import Mapping

import msgspec
import pytest

from schemas.touchpoint import Touchpoint
from streams.runtime.flush import Body
from streams.runtime.outcome import Outcome
from streams.testing import TopologyTestDriver
from tests import agreement
from tests.engine.lives import MIDNIGHT, NOON, ladder, small_model, stage
from tests.nodes import DAY, HOUR, compare, panes, term
from tests.properties.runs import (
    differences_of,
    driver_with,
    lost_or_doubled,
    result_of,
    run_in_chunks,
    run_whole,
)
from tests.random_histories import History, Touch, written

COUNTED = compare(term("count", "visit", panes(2)), ">=", 2)
MODEL = small_model(
    touchpoints=small_model().touchpoints[:4],
    frameworks=(ladder(stage("low"), stage("top", COUNTED)),),
)


def visit(number: int, when: int) -> dict[str, object]:
    """Return a touchpoint of c1."""
    return {"message_id": f"m{number}", "customer_id": "c1", "event": "visit", "timestamp": written(when)}


def log_of(*instants: int) -> list[bytes]:
    """Return the records of visits of c1."""
    return [msgspec.json.encode(visit(number, when)) for number, when in enumerate(instants)]


VALUES = log_of(NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + DAY)


def test_a_skipped_record_is_found() -> None:
    """One record that is never handed over leaves the outcomes one short."""
    driver = driver_with(MODEL, VALUES)

    driver.outcomes.append(driver.processor.process([record for record in driver.log if record.offset != 1]))

    assert lost_or_doubled(run_whole(MODEL, VALUES)) == []
    assert lost_or_doubled(result_of(driver)) != []
    assert differences_of(run_whole(MODEL, VALUES), result_of(driver)) != []


def test_a_record_counted_twice_is_found() -> None:
    """A position one too low after a restart gives one outcome too many."""
    driver = driver_with(MODEL, VALUES)
    driver.outcomes.append(driver.processor.process(driver.log[:2]))
    driver.flush()
    driver.crash()

    driver.processor.position -= 1
    result = run_in_chunks(driver, (1,))

    assert lost_or_doubled(result) != []
    assert differences_of(run_whole(MODEL, VALUES), result) != []


class WrongEdge(TopologyTestDriver):
    """Counts what happened at 00:00 in the day before."""

    def pipe(self, touchpoint: Touchpoint | Mapping[str, object] | bytes, *, appended_ms: int = 0) -> Outcome:
        """Pipe a touchpoint, then move it over the edge of its pane."""
        outcome = super().pipe(touchpoint, appended_ms=appended_ms)
        state = self.state("c1")
        assert state is not None
        if state["clock"] == MIDNIGHT:
            table = next(iter(self.processor.lanes.values())).table
            ring = next(column for column in table.layout.columns if column.name == "ring:day:visit")
            today = MIDNIGHT // DAY
            table.ground.pane[1, ring.start + today % ring.width] -= 1
            table.ground.pane[1, ring.start + (today - 1) % ring.width] += 1
        return outcome


def test_a_wrong_edge_of_a_pane_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle, which keeps no panes, differs as soon as the window moves on."""
    instants = (NOON, MIDNIGHT, MIDNIGHT + DAY)
    history = History(tuple(Touch(visit(n, when), n, when) for n, when in enumerate(instants)))
    honest = agreement.differences(MODEL, history)

    monkeypatch.setattr(agreement, "TopologyTestDriver", WrongEdge)
    found = agreement.differences(MODEL, history)

    assert honest == []
    assert any("count(visit, 2d)" in each for each in found)


def torn(body: bytes) -> bytes:
    """Return a flush with its rows, and without the ids that were written with them."""
    whole = msgspec.msgpack.decode(body, type=Body)
    for lane in whole.lanes:
        lane.id_keys = lane.id_at = lane.id_rows = lane.id_contents = b""
    return msgspec.msgpack.encode(whole)


@pytest.mark.parametrize("is_torn", [False, True])
def test_a_flush_torn_between_rows_and_ids_is_found(is_torn: bool) -> None:
    """A repeat after the restart is applied twice where the ids were lost, and is a duplicate where not."""
    values = [*VALUES, VALUES[-1]]
    driver = driver_with(MODEL, values)
    driver.outcomes.append(driver.processor.process(driver.log[:4]))
    driver.flush()
    driver.flushes = [torn(body) if is_torn else body for body in driver.flushes]
    driver.crash()

    result = run_in_chunks(driver, (1,))

    found = differences_of(run_whole(MODEL, values), result)
    assert bool(found) is is_torn
    assert lost_or_doubled(result) == []
