"""The laws of DESIGN section 1, on random models and random histories, through the production processor."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.model.definition import Model
from streams.testing import TopologyTestDriver
from tests.nodes import DAY
from tests.properties.runs import (
    differences_of,
    driver_with,
    lost_or_doubled,
    result_of,
    run_in_chunks,
    run_whole,
    run_with_crashes,
    unexplained,
    values_of,
)
from tests.random_histories import LAST_MS, History, histories
from tests.random_models import models

BROKEN = (b"", b"{", b"[]", b'{"kind": "tick"}', b'{"message_id": "m", "event": "e"}', b"\xff\xfe")
law = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def cases(draw: st.DrawFn, *, ticks: bool = True) -> tuple[Model, History]:
    """Return a model and a history for it."""
    model = draw(models())
    return model, draw(histories(grace_ms=model.settings.grace_ms, ticks=ticks))


@st.composite
def broken_logs(draw: st.DrawFn) -> tuple[Model, list[bytes]]:
    """Return a model and a log in which some records cannot be read."""
    model, history = draw(cases())
    values = values_of(history)
    for value in draw(st.lists(st.sampled_from(BROKEN), max_size=4)):
        values.insert(draw(st.integers(0, len(values))), value)
    return model, values


ACTS = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from(("flush", "flush", "crash")), st.integers(0, 3)),
    min_size=1,
    max_size=8,
)


@law
@given(case=cases(), sizes=st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_chunks_make_no_difference(case: tuple[Model, History], sizes: list[int]) -> None:
    """States, transitions, alerts, last scores and totals are those of one chunk, wherever it is cut."""
    model, history = case
    values = values_of(history)

    cut = run_in_chunks(driver_with(model, values), sizes, history.until_ms)

    assert differences_of(run_whole(model, values, history.until_ms), cut) == []


@law
@given(case=cases(), acts=ACTS, room=st.sampled_from((1_000_000, 4)))
def test_crashes_make_no_difference(
    case: tuple[Model, History], acts: list[tuple[int, str, int]], room: int
) -> None:
    """A crash anywhere, flushes anywhere, old ones dropped, ids forgotten: as the run without a crash."""
    model, history = case
    values = values_of(history)
    whole = run_in_chunks(driver_with(model, values, remembered_ids=room), (1_000_000,), history.until_ms)

    crashed = run_with_crashes(driver_with(model, values, remembered_ids=room), acts, history.until_ms)

    assert differences_of(whole, crashed) == []


@law
@given(case=cases(ticks=False), homes=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_partitions_make_no_difference_without_ticks(
    case: tuple[Model, History], homes: tuple[int, int]
) -> None:
    """In a file replayed, what becomes of a customer depends on that customer's touchpoints alone."""
    model, history = case
    whole = run_whole(model, values_of(history), history.until_ms)
    home_of = dict(zip(("c1", "c2"), homes, strict=True))
    logs: dict[int, list[bytes]] = {home: [] for home in homes}
    for value in values_of(history):
        logs[home_of[msgspec.json.decode(value)["customer_id"]]].append(value)

    parts = [run_whole(model, log, history.until_ms) for log in logs.values()]

    for part in parts:
        for customer, state in part.states.items():
            assert state == whole.states[customer]
            assert part.transitions.get(customer) == whole.transitions.get(customer)
            assert part.alerts.get(customer) == whole.alerts.get(customer)
            assert part.scores.get(customer) == whole.scores.get(customer)
    summed = {name: sum(part.totals[name] for part in parts) for name in whole.totals}
    assert summed == whole.totals


@law
@given(case=broken_logs(), acts=ACTS)
def test_every_record_ends_in_exactly_one_outcome(
    case: tuple[Model, list[bytes]], acts: list[tuple[int, str, int]]
) -> None:
    """The six outcomes add up to the records read, and a crash changes no total."""
    model, values = case

    result = run_with_crashes(driver_with(model, values), acts)

    assert lost_or_doubled(result) == []
    assert result.totals == run_whole(model, values).totals


@law
@given(case=broken_logs(), acts=ACTS)
def test_records_read_again_are_already_applied(
    case: tuple[Model, list[bytes]], acts: list[tuple[int, str, int]]
) -> None:
    """Handed over once more from the start, records change nothing and are counted apart."""
    model, values = case
    driver = driver_with(model, values)
    once = run_with_crashes(driver, acts)

    again = driver.processor.process(driver.log)

    already = once.totals["already_applied"] + len(values)
    assert differences_of(msgspec.structs.replace(once, totals=once.totals | {"already_applied": already}),
                          result_of(driver)) == []  # fmt: skip
    assert (again.moves, again.raised, again.resolved, again.emissions, again.dead_letters) == (
        0,
        0,
        0,
        0,
        [],
    )


@law
@given(case=cases(ticks=False), crash=st.booleans())
def test_a_touchpoint_sent_again_within_grace_changes_nothing(
    case: tuple[Model, History], crash: bool
) -> None:
    """The latest touchpoint of a customer, repeated, is a duplicate: before a restart and after it."""
    model, history = case
    driver = driver_with(model, values_of(history))
    once = run_in_chunks(driver, (1_000_000,))
    driver.flush()
    if crash:
        driver.crash()
    applied = [value for value in values_of(history) if _is_the_last(driver, value)]

    for value in applied:
        driver.pipe(value)

    doubled = once.totals["duplicate"] + len(applied)
    conflicting = driver.totals["conflict"]  # a record of the same instant and id that was not the first
    assert driver.totals == once.totals | {"duplicate": doubled, "conflict": conflicting}
    assert {name: driver.state(name) for name in once.states} == once.states


def _is_the_last(driver: TopologyTestDriver, value: bytes) -> bool:
    """Return whether a record of the log is what moved its live customer's clock."""
    state = driver.state(msgspec.json.decode(value)["customer_id"])
    alone = TopologyTestDriver(driver.model)
    alone.pipe(value)
    mine = alone.state(msgspec.json.decode(value)["customer_id"])
    return (
        state is not None
        and mine is not None
        and state["status"] == "live"
        and state["clock"] == mine["clock"]
    )


@law
@given(case=cases(ticks=False), steps=st.lists(st.integers(1, 20 * DAY), min_size=1, max_size=8))
def test_small_ticks_tell_what_one_large_step_tells(case: tuple[Model, History], steps: list[int]) -> None:
    """What is due is told at the same instants, however often one looks."""
    model, history = case
    values = values_of(history)
    start = max(int(step.appended_ms) for step in history.steps)
    until = min(LAST_MS, start + sum(steps))
    expected = run_whole(model, values, until)

    driver = driver_with(model, values)
    driver.run()
    for n in range(len(steps)):
        driver.tick(min(LAST_MS, start + sum(steps[:n])))
    driver.elapse(until)

    found = result_of(driver)
    assert found.states == expected.states
    assert found.transitions == expected.transitions
    assert found.alerts == expected.alerts


@law
@given(case=cases())
def test_every_change_says_why(case: tuple[Model, History]) -> None:
    """Each transition and alert names its rule, what the rule saw, and shares of at most the whole."""
    model, history = case

    result = run_whole(model, values_of(history), history.until_ms)

    assert unexplained(result) == []
