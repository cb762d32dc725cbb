"""What flowed on a day: channels, sources and types; and that it comes back from flushes, older ones too."""

import zlib

import msgspec
import pytest

from streams.runtime.flows import DAYS_KEPT, MOST_SOURCES
from streams.runtime.flush import Body
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.runtime.shop import MAP, NOON, driver_of
from tests.telling import tell

DECISIONS = 'alerts: {unhappy: {kind: state, when: "answer(nps) <= 6", cooldown: 1d}}'


@pytest.fixture
def driver() -> TopologyTestDriver:
    """Two days on which touchpoints came in different ways."""
    made = driver_of(DECISIONS)
    tell(made, "visit", NOON - DAY, channel="email", source="crm")
    tell(made, "visit", NOON, channel="web", source="crm")
    tell(made, "buy", NOON, channel="store", source="pos")
    tell(made, "buy", NOON, channel="store")
    tell(made, "gift", NOON, source="")
    tell(made, "ask", NOON, properties={"score": 2})
    tell(made, "ask", NOON + 1, properties={"score": 9})
    tell(made, "unheard of", NOON)
    return made


def counted(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def test_touchpoints_are_counted_by_channel_source_and_type(driver: TopologyTestDriver) -> None:
    """Those of today; without a source they stand under "", without a type too."""
    found = driver.processor.kpis()

    assert counted(found.channels) == {"web": 1, "store": 2, "other": 4}
    assert counted(found.sources) == {"crm": 1, "pos": 1, "": 5}
    assert counted(found.types) == {"cognitive": 1, "transactional": 2, "": 4}


def test_a_repeated_touchpoint_and_a_deletion_are_no_flow(driver: TopologyTestDriver) -> None:
    """Neither in channels nor in sources, whatever they say."""
    before = driver.processor.kpis()
    tell(driver, "visit", NOON, channel="web", source="new", message="m1")
    tell(driver, "visit", NOON, channel="web", source="new", kind="delete", customer="c2")

    found = driver.processor.kpis()

    assert (found.channels, found.sources) == (before.channels, before.sources)


def test_alerts_resolved_are_counted(driver: TopologyTestDriver) -> None:
    """On the day on which they are."""
    found = driver.processor.kpis()

    assert (found.alerts_raised, found.alerts_resolved) == ({"unhappy": 1}, {"unhappy": 1})


def test_lines_of_the_map_are_counted_over_all_days_that_are_kept(driver: TopologyTestDriver) -> None:
    """A line each, and the last are those of no line; a day is forgotten when another takes its place."""
    assert driver.processor.kpis().entries == [2, 2, 1, 2, 1]

    tell(driver, "gift", NOON + (DAYS_KEPT - 1) * DAY)

    assert driver.processor.kpis().entries == [2, 1, 2, 2, 1]


@pytest.mark.parametrize("more", [0, 1, 20])
def test_of_very_many_sources_the_last_are_counted_together(more: int) -> None:
    """As many as there is room for have their own number, whoever comes later is among the others."""
    driver = driver_of("")
    own = MOST_SOURCES - 1
    for number in range(own + more):
        tell(driver, "visit", NOON + number, source=f"s{number}")
    tell(driver, "visit", NOON + HOUR, source="s0")

    found = driver.processor.kpis().sources

    expected = {f"s{number}": 1 for number in range(own)} | {"s0": 2} | ({"other": more} if more else {})
    assert found == expected


@pytest.mark.parametrize("source", [{}, [], ["crm"], 7, None, True])
def test_a_source_that_is_no_text_is_none(source: object) -> None:
    """Whoever writes to the topic may send anything; the touchpoint counts as one without a source."""
    driver = driver_of("")

    tell(driver, "visit", NOON, source=source)

    found = driver.processor.kpis()
    assert (found.sources, found.outcomes["applied"]) == ({"": 1}, 1)


def test_of_very_many_sources_few_texts_are_kept() -> None:
    """A tracker that sends an address as its source must not crowd out the texts of traits."""
    driver = driver_of("")

    for number in range(500):
        tell(driver, "visit", NOON + number, source=f"s{number}")

    assert len(driver.processor.customer_lane.texts) == MOST_SOURCES - 1


def test_what_flowed_comes_back_after_a_crash(driver: TopologyTestDriver) -> None:
    """Names of sources included; and it is counted on."""
    before = driver.processor.kpis()
    driver.flush()

    driver.crash()

    assert driver.processor.kpis() == before
    tell(driver, "buy", NOON, source="pos")
    assert driver.processor.kpis().sources["pos"] == 2


def test_a_flush_of_the_older_shape_is_taken_in(driver: TopologyTestDriver) -> None:
    """It knows nothing of channels, sources and resolved alerts: they begin anew, the rest is kept."""
    before = driver.processor.kpis()
    driver.flush()
    driver.flushes = [of_the_older_shape(driver, driver.flushes[0])]

    driver.crash()

    found = driver.processor.kpis()
    assert (found.entries, found.signals, found.types) == (before.entries, before.signals, before.types)
    assert (found.transitions, found.alerts_raised) == (before.transitions, before.alerts_raised)
    assert counted(found.channels | found.sources | found.alerts_resolved) == {}
    tell(driver, "buy", NOON, source="pos", channel="web")
    assert (driver.processor.kpis().sources, driver.processor.kpis().channels["web"]) == ({"pos": 1}, 1)


def of_the_older_shape(driver: TopologyTestDriver, flush: bytes) -> bytes:
    """Write a flush as the version did that counted four things a day."""
    body = msgspec.msgpack.decode(flush, type=Body)
    flows = driver.processor.customer_lane.flows
    panes = flows.touchpoints, flows.amounts, flows.moves, flows.raised
    days = [slot for slot in range(DAYS_KEPT) if flows.written[slot]]
    lane = body.lanes[0]
    lane.flows = zlib.compress(b"".join(each[days].tobytes() for each in panes))
    lane.flow_shape = " ".join(str(each.shape[1:]) for each in panes) + " " + flows.meaning
    return msgspec.msgpack.encode(body)


def test_flows_of_another_model_are_not_taken_for_this_ones(driver: TopologyTestDriver) -> None:
    """A line more in the map: counts by line would be of other lines."""
    driver.flush()
    other = driver_of(DECISIONS, of=MAP.replace("  - {event: gift", "  - {event: call}\n  - {event: gift"))

    other.flushes = driver.flushes
    other.crash()

    assert other.processor.kpis().entries == [0] * 6
    assert other.processor.kpis().customers == 1
