"""What a row keeps of its rules is what reading them again would say, for as long as it says so."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.engine import ground, readings
from streams.engine.instants import DAY_MS
from streams.engine.standing import READ_AT, STANDING_FIXED
from streams.testing import TopologyTestDriver
from tests.random_histories import Touch, histories
from tests.random_models import models

FURTHEST_MS = 400 * DAY_MS


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_stands_is_what_would_be_read(data: st.DataObject) -> None:
    """After every record, at the row's clock and at instants up to the last before a rule's time is over."""
    model = data.draw(models())
    history = data.draw(histories(grace_ms=model.settings.grace_ms))
    driver = TopologyTestDriver(model)

    for step in history.steps:
        driver.pipe(step.record) if isinstance(step, Touch) else driver.tick(step.instant_ms)

        assert untrue(driver) == []


def untrue(driver: TopologyTestDriver) -> list[str]:
    """Return what stands in a row and would be read otherwise."""
    lane = driver.processor.customer_lane
    table, programs = lane.table, lane.compiled.programs
    g, first = table.ground, lane.compiled.plan.named["first_rule"]
    found = []
    for row in range(1, table.rows):
        if int(g.small[row, ground.STATUS]) != ground.LIVE:
            continue
        start = max(int(g.at[row, ground.CLOCK]), int(g.standing[row, READ_AT]))
        for number in range(first, len(programs)):
            stands = int(g.standing[row, STANDING_FIXED + number - first])
            until = min(stands if stands >= 0 else ~stands, start + FURTHEST_MS)
            for instant in {start, (start + until) // 2, until - 1}:
                if start <= instant < until:
                    readings.read(g, row, instant)
                    truth, _ = readings.read_rule(g, number, row, instant)
                    if truth != (stands >= 0):
                        found.append(f"{programs[number].text!r} at {instant}: {truth}, until {until}")
    return found
