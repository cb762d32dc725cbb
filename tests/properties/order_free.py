"""What no order of arrival may change of a customer, and histories of one customer within grace."""

import math
from collections.abc import Mapping, Sequence

import msgspec
from hypothesis import strategies as st

from streams.engine.layout import Column
from streams.model.definition import Entry, Model
from streams.runtime.lane import Lane
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.random_histories import CONTENTS, STARTS, written
from tests.random_models import models

PATH_DEPENDENT = ("session", ".closed", ".expired")


@st.composite
def within_grace(draw: st.DrawFn) -> tuple[Model, list[bytes]]:
    """Return a model, and the touchpoints of c1 within three days, as many as its grace."""
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
    return model, [msgspec.json.encode(record) for record in records]


def _with_order_free_cap(entry: Entry) -> Entry:
    """Drop a cap where points differ: which of them count would hang on the order, as the model says."""
    differ = any(amount.paths for _, amount in entry.dimensions)
    return msgspec.structs.replace(entry, daily_cap=None) if differ else entry


def order_free_counts(driver: TopologyTestDriver) -> dict[str, object]:
    """Return the whole numbers of c1 that no order may change."""
    state, lane = driver.state("c1"), customers_of(driver)
    assert state is not None
    signals = state["signals"]
    assert isinstance(signals, dict)
    found: dict[str, object] = {name: state[name] for name in ("clock", "first", "touched")}
    for name, signal in signals.items():
        if not name.endswith(PATH_DEPENDENT):
            found[name] = signal and {key: signal[key] for key in ("count", "days", "first", "last")}
    for column in lane.table.layout.columns:
        is_ring = column.name.startswith("ring:") and not column.name.endswith(PATH_DEPENDENT)
        if is_ring or column.name in {"active_bits", "channel_day"}:
            found[column.name] = cells(lane, column)
    return found


def order_free_sums(driver: TopologyTestDriver) -> dict[str, list[float]]:
    """Return the floats of c1 that an order may change by rounding alone."""
    state, lane = driver.state("c1"), customers_of(driver)
    assert state is not None
    signals, dimensions = state["signals"], state["dimensions"]
    assert isinstance(signals, dict)
    assert isinstance(dimensions, dict)
    found = {name: [signal["sum"]] for name, signal in signals.items() if signal}
    found |= {f"dimension {name}": [value] for name, value in dimensions.items()}
    for column in lane.table.layout.columns:
        if column.name.startswith("amounts:"):
            found[column.name] = cells(lane, column)
    return {name: sums for name, sums in found.items() if not name.endswith(PATH_DEPENDENT)}


def customers_of(driver: TopologyTestDriver) -> Lane:
    """Return the lane of customers, which is the first."""
    return next(iter(driver.processor.lanes.values()))


def cells(lane: Lane, column: Column) -> list[float]:
    """Return what c1 has in a column."""
    matrix = getattr(lane.table.ground, column.matrix)
    run: list[float] = matrix[lane.table.index["c1"], column.start : column.start + column.width].tolist()
    return run


def far_apart(one: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the names of sums that differ by more than rounding."""
    return [
        f"{name}: {sums} is not {other[name]}"
        for name, sums in one.items()
        if not all(
            math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(sums, other[name], strict=True)
        )
    ]
