"""What a model reads of a touchpoint, through the processor: deep paths, dates, events without end."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from streams.model.compile import compile_model
from streams.model.load import load_model_text
from streams.runtime.decode import RUN, milliseconds, milliseconds_of
from streams.runtime.matching import MOST_EVENTS_CACHED, Matcher
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.random_histories import at, written
from tests.telling import reading, tell, view_of

NOON = at(2024, 3, 13, 12)
MODEL = load_model_text("""
model: decoded
version: 1
touchpoints:
  - {event: order, where: {properties.cart.country: de}, signals: {sale: properties.cart.total.gross}}
  - {event: "order*", signals: {sale: [properties.cart.total.gross, properties.total]}}
  - {event: "refund*", where: {properties.kind: full}, signals: [refund]}
  - {event: "refund*", where: {properties.total: {ge: 100}}, signals: [refund]}
frameworks:
  way:
    kind: flags
    stages:
      soon: {when: "until(trait.renewal) < 30d"}
      sold: {when: "sum(sale) > 0"}
      refunded: {when: "ever(refund)"}
""")


@pytest.mark.parametrize(
    ("properties", "total"),
    [
        ({"cart": {"country": "de", "total": {"gross": 12.5}}}, 12.5),
        ({"cart": {"country": "fr", "total": {"gross": 12.5}}, "total": 3}, 12.5),
        ({"cart": {"country": "de", "total": 7}, "total": 3}, 0.0),
        ({"cart": {"total": 7}, "total": 3}, 3.0),
        ({"cart": "full", "total": 3}, 3.0),
        ({"cart": {"country": {"de": 1}}, "total": 3}, 3.0),
        ({"total": 3}, 3.0),
        ({}, 0.0),
    ],
)
def test_a_deep_path_is_followed_as_far_as_there_are_objects(
    properties: dict[str, object], total: float
) -> None:
    """Where something else stands on the way there is nothing, and the next path or line is taken."""
    driver = TopologyTestDriver(MODEL)

    tell(driver, "order", NOON, properties=properties)

    signal = view_of(driver).signals["sale"]
    assert (signal.count, signal.sum) == (1, total)


@pytest.mark.parametrize(
    ("properties", "mapped"),
    [
        ({"kind": "full", "total": 5}, True),
        ({"kind": "part", "total": 100}, True),
        ({"kind": "part", "total": 99}, False),
        ({}, False),
    ],
)
def test_an_event_that_passes_no_line_of_its_name_is_unmapped(
    properties: dict[str, object], mapped: bool
) -> None:
    """It counts as activity, and as unmapped; each line is tried in its turn."""
    driver = TopologyTestDriver(MODEL)

    assert tell(driver, "refund", NOON, properties=properties) == "applied"

    assert ("refund" in view_of(driver).signals) == mapped
    assert view_of(driver).signals["activity"].count == 1
    assert driver.totals["unmapped"] == (not mapped)


def test_the_line_of_a_touchpoint_does_not_depend_on_those_beside_it() -> None:
    """Looked at together they get the lines that they get one by one, with and without the section."""
    matcher = Matcher(compile_model(MODEL))
    told = [
        ("refund", {"total": 100}),
        ("order", {"cart": {"country": "de"}}),
        ("refund 2", None),
        ("refund", {"total": 99}),
        ("visit", None),
        ("refund", {"kind": "full", "total": 100}),
        ("order", None),
        ("order 2", {"cart": {"country": "de"}}),
        ("refund 2", {"total": True}),
    ]
    fields = [
        matcher.decoder.decode(
            msgspec.json.encode(
                {"message_id": "m", "event": event, "timestamp": written(NOON), "properties": properties}
            )
        )
        for event, properties in told
    ]

    together = matcher.entries_of(fields, [each.event for each in fields]).tolist()

    assert together == [3, 0, -1, -1, -1, 2, 1, 1, -1]
    assert together == [int(matcher.entries_of([each], [each.event])[0]) for each in fields]


MOMENT = datetime(2026, 1, 31, 12, 0, 0, 999_999, UTC)
WHOLE = MOMENT.replace(microsecond=0)
EARLY, FAR = datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "beside",
    [
        [],
        [WHOLE],
        [WHOLE] * RUN,
        [datetime(1970, 1, 1, tzinfo=UTC), datetime(2514, 5, 30, 1, 53, 3, 999_000, UTC)],
        [MOMENT.astimezone(timezone(timedelta(hours=-3, minutes=-30)))],
        [EARLY],
        [FAR],
        [FAR] * 4 + [WHOLE] * 5,  # together they take as many bytes as nine others
    ],
)
@pytest.mark.parametrize("count", [0, 1, RUN - 9, RUN, 3 * RUN])
def test_many_instants_become_the_numbers_that_each_becomes_alone(beside: list[datetime], count: int) -> None:
    """Whole seconds, offsets, and instants outside the years that pack well change nothing beside them."""
    moments = [*beside, *(MOMENT + timedelta(microseconds=333 * step) for step in range(count))]

    assert milliseconds_of(moments).tolist() == [milliseconds(moment) for moment in moments]


def until_renewal(driver: TopologyTestDriver) -> object:
    """Return what the date trait of c1 reads."""
    return reading(driver, "until(trait.renewal)")


@pytest.mark.parametrize(
    ("renewal", "until"),
    [
        ("2024-03-14", float(12 * HOUR)),
        ("2024-03-14T00:00:00Z", float(12 * HOUR)),
        ("2024-03-14T01:00:00+01:00", float(12 * HOUR)),
        ("2024-03-12", float(-36 * HOUR)),
        ("9999-12-31", float(at(9999, 12, 31) - NOON)),
        ("2024-02-30", None),
        ("2024-13-01", None),
        ("2024-03", None),
        ("20240314T000000Z", None),
        ("in a fortnight", None),
        (1_710_374_400_000, None),
        ("2024-03-14T00:00:00", None),
        (True, None),
    ],
)
def test_a_date_trait_is_a_date_or_an_instant_with_an_offset(renewal: object, until: float | None) -> None:
    """A date is its UTC midnight; what is no date is none, and takes the place of the one before."""
    driver = TopologyTestDriver(MODEL)
    tell(driver, "visit", NOON, traits={"renewal": "2024-03-20"})

    tell(driver, "visit", NOON, traits={"renewal": renewal})

    assert until_renewal(driver) == until


def test_a_trait_that_is_not_told_stays() -> None:
    """Null and objects say nothing."""
    driver = TopologyTestDriver(MODEL)
    tell(driver, "visit", NOON, traits={"renewal": "2024-03-14"})

    tell(driver, "visit", NOON, traits={"renewal": None})
    tell(driver, "visit", NOON, traits={"renewal": {"date": "2024-03-20"}})
    tell(driver, "visit", NOON, traits={})
    tell(driver, "visit", NOON)

    assert until_renewal(driver) == float(12 * HOUR)


def test_more_events_than_are_cached_are_still_told_apart() -> None:
    """Names without end, as of a tracker that puts ids into them, hide no line of the map."""
    driver = TopologyTestDriver(MODEL)
    tell(driver, "bye", NOON, kind="delete")
    record = {"customer_id": "c1", "timestamp": written(NOON - DAY)}
    for number in range(MOST_EVENTS_CACHED):
        driver.append(msgspec.json.encode(record | {"message_id": "m", "event": f"view {number}"}))
    driver.run()

    for event in ("order 1", "order 2", "view 0", "refund 1", "order 1"):
        tell(driver, event, NOON + DAY, properties={"total": 2})
    tell(driver, "refund 2", NOON + DAY, properties={"kind": "full"})

    assert driver.totals["suppressed"] == MOST_EVENTS_CACHED
    assert (view_of(driver).signals["sale"].count, view_of(driver).signals["sale"].sum) == (3, 6.0)
    assert view_of(driver).signals["refund"].count == 1
    assert driver.totals["unmapped"] == 2
