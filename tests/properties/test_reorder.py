"""Within grace the order of arrival does not matter: to counts, days, first and last, panes and sums."""

import math
from collections.abc import Sequence

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.model.definition import Entry, Model
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.properties.runs import driver_with
from tests.random_histories import CONTENTS, STARTS, written
from tests.random_models import models

PATH_DEPENDENT = ("session", ".closed", ".expired")


@st.composite
def disordered(draw: st.DrawFn) -> tuple[Model, list[bytes], list[bytes]]:
    """Return a model, and the touchpoints of one customer within three days in two orders."""
    model = draw(models())
    settings_of_it = msgspec.structs.replace(model.settings, grace_ms=3 * DAY)
    entries = tuple(map(_with_order_free_cap, model.touchpoints))
    model = msgspec.structs.replace(model, settings=settings_of_it, touchpoints=entries)
    start = draw(st.sampled_from(STARTS))
    ages = draw(st.lists(st.integers(0, 3 * DAY // HOUR), min_size=2, max_size=12))
    records = [
        {"message_id": f"m{n}", "customer_id": "c1", "timestamp": written(start + age * HOUR)}
        | draw(CONTENTS)
        for n, age in enumerate(ages)
    ]
    values = [msgspec.json.encode(record) for record in records]
    return model, values, draw(st.permutations(values))


def _with_order_free_cap(entry: Entry) -> Entry:
    """Drop a cap where points differ: which of them count would hang on the order, as the model says."""
    differ = any(amount.paths for _, amount in entry.dimensions)
    return msgspec.structs.replace(entry, daily_cap=None) if differ else entry


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=disordered())
def test_order_within_grace_changes_no_count_pane_or_sum(
    case: tuple[Model, list[bytes], list[bytes]],
) -> None:
    """Whole numbers are equal, sums within 1e-9; stages, sessions and rhythm depend on the path."""
    model, values, shuffled = case
    one, other = driver_with(model, values), driver_with(model, shuffled)

    one.run()
    other.run()

    assert order_free_counts(one) == order_free_counts(other)
    assert far_apart(order_free_sums(one), order_free_sums(other)) == []


def order_free_counts(driver: TopologyTestDriver) -> dict[str, object]:
    """Return the whole numbers of a customer that no order may change."""
    state = driver.state("c1")
    assert state is not None
    signals = state["signals"]
    assert isinstance(signals, dict)
    found: dict[str, object] = {name: state[name] for name in ("clock", "first", "touched")}
    for name, signal in signals.items():
        if not name.endswith(PATH_DEPENDENT):
            found[name] = signal and {key: signal[key] for key in ("count", "days", "first", "last")}
    lane = next(iter(driver.processor.lanes.values()))
    for column in lane.table.layout.columns:
        if column.name.startswith("ring:") and not column.name.endswith(PATH_DEPENDENT):
            found[column.name] = lane.table.ground.pane[
                1, column.start : column.start + column.width
            ].tolist()
        if column.name in {"active_bits", "channel_day"}:
            matrix = getattr(lane.table.ground, column.matrix)
            found[column.name] = matrix[1, column.start : column.start + column.width].tolist()
    return found


def order_free_sums(driver: TopologyTestDriver) -> dict[str, Sequence[float]]:
    """Return the floats of a customer that an order may change by rounding alone."""
    state = driver.state("c1")
    assert state is not None
    signals, dimensions = state["signals"], state["dimensions"]
    assert isinstance(signals, dict)
    assert isinstance(dimensions, dict)
    found = {name: [signal["sum"]] for name, signal in signals.items() if signal}
    found |= {f"dimension {name}": [value] for name, value in dimensions.items()}
    lane = next(iter(driver.processor.lanes.values()))
    for column in lane.table.layout.columns:
        if column.name.startswith("amounts:"):
            found[column.name] = lane.table.ground.real[
                1, column.start : column.start + column.width
            ].tolist()
    return {name: sums for name, sums in found.items() if not name.endswith(PATH_DEPENDENT)}


def far_apart(one: dict[str, Sequence[float]], other: dict[str, Sequence[float]]) -> list[str]:
    """Return the names of sums that differ by more than rounding."""
    return [
        f"{name}: {sums} is not {other[name]}"
        for name, sums in one.items()
        if not all(
            math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(sums, other[name], strict=True)
        )
    ]
