"""Customers found by id, stage and score: the same as by looking at every one of them."""

from bisect import bisect

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.pages import CustomerLine
from streams.runtime import search
from streams.runtime.search import CustomerQuery, Found, IdOrder, UnknownName
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.runtime.shop import NOON, driver_of
from tests.telling import tell

DECISIONS = """
frameworks:
  way:
    kind: ladder
    stages: {low: {}, top: {when: "since(purchase) < 7d"}}
  habits:
    kind: flags
    stages: {visitor: {when: "ever(visit)"}, giver: {when: "ever(given)"}}
levels:
  rank: {bronze: {when: "count(visit) >= 1"}, silver: {when: "count(visit) >= 2"}}
"""
LEVELS = ["bronze", "silver"]
# Ids between which prefixes and pages are cut: of one another, with signs, beyond ASCII and the first plane.
IDS = ["a", "a/b", "a0", "aa", "aaa", "ab", "b", "B", "z", "ä", "äb", "é", "日本", "\U0001f600", "\U0010ffff"]


def found_by(driver: TopologyTestDriver, query: CustomerQuery, order: IdOrder | None = None) -> Found:
    """Return one page."""
    processor = driver.processor
    return search.find(processor.customer_lane, order or IdOrder(), query, processor.now_ms)


def every_page(driver: TopologyTestDriver, query: CustomerQuery) -> list[CustomerLine]:
    """Return what all pages have, one after the other."""
    order, lines = IdOrder(), list[CustomerLine]()
    while True:
        page = found_by(driver, query, order)
        assert len(page.customers) <= query.limit
        lines += page.customers
        if page.last is None:
            return lines
        assert query.after is None or page.last > query.after
        query = replace(query, after=page.last)


def looked_at_one_by_one(driver: TopologyTestDriver, query: CustomerQuery) -> list[str]:
    """Return the ids of those who match, by what a reader sees of each customer."""
    found = []
    for name in sorted(driver.processor.customers()):
        line = found_by(driver, CustomerQuery(prefix=name, limit=1)).customers[0]
        value = line.scores.get(query.score or "")
        is_wanted = query.score is None or (
            value is not None
            and (query.low is None or value >= query.low)
            and (query.high is None or value <= query.high)
        )
        is_there = query.framework is None or query.stage in standing(line, query.framework)
        if name.startswith(query.prefix) and name > (query.after or "") and is_wanted and is_there:
            found.append(name)
    return found


def standing(line: CustomerLine, framework: str) -> list[str | None]:
    """Return where a customer is: its one stage, the flags that it holds, or its level and those below."""
    if framework == "rank":
        level = line.levels["rank"]
        return [] if level is None else [*LEVELS[: LEVELS.index(level) + 1]]
    stage = line.stages[framework]
    return [*stage] if isinstance(stage, list) else [stage]


@pytest.fixture(scope="module")
def driver() -> TopologyTestDriver:
    """Customers who did different things; one was deleted, one of those came back."""
    made = driver_of(DECISIONS)
    for number, name in enumerate(IDS):
        for event in ("visit", "buy", "ask", "gift", "buy")[number % 3 : number % 5 + 1] or ("visit",):
            tell(made, event, NOON + number * HOUR, customer=name, properties={"score": number % 11})
    tell(made, "bye", NOON + DAY, customer="aa", kind="delete")
    tell(made, "bye", NOON + DAY, customer="b", kind="delete")
    tell(made, "visit", NOON + DAY + HOUR, customer="b")
    made.elapse(NOON + 2 * DAY)
    return made


PLACES = [("way", "low"), ("way", "top"), ("habits", "visitor"), ("habits", "giver"), ("rank", "bronze")]
BOUNDS = st.none() | st.sampled_from([0.0, 10.0, 50.0, 70.0, 100.0]) | st.floats(0, 100)


@st.composite
def queries(draw: st.DrawFn) -> CustomerQuery:
    framework, stage = draw(st.sampled_from([(None, None), *PLACES]))
    prefix = draw(st.sampled_from(["", *IDS, "A", "nobody"]))
    after = draw(st.none() | st.sampled_from([*IDS, "", "aa ", "zz"]))
    score = draw(st.sampled_from([None, "engagement", "mood"]))
    low, high = (draw(BOUNDS), draw(BOUNDS)) if score else (None, None)
    return CustomerQuery(
        prefix=prefix,
        framework=framework,
        stage=stage,
        score=score,
        low=low,
        high=high,
        after=after,
        limit=draw(st.integers(1, 6)),
    )


@given(query=queries(), stretch=st.sampled_from([1, 2, 5, search.STRETCH]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_pages_together_are_those_who_match(
    driver: TopologyTestDriver, query: CustomerQuery, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of their ids, each once, however long pages and the stretches looked at are."""
    monkeypatch.setattr(search, "STRETCH", stretch)

    found = [line.customer_id for line in every_page(driver, query)]

    monkeypatch.undo()
    assert found == looked_at_one_by_one(driver, query)


def test_a_line_is_what_a_reader_sees(driver: TopologyTestDriver) -> None:
    """Scores, levels and stages as of the newest instant that is known."""
    for line in every_page(driver, CustomerQuery(limit=1)):
        view = driver.processor.customer(line.customer_id)

        assert view is not None
        assert (line.scores, line.levels, line.stages) == (view.scores, view.levels, view.stages)
        assert line.as_of == view.as_of


def test_nobody_is_found_where_nobody_is() -> None:
    """Neither in an empty table nor behind the last id."""
    assert found_by(driver_of(DECISIONS), CustomerQuery()) == Found([], None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (CustomerQuery(framework="road", stage="top"), "no framework 'road'; there are: way, habits"),
        (CustomerQuery(framework="way", stage="giver"), "no stage 'giver'; there are: low, top"),
        (CustomerQuery(score="x"), "no score 'x'; there are: engagement, mood"),
    ],
)
def test_an_unknown_name_is_refused(driver: TopologyTestDriver, query: CustomerQuery, said: str) -> None:
    """With those that there are; nothing is guessed."""
    with pytest.raises(UnknownName, match=said):
        found_by(driver, query)


def test_where_a_model_has_no_scores_it_says_so() -> None:
    """No list of none."""
    bare = driver_of("", of="model: bare\nversion: 1\ntouchpoints: [{event: visit, signals: [visit]}]\n")

    with pytest.raises(UnknownName, match="there are: none"):
        found_by(bare, CustomerQuery(score="x"))


@given(parts=st.lists(st.lists(st.integers(0, 9_999), max_size=40), max_size=6))
@settings(max_examples=30)
def test_the_order_keeps_up_with_the_table(parts: list[list[int]]) -> None:
    """Few new ids among many, many among few, and none: always all of them in their order."""
    driver, order = driver_of(DECISIONS), IdOrder()
    index = driver.processor.customer_lane.table
    for part in parts:
        index.rows_of([f"c{number}" for number in part])
        order.keep_up(driver.processor.customer_lane)

        assert order.ids == sorted(
            f"c{number}" for number in {n for some in parts for n in some} if f"c{number}" in index.index
        )


def test_one_new_id_is_put_into_its_place_among_many() -> None:
    """Without sorting all of them anew."""
    driver, order = driver_of(DECISIONS), IdOrder()
    lane = driver.processor.customer_lane
    lane.table.rows_of([f"c{number:05}" for number in range(search.FEW_SHARE + 2)])
    order.keep_up(lane)
    lane.table.rows_of(["c00500x"])

    order.keep_up(lane)

    assert order.ids == sorted(order.ids)
    assert order.ids[bisect(order.ids, "c00500")] == "c00500x"
    assert len(order.ids) == search.FEW_SHARE + 3
