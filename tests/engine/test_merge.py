"""Two halves of a life, merged, are the whole life: for every kind of field that merges."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.engine.merge import merge_rows
from streams.engine.table import Table
from streams.testing import TopologyTestDriver
from tests.engine.lives import NOON, small_model
from tests.nodes import DAY
from tests.properties.order_free import far_apart, order_free_counts, order_free_sums, within_grace
from tests.properties.runs import driver_with
from tests.random_histories import written
from tests.telling import tell


def renamed(value: bytes, customer: str) -> bytes:
    """Return a touchpoint under another customer."""
    return msgspec.json.encode(msgspec.json.decode(value) | {"customer_id": customer})


def table_of(driver: TopologyTestDriver) -> Table:
    """Return the table of customers."""
    return next(iter(driver.processor.lanes.values())).table


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_two_halves_merged_are_the_whole(data: st.DataObject) -> None:
    """Whichever touchpoints the other row had: whole numbers are equal, sums within 1e-9."""
    model, values = data.draw(within_grace())
    entries = tuple(msgspec.structs.replace(entry, daily_cap=None) for entry in model.touchpoints)
    model = msgspec.structs.replace(model, touchpoints=entries)
    moved = data.draw(st.lists(st.booleans(), min_size=len(values) - 1, max_size=len(values) - 1))
    halves = [
        renamed(each, "c2" if away else "c1") for each, away in zip(values, [False, *moved], strict=True)
    ]
    whole, split = driver_with(model, values), driver_with(model, halves)
    whole.run()
    split.run()
    table = table_of(split)

    if "c2" in table.index:
        merge_rows(table, table.index["c1"], table.index["c2"])

    assert order_free_counts(split) == order_free_counts(whole)
    assert far_apart(order_free_sums(split), order_free_sums(whole)) == []
    assert answers_of(split) == answers_of(whole)


def answers_of(driver: TopologyTestDriver) -> object:
    """Return the latest answers of c1."""
    state = driver.state("c1")
    assert state is not None
    return state["answers"]


def lives_apart(*instants: int) -> TopologyTestDriver:
    """Return a driver in which c1, c2, … each bought at one instant."""
    driver = TopologyTestDriver(small_model(touchpoints=small_model().touchpoints[:2]))
    for n, instant in enumerate(instants, start=1):
        record = {"message_id": "m", "customer_id": f"c{n}", "event": "visit", "timestamp": written(instant)}
        driver.pipe(record)
    return driver


@pytest.mark.parametrize("apart", [0, 1, 30, 31, 300, 3000])
def test_lives_far_apart_keep_their_days_and_the_newer_clock(apart: int) -> None:
    """Of one day it is one day, of two it is two, however far they are from each other."""
    driver = lives_apart(NOON + apart * DAY, NOON)

    merge_rows(table_of(driver), 1, 2)

    state = driver.state("c1")
    assert state is not None
    assert state["signals"]["visit"] == {  # type: ignore[index]
        "count": 2,
        "days": 1 if apart == 0 else 2,
        "sum": 2.0,
        "first": NOON,
        "last": NOON + apart * DAY,
    }
    assert (state["clock"], state["first"]) == (NOON + apart * DAY, NOON)
    assert state["dimensions"] == {"attention": pytest.approx(100 * (1 - 2.0 ** -(1 + 2.0**-apart)))}


def test_what_is_not_merged_stays_the_survivors() -> None:
    """Its number of outputs, its incarnation; and the row counts as changed, so that a flush has it."""
    driver = lives_apart(NOON, NOON + DAY)
    driver.flush()
    before = driver.state("c1")

    merge_rows(table_of(driver), 1, 2)

    after = driver.state("c1")
    assert before is not None
    assert after is not None
    for name in ("sequence", "incarnation", "sent", "sent_at", "rhythm", "stages", "alerts", "follows"):
        assert after[name] == before[name]
    driver.flush()
    driver.crash()
    assert driver.state("c1") == after


@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 0), (0, 1)])
def test_only_two_live_rows_are_merged(a: int, b: int) -> None:
    """A row with itself would double it; the blank row belongs to nobody."""
    driver = lives_apart(NOON, NOON)
    before = driver.state("c1")

    with pytest.raises(ValueError, match="two different live rows"):
        merge_rows(table_of(driver), a, b)

    assert driver.state("c1") == before


CAPPED = small_model(touchpoints=small_model().touchpoints[3:4])


@pytest.mark.parametrize(
    ("ours", "theirs", "left"),
    [
        ((), (NOON,), 1),
        ((NOON,), (), 1),
        ((NOON,), (NOON,), 0),
        ((NOON, NOON), (NOON, NOON), 0),
        ((NOON,), (NOON - DAY,), 1),
        ((NOON - DAY,), (NOON,), 1),
        ((NOON - 3 * DAY,), (NOON,), 1),
        ((NOON,), (NOON - 3 * DAY,), 1),
    ],
)
def test_a_daily_cap_counts_what_both_did_on_a_day(
    ours: tuple[int, ...], theirs: tuple[int, ...], left: int
) -> None:
    """Of two a day so many still give points to the merged customer; other days take nothing away."""
    driver = TopologyTestDriver(CAPPED)
    for customer, instants in (("c1", ours), ("c2", theirs)):
        for instant in instants:
            assert tell(driver, "capped", instant, customer=customer) == "applied"
        tell(driver, "other", NOON, customer=customer)
    merge_rows(table_of(driver), 1, 2)

    given_ = []
    for _ in range(3):
        before = driver.state("c1")
        tell(driver, "capped", NOON)
        after = driver.state("c1")
        assert before is not None
        assert after is not None
        given_.append(after["dimensions"] != before["dimensions"])

    assert given_ == [True] * left + [False] * (3 - left)


@pytest.mark.parametrize(
    ("ours", "theirs", "plan"),
    [
        ((NOON, "mine"), (NOON + 1, "yours"), "yours"),
        ((NOON, "mine"), (NOON, "yours"), "mine"),
        ((NOON + 1, "mine"), (NOON, "yours"), "mine"),
        (None, (NOON, "yours"), "yours"),
        ((NOON, "mine"), None, "mine"),
    ],
)
def test_of_two_traits_the_later_counts(
    ours: tuple[int, str] | None, theirs: tuple[int, str] | None, plan: str
) -> None:
    """Of equal instants the survivor's; one that only the other has is taken over."""
    driver = TopologyTestDriver(small_model(touchpoints=(), segments=("plan",)))
    for customer, trait in (("c1", ours), ("c2", theirs)):
        tell(driver, "hello", NOON, customer=customer)
        if trait is not None:
            tell(driver, "settings", trait[0], customer=customer, traits={"plan": trait[1]})
    tell(driver, "bye", NOON + 1, customer="c3", traits={"plan": plan})

    merge_rows(table_of(driver), 1, 2)
    tell(driver, "bye", NOON + 2, customer="c2", kind="delete")

    assert driver.processor.kpis().segments["plan"].keys() == {plan}
